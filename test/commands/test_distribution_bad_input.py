"""`auxfocus distribution` on bad input: one line that says what was wrong, status 2, and nothing overwritten."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from auxfocus_ros.cli import main


def words(*arguments: str | Path | float) -> list[str]:
    return ["distribution", *map(str, arguments)]


BAD: dict[str, tuple[list[str], str]] = {
    "no depth": (["{room}/picture.png"], "name its cloud with --points, or its depth image with --depth"),
    "picture is not there": (["nothing.png", "--depth", "{room}/depth.png"], "picture nothing.png does not exist"),
    "picture is none": (["{room}/rig.yaml.png", "--depth", "{room}/depth.png"], "is not a picture that can be read"),
    "depth is not there": (["{room}/picture.png", "--depth", "nothing.png"], "depth image nothing.png does not exist"),
    "depth of 8 bits": (["{room}/picture.png", "--depth", "{room}/picture.png"], "wanted one channel, 16-bit or float"),
    "depth is an archive": (["{room}/picture.png", "--depth", "{tmp}/several.npy"], "is an archive"),
    "cloud is an archive": (["{road}/picture.jpg", "--points", "{tmp}/several.npy", "--rig", "road_64"], "is an archive"),
    "detector is not there": (["{samples}/rgbd_room", "--onnx", "no.onnx"], "there is no file no.onnx"),
    "no reading": (["{room}/picture.png", "--depth", "{tmp}/empty.npy"], "has no reading"),
    "other field of view": (["{room}/picture.png", "--depth", "{tmp}/square.npy"], "do not show the same field of view"),
    "no such rig": (["{room}/picture.png", "--depth", "{room}/depth.png", "--rig", "toaster"], "there is no rig 'toaster'"),
    "wrong key": (["{room}/picture.png", "--depth", "{room}/depth.png", "--rig", "{tmp}/wrong.yaml"], "unknown key 'camra'"),
    "camera of another shape": (
        ["{room}/picture.png", "--depth", "{room}/depth.png", "--rig", "road_64"],
        "its intrinsics are for 1920 x 1200",
    ),
    "cloud without a rig": (["{road}/picture.jpg", "--points", "{road}/scan.pcd"], "takes intrinsics"),
    "cloud is not there": (["{road}/picture.jpg", "--points", "no.pcd", "--rig", "road_64"], "cloud no.pcd does not exist"),
    "cloud of another kind": (["{road}/picture.jpg", "--points", "{road}/picture.jpg", "--rig", "road_64"], "wanted a .pcd"),
    "cloud breaks off": (["{road}/picture.jpg", "--points", "{tmp}/cut.pcd", "--rig", "road_64"], "breaks off"),
    "array of another shape": (
        ["{road}/picture.jpg", "--points", "{tmp}/square.npy", "--rig", "road_64"],
        "wanted (N, 3) floats",
    ),
    "cloud without a return": (["{road}/picture.jpg", "--points", "{tmp}/nan.npy", "--rig", "road_64"], "has no reading"),
    "cloud elsewhere": (["{road}/picture.jpg", "--points", "{tmp}/behind.npy", "--rig", "road_64"], "none of its readings"),
    "no such lens": (["{room}/picture.png", "--depth", "{room}/depth.png", "--lens", "monocle"], "no lens is called 'monocle'"),
    "no such frame": (["{samples}/rgbd_room", "--frame", "9"], "has 5 frames, counted from 0"),
    "frame of a picture": (["{room}/picture.png", "--depth", "{room}/depth.png", "--frame", "1"], "--frame chooses a frame"),
    "recording with depth": (["{samples}/rgbd_room", "--depth", "{room}/depth.png"], "brings its own depth"),
    "option out of range": (["{samples}/rgbd_room", "--opacity", "3"], "opacity is 3, it must be 0 to 1"),
    "two options out of range": (["{samples}/rgbd_room", "--offset-zones", "99", "--dimming", "-1"], "; offset_zones is 99"),
    "axis the wrong way round": (["{samples}/rgbd_room", "--near-m", "9", "--far-m", "3"], "depth axis"),
    "nothing there": (["{samples}/rgbd_room", "--select-point", "9999", "10"], "nothing was selected"),
    "metres without a camera": (["{room}/picture.png", "--depth", "{room}/depth.png", "--across", "metres"], "camera"),
}


@pytest.fixture
def places(room: Path, road: Path, samples: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Path]:
    """Where good and bad files are; the last is where the command runs."""
    monkeypatch.chdir(tmp_path)
    (room / "rig.yaml.png").write_text("camera: {}\n")
    (tmp_path / "wrong.yaml").write_text("camra: {width: 640}\n")
    np.save(tmp_path / "empty.npy", np.zeros((480, 640), np.float32))
    np.save(tmp_path / "square.npy", np.ones((480, 480), np.float32))
    np.save(tmp_path / "nan.npy", np.full((10, 3), np.nan, np.float32))
    np.save(tmp_path / "behind.npy", np.full((10, 3), [-5.0, 0.0, 0.0], np.float32))
    np.savez(tmp_path / "several.npz", a=np.ones((9, 3)))
    (tmp_path / "several.npz").rename(tmp_path / "several.npy")
    (tmp_path / "cut.pcd").write_bytes((road / "scan.pcd").read_bytes()[:5000])
    (tmp_path / "folder.png").mkdir()
    for name in ("notes.png", "notes.npy"):
        (tmp_path / name).write_text("years of work")
    return {"room": room, "road": road, "samples": samples, "tmp": tmp_path}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_ends_in_one_line_and_status_2(
    name: str, places: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments, expected = BAD[name]
    status = main(words(*(word.format(**places) for word in arguments), "--focus-distance", 2, "-o", tmp_path / "out.png"))
    err = capsys.readouterr().err.replace("auxfocus distribution: note", "note")
    lines = [line for line in err.splitlines() if line.startswith("auxfocus ")]
    assert status == 2 and len(lines) == 1 and expected in lines[0], err
    assert not (tmp_path / "out.png").exists()


@pytest.mark.parametrize(
    ("output", "extra", "expected"),
    [
        ("nowhere/out.png", [], "there is no folder"),
        ("out.txt", [], "wanted a name that ends in .png"),
        ("folder.png", [], "is a folder"),
        ("notes.png", [], "is there and is no .png file"),
        ("{room}/picture.png", [], "is what the command reads"),
        ("out.png", ["--counts", "counts.csv"], "wanted a name that ends in .npy"),
        ("out.png", ["--counts", "notes.npy"], "is there and is no .npy file"),
        ("out.png", ["--counts", "nowhere/counts.npy"], "there is no folder"),
    ],
)
def test_nothing_else_is_overwritten(
    output: str, extra: list[str], expected: str, places: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    room, tmp_path = places["room"], places["tmp"]
    before = (room / "picture.png").read_bytes()
    arguments = words(room / "picture.png", "--depth", room / "depth.png", "--focus-distance", 2, "-o", output.format(room=room))
    assert main([*arguments, *extra]) == 2
    assert expected in capsys.readouterr().err
    assert (tmp_path / "notes.png").read_text() == (tmp_path / "notes.npy").read_text() == "years of work"
    assert (room / "picture.png").read_bytes() == before


@pytest.mark.parametrize("distance", ["0", "-3", "nan", "0.01"])
def test_distances_at_which_nothing_can_be_in_focus(distance: str, room: Path, tmp_path: Path, capsys: Any) -> None:
    arguments = words(
        room / "picture.png", "--depth", room / "depth.png", f"--focus-distance={distance}", "-o", tmp_path / "o.png"
    )
    assert main(arguments) == 2
    assert "beyond the focal length of lens 'bench_25mm'" in capsys.readouterr().err
