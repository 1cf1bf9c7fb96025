"""Make samples/ from the collection of real data: two recordings and a focal stack, small enough to travel with the source.

    python tools/make_samples.py --data ../shared/data -o samples

The same data give the same bytes. What is made, from what, and under which licence stands in samples/README.md.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from auxfocus_ros.errors import AuxfocusError, InputError
from auxfocus_ros.optics.camera import CameraModel
from auxfocus_ros.optics.rigid import RigidTransform
from auxfocus_ros.rig.frame import structured_points
from auxfocus_ros.rig.pcd import load_pcd
from auxfocus_ros.rig.recording_writer import RecordingWriter
from auxfocus_ros.rig.rig_file import camera_from_values

CAMERA_FRAME, LIDAR_FRAME, MAP_FRAME = "camera_optical_frame", "lidar", "map"
# The start of the first scan, from its points' own times.
ROAD_START_NS, ROAD_STEP_NS = 1_678_066_887_700_000_000, 500_000_000
ROOM_START_NS, ROOM_STEP_NS = 1_600_000_000_000_000_000, 500_000_000
ROAD_SIZE = (1920, 1200)
ROOM_CAMERA = CameraModel(640, 480, 518.0, 519.0, 325.5, 253.5)
LIMIT_BYTES = 15_000_000


def make_road(data: Path, output: Path) -> None:
    """The two road scenes as one recording."""
    with RecordingWriter(output) as writer:
        for index, scene in enumerate(("1", "2")):
            folder = data / "rgb_lidar_road" / scene
            camera, extrinsics = read_calibration(folder / "calib.txt")
            stamp_ns = ROAD_START_NS + index * ROAD_STEP_NS
            if index == 0:
                writer.add_transform(stamp_ns, CAMERA_FRAME, LIDAR_FRAME, extrinsics, static=True)
            scan, _ = load_pcd(folder / "calib.pcd")
            points = structured_points(
                np.column_stack([scan["x"], scan["y"], scan["z"]]),
                intensity=scan["intensity"],
                ring=scan["ring"],
                time=(scan["timestamp"] - scan["timestamp"].min()).astype(np.float32),
            )
            writer.add_points(stamp_ns, LIDAR_FRAME, points)
            writer.add_camera(stamp_ns, CAMERA_FRAME, camera)
            writer.add_compressed(stamp_ns, CAMERA_FRAME, (folder / "calib.jpg").read_bytes())
    shutil.copyfile(data / "rgb_lidar_road" / "LICENSE", output / "LICENSE")


def read_calibration(path: Path) -> tuple[CameraModel, RigidTransform]:
    """OpenCalib's text file: K in rows, D = k1 k2 p1 p2 (OpenCV's order; no k3), T = camera from lidar in three rows."""
    entries = {line.split(":")[0].strip(): [float(value) for value in line.split(":")[1].split()] for line in open_lines(path)}
    try:
        camera = camera_from_values(*ROAD_SIZE, entries["K"], entries["D"], "plumb_bob")
        return camera, RigidTransform.from_matrix(np.array(entries["T"]).reshape(3, 4))
    except (KeyError, ValueError) as error:
        raise InputError(f"{path}: wanted the lines K: (9 numbers), D: (4) and T: (12)") from error


def open_lines(path: Path) -> list[str]:
    """The lines of a text file that say something."""
    return [line for line in path.read_text(encoding="utf-8").splitlines() if ":" in line]


def make_room(data: Path, output: Path) -> None:
    """The five frames of the room as a recording."""
    import cv2

    folder = data / "rgbd_room"
    poses = np.loadtxt(folder / "pose.txt")
    with RecordingWriter(output) as writer:
        for index, (x, y, z, *quaternion) in enumerate(poses):
            stamp_ns = ROOM_START_NS + index * ROOM_STEP_NS
            depth = cv2.imread(str(folder / "depth" / f"{index + 1}.pgm"), cv2.IMREAD_UNCHANGED)
            if depth is None or depth.dtype != np.uint16:
                raise InputError(f"{folder}/depth/{index + 1}.pgm is not a 16-bit depth image")
            length = float(np.linalg.norm(quaternion))
            qx, qy, qz, qw = (float(value) / length for value in quaternion)
            pose = RigidTransform.from_quaternion(qx, qy, qz, qw, [x, y, z])
            writer.add_transform(stamp_ns, MAP_FRAME, CAMERA_FRAME, pose, static=False)
            writer.add_camera(stamp_ns, CAMERA_FRAME, ROOM_CAMERA)
            writer.add_depth(stamp_ns, CAMERA_FRAME, depth)
            writer.add_compressed(stamp_ns, CAMERA_FRAME, (folder / "color" / f"{index + 1}.png").read_bytes(), "png")
    shutil.copyfile(folder / "LICENSE", output / "LICENSE")


def make_stack(data: Path, output: Path) -> None:
    """The circuit board's photographs as they are."""
    folder = data / "stack_circuit_board"
    output.mkdir()
    for picture in sorted(folder.glob("*.jpg")):
        shutil.copyfile(picture, output / picture.name)
    shutil.copyfile(folder / "LICENSE.md", output / "LICENSE.md")
    (output / "stack.yaml").write_text(
        "# Only the order of the lens positions is known: the first photograph is focused nearest.\n"
        "images: pcb_*.jpg\norder: near_to_far\nlens: bench_25mm\nrate_hz: 10\n",
        encoding="utf-8",
    )


def main() -> int:
    """The command; see the module's text."""
    parser = argparse.ArgumentParser(description="Make samples/ from the collection of real data.")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="the collection (default: %(default)s)")
    parser.add_argument("-o", "--output", type=Path, default=Path("samples"), help="the folder to make (default: %(default)s)")
    arguments = parser.parse_args()
    output: Path = arguments.output
    try:
        if not arguments.data.is_dir():
            raise InputError(f"there is no folder {arguments.data}: name the collection of real data with --data")
        output.mkdir(parents=True, exist_ok=True)
        for name, make in (("rgb_lidar_road", make_road), ("rgbd_room", make_room), ("stack_circuit_board", make_stack)):
            shutil.rmtree(output / name, ignore_errors=True)
            make(arguments.data, output / name)
            size = sum(path.stat().st_size for path in (output / name).rglob("*") if path.is_file())
            print(f"{output / name}: {size / 1e6:.1f} MB")
        total = sum(path.stat().st_size for path in output.rglob("*") if path.is_file())
        if total > LIMIT_BYTES:
            raise InputError(f"{output} is {total / 1e6:.1f} MB: at most {LIMIT_BYTES / 1e6:.0f} MB may be bundled")
    except (AuxfocusError, OSError) as error:
        print(f"make_samples: {error}", file=sys.stderr)
        return 2
    print(f"{output}: {total / 1e6:.1f} MB in all")
    return 0


if __name__ == "__main__":
    sys.exit(main())
