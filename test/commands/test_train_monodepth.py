"""`auxfocus train monodepth` on a tiny scale: what it reads, what it leaves, and what it refuses in one line."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch

from auxfocus_ros.cli import main
from auxfocus_ros.commands.monodepth_sequences import SequenceReader, colour_files
from auxfocus_ros.errors import AuxfocusError
from auxfocus_ros.learning.weights import save_weights
from auxfocus_ros.monodepth.networks.segmentation_network import SegmentationNetwork
from auxfocus_ros.monodepth.pose_estimate import PoseEstimate
from auxfocus_ros.monodepth.sequence import Sequence, write_sequence
from auxfocus_ros.monodepth.training import learned_pairs
from auxfocus_ros.optics.camera import CameraModel

WIDTH_PX, HEIGHT_PX, FOCAL_PX = 96, 64, 80.0
FRAMES = 5
TINY = [
    "--start",
    "none",
    "--pose",
    "known",
    "--classes",
    "given",
    "--epochs",
    "1",
    "--frames",
    "4",
    "--batch",
    "2",
    "--seed",
    "3",
]


class AllStands:
    """A PoseEstimator by which nothing moves."""

    def estimate(self, *pictures: Any, prior: Any = None, **how: Any) -> PoseEstimate:
        return PoseEstimate(np.eye(4), True)


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(learned_pairs, "_estimator", lambda method: AllStands())
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def wall(seed: int = 0) -> np.ndarray:
    """A texture (HEIGHT, 2 WIDTH, 3), coarse enough for flow."""
    random = np.random.default_rng(seed)
    coarse = random.integers(20, 255, (HEIGHT_PX // 8, WIDTH_PX // 4, 3), dtype=np.uint8)
    return cv2.resize(coarse, (2 * WIDTH_PX, HEIGHT_PX), interpolation=cv2.INTER_CUBIC)


def sidewards(step_px: int = 2, seed: int = 0) -> list[np.ndarray]:
    """What a camera sees that passes a wall half of which is twice as far."""
    near, far = wall(seed), wall(seed + 50)
    frames = []
    for number in range(FRAMES):
        frame = near[:, number * 2 * step_px : number * 2 * step_px + WIDTH_PX].copy()
        frame[: HEIGHT_PX // 2] = far[: HEIGHT_PX // 2, number * step_px : number * step_px + WIDTH_PX]
        frames.append(frame)
    return frames


def written(folder: Path, frames: list[np.ndarray], step_m: float = 0.1, camera: CameraModel | None = None) -> Path:
    """A sequence of these frames in a folder."""
    camera = camera or CameraModel(WIDTH_PX, HEIGHT_PX, FOCAL_PX, FOCAL_PX, (WIDTH_PX - 1) / 2, (HEIGHT_PX - 1) / 2)
    poses = np.tile(np.eye(4), (len(frames), 1, 1))
    poses[:, 0, 3] = step_m * np.arange(len(frames))
    pictures = np.stack(frames)
    write_sequence(
        Sequence(
            folder.name, pictures, camera, np.arange(len(frames)) * 0.1, poses, classes=np.zeros(pictures.shape[:3], np.uint8)
        ),
        folder,
    )
    return folder


def train(folder: Path, *words: str) -> int:
    return main(["train", "monodepth", *TINY, "-o", str(folder), *words])


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Callable[[], str]:
    """The last line of standard error."""
    return lambda: capsys.readouterr().err.strip().splitlines()[-1]


def test_weights_and_card(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one = written(tmp_path / "walk", sidewards())
    words = ["--sequence", str(one), "--sequence", f"{one}:0-2", "--json", "--smoothness-weight", "0.01"]
    assert train(tmp_path / "out", *words) == 0
    shown = capsys.readouterr()
    card = json.loads(shown.out, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))
    assert [one["frames"] for one in card["sequences"]] == [5, 3] and card["losses"]["smoothness_weight"] == 0.01
    assert card["command"].startswith("auxfocus train monodepth --sequence walk --sequence walk:0-2 --seed 3")
    assert "12 pairs of 2 sequences" in shown.err
    weights = Path(card["weights_file"])
    assert weights.name == "depth.safetensors" and card["command"] in weights.with_suffix(".md").read_text()
    assert len(list((tmp_path / "out" / "work" / "pairs").glob("*/gate.jsonl"))) == 2
    # What was trained is what a further training can begin with.
    again = ["--sequence", str(one), "--start", str(weights), "--minutes", "1e-9"]
    assert train(tmp_path / "again", *again, "--epochs", "2") == 0
    assert "--resume" in capsys.readouterr().out and not (tmp_path / "again" / "depth.safetensors").exists()
    assert train(tmp_path / "again", *again, "--epochs", "2", "--resume", "--mask", "always") == 2
    assert "begun with mask gate and not always" in capsys.readouterr().err


def test_a_camera_that_stands_still(tmp_path: Path, said: Callable[[], str]) -> None:
    assert train(tmp_path / "out", "--sequence", str(written(tmp_path / "still", sidewards()[:1] * 4, 0.0))) == 2
    assert said().startswith(
        "auxfocus train: nothing can be learned from sequence 'still': all 6 pairs are left out: 6 x the camera st"
    )


def test_pure_rotation(tmp_path: Path, said: Callable[[], str]) -> None:
    far = wall()
    turning = [far[:, 3 * n : 3 * n + WIDTH_PX].copy() for n in range(4)]  # about what a narrow view of a turn is
    camera = CameraModel(WIDTH_PX, HEIGHT_PX, 600.0, 600.0, (WIDTH_PX - 1) / 2, (HEIGHT_PX - 1) / 2)
    assert train(tmp_path / "out", "--sequence", str(written(tmp_path / "turn", turning, 0.0, camera))) == 2
    assert "6 x pure rotation" in said()


def test_black_frames_and_a_cut(tmp_path: Path, said: Callable[[], str]) -> None:
    frames = sidewards()
    cut = [frames[0], np.zeros_like(frames[0]), frames[1], sidewards(seed=9)[0]]
    assert train(tmp_path / "out", "--sequence", str(written(tmp_path / "cut", cut))) == 2
    line = said()
    assert "4 x a black frame" in line and "2 x a cut between the frames" in line


def test_intrinsics_that_do_not_fit(tmp_path: Path, said: Callable[[], str]) -> None:
    camera = CameraModel(WIDTH_PX, HEIGHT_PX, 585.0, 585.0, 320.0, 240.0)
    assert train(tmp_path / "out", "--sequence", str(written(tmp_path / "other", sidewards(), camera=camera))) == 2
    assert "'other': the intrinsics do not fit the picture: their principal point is 320, 240" in said()


def test_one_frame(tmp_path: Path, said: Callable[[], str]) -> None:
    assert train(tmp_path / "out", "--sequence", str(written(tmp_path / "one", sidewards()[:1]))) == 2
    assert "'one': it has one frame, wanted 2 or more" in said()
    assert train(tmp_path / "out", "--sequence", f"{written(tmp_path / 'more', sidewards())}:2-2") == 2
    assert "it has one frame" in said()


def test_a_start_of_another_shape(tmp_path: Path, said: Callable[[], str]) -> None:
    save_weights(SegmentationNetwork(), tmp_path / "other.safetensors")
    one = written(tmp_path / "walk", sidewards())
    assert train(tmp_path / "out", "--sequence", str(one), "--start", str(tmp_path / "other.safetensors")) == 2
    assert "other.safetensors: wanted the architecture 'auxfocus monodepth depth 1'" in said()
    (tmp_path / "short.safetensors").write_bytes(b"no weights")
    assert train(tmp_path / "out", "--sequence", str(one), "--start", str(tmp_path / "short.safetensors")) == 2
    assert "cut short or not safetensors" in said()


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["--sequence", "nowhere"], "--sequence nowhere: nowhere does not exist"),
        (["--sequence", "nowhere:5-2"], "frames 5 to 2 are none"),
        (["--sequence", "simulation:0"], "wanted 3 worlds or more"),
        (["--sequence", "x", "--minutes", "nan"], "minutes is NaN"),
        (["--sequence", "x", "--gate", "none.yaml"], "x does not exist"),
    ],
)
def test_bad_words_are_one_line(tmp_path: Path, words: list[str], line: str, said: Callable[[], str]) -> None:
    assert train(tmp_path / "out", *words) == 2
    assert line in said()


def reader(told: list[str], camera: str = "", width_px: int = 0, height_px: int = 0) -> SequenceReader:
    return SequenceReader(camera, width_px, height_px, told.append, 0, Path("nowhere"), lambda one: None)


def test_pictures_of_a_folder(tmp_path: Path) -> None:
    for number, frame in enumerate(sidewards()):
        cv2.imwrite(str(tmp_path / f"frame-{number:06d}.color.png"), cv2.resize(frame, (160, 120)))
        cv2.imwrite(str(tmp_path / f"frame-{number:06d}.depth.png"), np.zeros((120, 160), np.uint16))
    np.savetxt(tmp_path / "camera-intrinsics.txt", [[150.0, 0, 80], [0, 150, 60], [0, 0, 1]])
    told: list[str] = []
    (found,) = reader(told, height_px=64).read(f"{tmp_path}:1-3")
    assert found.pictures.shape == (3, 64, 96, 3) and found.world_from_camera is None
    assert found.camera.fx_px == pytest.approx(150 * 96 / 160) and found.camera.fy_px == pytest.approx(150 * 64 / 120)
    assert told == ["pictures of 160 x 120 px are resized to 96 x 64 px"]
    (own,) = reader(told, "200,200,79.5,59.5").read(str(tmp_path))
    assert len(own) == 5 and own.camera.fx_px == pytest.approx(200 * own.camera.width_px / 160)
    (tmp_path / "camera-intrinsics.txt").write_text("585 0 320\n")
    for camera, line in (
        ("", "wanted three rows of three numbers"),
        ("585,585,320,240", "outside the picture"),
        ("9,9,80,60", "do not f"),
    ):
        with pytest.raises(AuxfocusError, match=line):
            reader(told, camera).read(str(tmp_path))
    (tmp_path / "camera-intrinsics.txt").unlink()
    with pytest.raises(AuxfocusError, match="intrinsics are not known: give --camera"):
        reader(told).read(str(tmp_path))
    with pytest.raises(AuxfocusError, match="it has no frame 7"):
        reader(told, "200,200,79.5,59.5").read(f"{tmp_path}:7-9")


def test_colour_files_beside_others() -> None:
    both = [Path("a.color.jpg"), Path("a.depth.png"), Path("b.png")]
    assert colour_files(both) == [Path("a.color.jpg")]
    assert colour_files([Path("a_depth.png"), Path("b.png")]) == [Path("b.png")]


def test_a_recording(samples: Path) -> None:
    told: list[str] = []
    (room,) = reader(told, width_px=160, height_px=128).read(str(samples / "rgbd_room"))
    assert room.pictures.shape == (5, 128, 160, 3) and room.camera.fx_px == pytest.approx(518 * 160 / 640)
    assert len(told) == 1 and np.all(np.diff(room.stamps_s) > 0)


def test_a_video(tmp_path: Path) -> None:
    av = pytest.importorskip("av")
    path = tmp_path / "walk.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = WIDTH_PX, HEIGHT_PX, "yuv420p"
        for frame in sidewards():
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="bgr24")))
        container.mux(stream.encode())
    (found,) = reader([], "80,80,47.5,31.5").read(str(path))
    assert found.pictures.shape == (5, 64, 96, 3) and found.name == "walk"
    assert np.abs(found.pictures[2].astype(int) - sidewards()[2]).mean() < 12
    with pytest.raises(AuxfocusError, match="intrinsics are not known"):
        reader([]).read(str(path))
    cv2.imwrite(str(tmp_path / "one.png"), sidewards()[0])
    with pytest.raises(AuxfocusError, match="one picture is no sequence"):
        reader([], "80,80,47.5,31.5").read(str(tmp_path / "one.png"))
