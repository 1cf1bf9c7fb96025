"""`auxfocus distribution`: the auxiliary focus image of one picture with its cloud or depth image, offline."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from auxfocus_ros.errors import ConfigurationError, InputError

WRITABLE = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp")
BEGINNINGS = {
    ".png": (b"\x89PNG",),
    ".jpg": (b"\xff\xd8",),
    ".jpeg": (b"\xff\xd8",),
    ".bmp": (b"BM",),
    ".tif": (b"II", b"MM"),
    ".tiff": (b"II", b"MM"),
    ".webp": (b"RIFF",),
    ".npy": (b"\x93NUMPY",),
}
"""What files of each kind begin with."""
EXAMPLES = """examples:
  auxfocus distribution photo.png --depth depth.png --rig my_rig.yaml --focus-distance 2.4 -o focus.png
  auxfocus distribution photo.jpg --points scan.pcd --rig road_64 --lens field_50mm --focus-distance 25 -o focus.jpg --json
  auxfocus distribution samples/rgbd_room --frame 2 --focus-distance 1.5 --layout inset --association letters -o focus.png
  auxfocus distribution samples/rgb_lidar_road --focus-distance inf --lens field_50mm --projection horizontal --direction right
                        --across metres -o focus.png --counts counts.npy

IMAGE may be a recording (rosbag2, ROS 1 bag, a folder with a folder.yaml): --frame says which of its frames, and what the
recording says of its depth and its rig is taken. --counts writes the counts as an array (bins, columns) of uint32, row 0 the
nearest bin. With --json everything that was worked out is printed; there null stands for infinity and for what does not exist.
"""


def add_parser(subparsers: Any, line: str) -> None:
    """Declare the command."""
    from auxfocus_ros.commands.option_flags import add_option_flags
    from auxfocus_ros.view import DistributionOptions, ViewOptions

    parser = subparsers.add_parser(
        "distribution", help=line, description=line, epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("image", type=Path, metavar="IMAGE", help="a picture of any kind that OpenCV reads, or a recording")
    depth = parser.add_mutually_exclusive_group()
    depth.add_argument("--points", type=Path, metavar="FILE", help="its cloud: .pcd, .bin (KITTI) or .npy, metres")
    depth.add_argument(
        "--depth",
        type=Path,
        metavar="FILE",
        help="its depth image: 16-bit PNG, PGM or TIFF in the rig's unit (else millimetres), float TIFF, PFM or .npy in metres",
    )
    add("--rig", metavar="RIG", help="intrinsics and extrinsics: a shipped rig's name or a rig file")
    add("--frame", type=int, metavar="N", help="of a recording, from 0 (default: 0)")
    add("--lens", help="lens file: a shipped name or a path (default: the rig's, else bench_25mm)")
    focus = parser.add_mutually_exclusive_group(required=True)
    focus.add_argument("--focus-distance", type=float, metavar="M", help="what the lens is focused at, metres; inf: infinity")
    focus.add_argument("--focus-position", type=float, metavar="STEPS", help="where the glass stands, motor steps")
    add("-o", "--output", type=Path, required=True, metavar="PICTURE", help="the image to make: .png, .jpg, .tif, .bmp or .webp")
    add("--counts", type=Path, metavar="FILE.npy", help="write the counts as an array, too")
    add("--json", action="store_true", help="print axis, focus, counts and objects as JSON")
    add_target_flags(parser.add_argument_group("target of interest"))
    add_option_flags(parser, DistributionOptions, "axis, field of view and objects", skip=("hold_s",))
    add_option_flags(parser, ViewOptions, "what the image looks like")
    parser.set_defaults(run=run)


def add_target_flags(group: Any) -> None:
    """Flags that say what to look for in the picture, and what to select."""
    add = group.add_argument
    add("--faces", action="store_true", help="look for faces (OpenCV's cascade)")
    add("--people", action="store_true", help="look for people (OpenCV's HOG)")
    add("--onnx", default="", metavar="FILE.onnx", help="look for what this detector finds")
    add("--onnx-labels", default="", metavar="FILE", help="names of the detector's classes, one a line")
    add("--onnx-size", type=int, nargs=2, metavar=("W", "H"), help="of the picture that it takes, pixels (default: 640 640)")
    add("--detector-threshold", type=float, metavar="X", help="least confidence of what is found, 0 to 1 (default: 0.4)")
    target = group.add_mutually_exclusive_group()
    target.add_argument("--select-point", type=float, nargs=2, metavar=("X", "Y"), help="what is at this pixel of the picture")
    target.add_argument(
        "--select-box", type=float, nargs=4, metavar=("LEFT", "TOP", "WIDTH", "HEIGHT"), help="what is in this box, pixels"
    )
    target.add_argument("--select-id", type=int, metavar="ID", help="the object with this id, as --json lists them")
    target.add_argument("--select-automatic", action="store_true", help="let the command choose")
    target.add_argument("--select-whole-frame", action="store_true", help="all that the picture shows")


def run(arguments: argparse.Namespace) -> int:
    """Make the image, and say what is in it."""
    import numpy as np

    from auxfocus_ros.commands.option_flags import options_from
    from auxfocus_ros.commands.still_input import load_lens_of, read_focus, read_still
    from auxfocus_ros.commands.still_report import describe, show
    from auxfocus_ros.rig import RigDescription, load_rig
    from auxfocus_ros.view import AuxFocusPipeline, DistributionOptions, PipelineOptions, ViewOptions

    options = PipelineOptions(options_from(arguments, ViewOptions), options_from(arguments, DistributionOptions))
    inputs = [path for path in (arguments.image, arguments.points, arguments.depth) if path is not None]
    check_output(arguments.output, "--output", WRITABLE, inputs)
    if arguments.counts is not None:
        check_output(arguments.counts, "--counts", (".npy",), inputs)
    rig = load_rig(arguments.rig) if arguments.rig else RigDescription()
    lens = load_lens_of(arguments, rig)
    focus, position = read_focus(arguments, lens)
    if np.isnan(position):
        nearest_m, farthest_m = lens.focus_range_m()
        note(f"the motor of lens '{lens.name}' reaches {nearest_m:.4g} m to {farthest_m:.4g} m; --lens names another")
    still = read_still(arguments, rig)
    if still.depth_m is not None and still.depth_camera is None:
        chosen = options.distribution
        idle = {"--field-of-view sensor": chosen.field_of_view == "sensor", "--hide-occluded": chosen.hide_occluded}
        for flag in (flag for flag, given in idle.items() if given):
            note(f"{flag} changes nothing: this depth image has the picture's own field of view")
    pipeline = AuxFocusPipeline(options)
    result = analysed(still, focus, pipeline, arguments)
    image, geometry = pipeline.draw(result)
    write(arguments.output, encoded(image, arguments.output))
    if arguments.counts is not None:
        write(arguments.counts, npy_bytes(result.distribution.counts))
    said = {
        "image": str(arguments.image),
        "depth_from": still.kind,
        "output": str(arguments.output),
        "counts": None if arguments.counts is None else str(arguments.counts),
        **describe(result, geometry, lens, position),
    }
    if arguments.json:
        print(json.dumps(said, allow_nan=False))
    else:
        show(result, said)
    return 0


def note(text: str) -> None:
    """Say something on standard error that is no fault."""
    print(f"auxfocus distribution: note: {text}", file=sys.stderr)


def analysed(still: Any, focus: Any, pipeline: Any, arguments: argparse.Namespace) -> Any:
    """What the pipeline works out of a still, with what was found and selected in it.

    Raises:
        InputError: no reading in the picture, or nothing that can be selected where the command line says.
    """
    from auxfocus_ros.rig import fields_xyz
    from auxfocus_ros.view import FrameInput

    frame = FrameInput(
        still.picture,
        camera=still.camera,
        points_m=None if still.points is None else fields_xyz(still.points),
        optical_from_points=still.optical_from_points,
        depth=still.depth_m,
        depth_camera=still.depth_camera,
    )
    result = pipeline.analyse(frame, focus)
    if not result.distribution.total:
        raise InputError(
            f"{still.files[-1]}: none of its readings is in the picture: check the rig's extrinsics (optical_from_points), or "
            "the readings' unit"
        )
    if arguments.faces or arguments.people or arguments.onnx:
        pipeline.add_detections(detected(still.picture, arguments), frame.time_s)
        result = pipeline.analyse(frame, focus)
    wish = selection_of(arguments)
    if wish is None:
        return result
    outcome = pipeline.select(wish)
    if not outcome.success:
        raise InputError(f"nothing was selected: {outcome.message}")
    return pipeline.analyse(frame, focus)


def detected(picture: Any, arguments: argparse.Namespace) -> Any:
    """What the detectors of the command line find. Raises ConfigurationError for a detector that cannot be used."""
    from auxfocus_ros.distribution.targets.detectors import DetectorOptions, Detectors

    chosen: dict[str, Any] = {"faces": arguments.faces, "people": arguments.people, "onnx": arguments.onnx}
    chosen["onnx_labels"] = arguments.onnx_labels
    if arguments.onnx_size is not None:
        chosen["onnx_size_px"] = tuple(arguments.onnx_size)
    if arguments.detector_threshold is not None:
        chosen["threshold"] = arguments.detector_threshold
    options = DetectorOptions(**chosen)
    return Detectors(options).detect(picture)


def selection_of(arguments: argparse.Namespace) -> Any:
    """The target of interest that the command line asks for; None: none."""
    from auxfocus_ros.distribution.targets import Selection, SelectionMode

    if arguments.select_point is not None:
        return Selection(SelectionMode.POINT, *arguments.select_point)
    if arguments.select_box is not None:
        return Selection(SelectionMode.BOX, box_px=tuple(arguments.select_box))
    if arguments.select_id is not None:
        return Selection(SelectionMode.IDENTITY, id=arguments.select_id)
    if arguments.select_automatic:
        return Selection(SelectionMode.AUTOMATIC)
    return Selection(SelectionMode.WHOLE_FRAME) if arguments.select_whole_frame else None


def check_output(path: Path, flag: str, suffixes: tuple[str, ...], inputs: list[Path]) -> None:
    """Raise ConfigurationError where a file cannot be written, or would take the place of something that is not its like."""
    suffix = path.suffix.lower()
    if suffix not in suffixes:
        raise ConfigurationError(f"{flag} {path}: wanted a name that ends in {' or '.join(suffixes)}")
    if not path.parent.is_dir():
        raise ConfigurationError(f"{flag} {path}: there is no folder {path.parent}")
    if path.is_dir():
        raise ConfigurationError(f"{flag} {path}: is a folder")
    if not path.exists():
        return
    if any(given.exists() and path.samefile(given) for given in inputs):
        raise ConfigurationError(f"{flag} {path}: is what the command reads; name another file")
    try:
        with path.open("rb") as file:
            beginning = file.read(8)
    except OSError as error:
        raise ConfigurationError(f"{flag} {path}: is there and cannot be read: {error.strerror}") from error
    if beginning and not beginning.startswith(BEGINNINGS[suffix]):
        raise ConfigurationError(f"{flag} {path}: is there and is no {suffix} file; name another, or remove it")


def encoded(image: Any, path: Path) -> bytes:
    """A picture as the bytes of a file, by the file's suffix."""
    import cv2

    quality = [cv2.IMWRITE_JPEG_QUALITY, 92] if path.suffix.lower() in (".jpg", ".jpeg") else []
    done, data = cv2.imencode(path.suffix.lower(), image, quality)
    if not done:
        raise ConfigurationError(f"--output {path}: OpenCV cannot write {path.suffix} files here; take .png")
    return data.tobytes()


def npy_bytes(counts: Any) -> bytes:
    """An array as the bytes of a .npy file."""
    import io

    import numpy as np

    file = io.BytesIO()
    np.save(file, np.ascontiguousarray(counts), allow_pickle=False)
    return file.getvalue()


def write(path: Path, data: bytes) -> None:
    """Write a file. Raises ConfigurationError with the reason where that fails."""
    try:
        path.write_bytes(data)
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be written: {error.strerror}") from error
