"""`auxfocus stack` on the stack that travels with the source, on small stacks made for it, and on what cannot be fused."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auxfocus_ros.cli import main
from auxfocus_ros.commands.stack_frames import is_cut_short, read_whole
from auxfocus_ros.errors import InputError

SIZE = (240, 180)


def scene(kind: type = np.uint8, channels: int = 3) -> tuple[np.ndarray, list[np.ndarray]]:
    """A sharp texture, and three frames of it: the left third is sharp in the first, the right third in the last."""
    rng = np.random.default_rng(1)
    width, height = SIZE
    shape = (height, width, 3) if channels == 3 else (height, width)
    layers = [cv2.GaussianBlur(rng.normal(0.0, sigma, shape).astype(np.float32), (0, 0), sigma) for sigma in (1.0, 3.0, 8.0)]
    sharp = np.clip(0.5 + 0.25 * sum(layers), 0.02, 0.9)
    frames = []
    for number in range(3):
        frame = sharp.copy()
        for third in range(3):
            if third != number:
                soft = cv2.GaussianBlur(sharp, (0, 0), 2.0 * abs(third - number))
                frame[:, third * width // 3 : (third + 1) * width // 3] = soft[:, third * width // 3 : (third + 1) * width // 3]
        frames.append(frame)
    white = np.iinfo(kind).max
    return np.rint(white * sharp).astype(kind), [np.rint(white * frame).astype(kind) for frame in frames]


def folder_of(place: Path, frames: list[np.ndarray], suffix: str = ".png") -> Path:
    place.mkdir()
    for number, frame in enumerate(frames):
        assert cv2.imwrite(str(place / f"f{number}{suffix}"), frame)
    return place


@pytest.fixture
def stack(tmp_path: Path) -> Path:
    return folder_of(tmp_path / "stack", scene()[1])


def run_json(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    assert main(["stack", *words, "--json"]) == 0, capsys.readouterr().err
    said: dict[str, Any] = json.loads(capsys.readouterr().out)
    return said


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(["stack", *words]) == 2
    told = capsys.readouterr()
    assert told.out == "" and told.err.count("\n") == 1, told.err
    return told.err


def error_rms(picture: np.ndarray, sharp: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(picture.astype(np.float64) - sharp))))


@pytest.mark.parametrize(
    ("kind", "channels", "suffix"), [(np.uint8, 3, ".png"), (np.uint16, 3, ".tif"), (np.uint16, 1, ".png"), (np.uint8, 1, ".png")]
)
def test_the_fused_picture_is_sharp_all_over(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: type, channels: int, suffix: str
) -> None:
    sharp, frames = scene(kind, channels)
    out = tmp_path / f"out{suffix}"
    said = run_json(capsys, str(folder_of(tmp_path / "stack", frames, suffix)), "-o", str(out), "--no-align")
    picture = cv2.imread(str(out), cv2.IMREAD_UNCHANGED)
    assert picture is not None and picture.shape == sharp.shape and picture.dtype == kind
    assert error_rms(picture, sharp) < 0.35 * min(error_rms(frame, sharp) for frame in frames)
    assert (said["size"], said["crop"], said["bits"]) == ([240, 180], [0, 0, 240, 180], 8 * np.dtype(kind).itemsize)
    assert [frame["index"] for frame in said["frames"]] == [0, 1, 2]
    assert sum(frame["share"] for frame in said["frames"]) + said["unsharp_share"] == pytest.approx(1.0)
    assert all(0.2 < frame["share"] < 0.47 for frame in said["frames"])
    assert sorted(tmp_path.iterdir()) == [out, tmp_path / "stack"]


def test_the_circuit_board(samples: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # A sixteenth of its pixels: all that the command does, in less time.
    small = []
    for file in sorted((samples / "stack_circuit_board").glob("*.jpg")):
        picture = cv2.imread(str(file), cv2.IMREAD_REDUCED_COLOR_4)
        assert picture is not None
        small.append(picture)
    stack = folder_of(tmp_path / "board", small, ".jpg")
    out, depth = tmp_path / "out.jpg", tmp_path / "depth.png"
    said = run_json(capsys, str(stack), "-o", str(out), "--depth", str(depth))
    picture, map_ = cv2.imread(str(out)), cv2.imread(str(depth), cv2.IMREAD_UNCHANGED)
    assert picture is not None and map_ is not None and map_.dtype == np.uint16
    assert picture.shape[:2] == map_.shape == (said["size"][1], said["size"][0])
    assert said["reference"] == 3 and said["warnings"] == [] and said["depth"]["kind"] == "frame"
    assert 490 < said["size"][0] < 512 and said["crop"][2:] == said["size"]
    assert said["frames"][0]["warp"][0][0] == pytest.approx(1.0204, abs=0.002)
    assert min(frame["quality"] for frame in said["frames"]) > 0.9
    # the barcode behind is sharp in the last frames, the connector before in the first
    assert np.median(map_[25:125, 225:425]) > 1.5 * np.median(map_[285:345, 40:110])


def test_for_a_person(stack: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["stack", str(stack), "-o", str(tmp_path / "out.png"), "--report", "--depth", str(tmp_path / "d.tif")]) == 0
    told = capsys.readouterr()
    lines = told.out.splitlines()
    assert lines[0].startswith("3 frames fused by ") and "aligned to frame 1, f1.png" in lines[0]
    assert lines[1].startswith("depth: ") and "frame numbers (positions are not known in metres)" in lines[1]
    assert sum("f" + str(number) + ".png" in line for number in range(3) for line in lines[2:]) == 3
    assert lines[-1].startswith("align ") and told.err == ""
    index = cv2.imread(str(tmp_path / "d.tif"), cv2.IMREAD_UNCHANGED)
    assert index is not None and index.dtype == np.float32
    assert np.nanmedian(index[:, :60]) < 0.5 and np.nanmedian(index[:, -60:]) > 1.5


@pytest.mark.parametrize("order", [1, -1])
def test_depth_in_millimetres_where_positions_are_known(
    stack: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], order: int
) -> None:
    rows = [f"f{number}.png,{dioptres}" for number, dioptres in enumerate((0.5, 1.0, 2.0))][::order]
    table = tmp_path / "positions.csv"
    table.write_text("\n".join(["file,focus_dioptre", *rows]))
    depth = tmp_path / "depth.png"
    words = (str(stack), "-o", str(tmp_path / "out.png"), "--depth", str(depth), "--positions", str(table), "--no-align")
    said = run_json(capsys, *words)
    picture = cv2.imread(str(depth), cv2.IMREAD_UNCHANGED)
    assert picture is not None and picture.dtype == np.uint16 and said["depth"]["kind"] == "metres"
    # 1 / 0.5 and 1 / 2 dioptres
    assert np.median(picture[:, :60]) == pytest.approx(2000, rel=0.12) and np.median(picture[:, -60:]) == pytest.approx(
        500, rel=0.12
    )
    assert [frame["position"] for frame in said["frames"]] == [0.5, 1.0, 2.0]
    assert [frame["index"] for frame in said["frames"]] == [0, 1, 2][::order]


def test_steps_need_a_lens(stack: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = tmp_path / "steps.csv"
    table.write_text("file,position_steps\nf0.png,1100\nf1.png,1300\nf2.png,1500\n")
    words = [str(stack), "-o", str(tmp_path / "out.png"), "--depth", str(tmp_path / "d.tif"), "--positions", str(table)]
    assert run_json(capsys, *words)["depth"]["kind"] == "frame"
    assert run_json(capsys, *words, "--lens", "bench_25mm")["depth"]["kind"] == "metres"
    assert "name --positions" in refused(capsys, *words[:-2], "--lens", "bench_25mm")
    table.write_text("file,position_steps\nf0.png,1100\nf1.png,1300\nf2.png,1500000\n")
    assert "f2.png: 1.5e+06 steps is beyond the lens" in refused(capsys, *words, "--lens", "bench_25mm")


def test_jpeg_loses_16_bit_and_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stack = folder_of(tmp_path / "stack", scene(np.uint16)[1])
    said = run_json(capsys, str(stack), "-o", str(tmp_path / "out.jpg"), "--no-align")
    assert len(said["warnings"]) == 1 and ".jpg holds 8 bit" in said["warnings"][0]
    picture = cv2.imread(str(tmp_path / "out.jpg"), cv2.IMREAD_UNCHANGED)
    assert picture is not None and abs(float(picture.mean()) - scene()[0].mean()) < 3


def test_one_frame_is_written_as_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    frame = scene(np.uint16)[1][0]
    stack = folder_of(tmp_path / "stack", [frame])
    said = run_json(capsys, str(stack), "-o", str(tmp_path / "out.png"), "--depth", str(tmp_path / "d.png"))
    np.testing.assert_array_equal(cv2.imread(str(tmp_path / "out.png"), cv2.IMREAD_UNCHANGED), frame)
    assert "nothing to fuse: there is one frame" in said["warnings"][0] and said["depth"] is None
    assert not (tmp_path / "d.png").exists()


def test_no_texture_gives_the_reference_and_a_warning(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    frames = [np.full((100, 120, 3), 60 + number, np.uint8) for number in range(3)]
    said = run_json(capsys, str(folder_of(tmp_path / "stack", frames)), "-o", str(tmp_path / "out.png"))
    np.testing.assert_array_equal(cv2.imread(str(tmp_path / "out.png")), frames[1])
    assert any("none of the other 2 could be used; f1.png is written" in line for line in said["warnings"])


def test_a_stranger_is_left_out(stack: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stranger = np.random.default_rng(9).integers(0, 255, (30, 40, 3)).astype(np.uint8)
    cv2.imwrite(str(stack / "f9.png"), cv2.resize(stranger, SIZE, interpolation=cv2.INTER_CUBIC))
    assert main(["stack", str(stack), "-o", str(tmp_path / "out.png"), "--reference", "1"]) == 0
    told = capsys.readouterr()
    assert told.err == "auxfocus stack: f9.png could not be aligned: it shows something else: left out\n"
    assert told.out.startswith("3 frames fused")


def test_selected_frames_only(
    stack: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from auxfocus_ros.commands import stack_select

    selection = SimpleNamespace(indices=(2, 0), end=SimpleNamespace(message="enough"))
    monkeypatch.setattr(stack_select, "select", lambda images, positions: selection)
    said = run_json(capsys, str(stack), "-o", str(tmp_path / "out.png"), "--select")
    assert said["selected"] == {"indices": [2, 0], "told": "2 of 3 frames (0, 2): enough"}
    assert [Path(file).name for file in said["files"]] == ["f0.png", "f2.png"]
    assert "the strategy has taken the frames 0, 2" in refused(
        capsys, str(stack), "-o", str(tmp_path / "out.png"), "--select", "--reference", "1"
    )


def test_what_cannot_be_is_told_in_one_line(stack: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder, out = str(stack), ["-o", str(tmp_path / "out.png")]
    empty = tmp_path / "empty"
    empty.mkdir()
    assert "has no pictures" in refused(capsys, str(empty), *out)
    assert "there is no focal stack" in refused(capsys, str(tmp_path / "none"), *out)
    assert "there is no such fusion" in refused(capsys, folder, *out, "--method", "magic")
    assert "frames 0 to 2" in refused(capsys, folder, *out, "--reference", "3")
    assert "frames 0 to 2" in refused(capsys, folder, *out, "--reference", "-1")
    assert "wanted a name that ends in" in refused(capsys, folder, "-o", str(tmp_path / "out.gif"))
    assert "there is no folder" in refused(capsys, folder, "-o", str(tmp_path / "none" / "out.png"))
    (tmp_path / "folder.png").mkdir()
    assert "is a folder" in refused(capsys, folder, "-o", str(tmp_path / "folder.png"))
    assert "wanted a name that ends in" in refused(capsys, folder, *out, "--depth", str(tmp_path / "d.jpg"))
    assert "wanted two names" in refused(capsys, folder, *out, "--depth", out[1])
    table = tmp_path / "positions.csv"
    table.write_text("file,focus_dioptre\nf0.png,1\nf1.png,3\nf2.png,2\n")
    assert "out of order: f2.png" in refused(capsys, folder, *out, "--positions", str(table))
    assert not (tmp_path / "out.png").exists()


@pytest.mark.parametrize(
    ("last", "words"),
    [
        (np.zeros((180, 241, 3), np.uint8), "f9.png is 241 x 180 px, 8 bit, colour, f0.png is 240 x 180 px"),
        (np.zeros((180, 240), np.uint8), "8 bit, grey"),
        (np.zeros((180, 240, 3), np.uint16), "16 bit, colour"),
    ],
)
def test_frames_that_are_not_alike(
    stack: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], last: np.ndarray, words: str
) -> None:
    cv2.imwrite(str(stack / "f9.png"), last)
    before = b"an older picture"
    (tmp_path / "out.png").write_bytes(before)
    for align in ([], ["--no-align"]):
        assert words in refused(capsys, str(stack), "-o", str(tmp_path / "out.png"), *align)
    assert (tmp_path / "out.png").read_bytes() == before and len(list(tmp_path.iterdir())) == 2


def test_a_frame_that_cannot_be_read_is_named(stack: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = str(tmp_path / "out.png")
    whole = (stack / "f1.png").read_bytes()
    (stack / "f1.png").write_bytes(whole[: len(whole) // 2])
    assert "f1.png is cut short" in refused(capsys, str(stack), "-o", out)
    (stack / "f1.png").write_bytes(b"no picture at all")
    assert "f1.png is not a picture that can be read" in refused(capsys, str(stack), "-o", out)


def test_too_little_disk(
    stack: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1000))
    told = refused(capsys, str(stack), "-o", str(tmp_path / "out.png"))
    assert "3 aligned frames and the fused picture need 0.00 GB in" in told and "where 0.00 GB are free" in told


def test_a_disk_that_is_full_at_the_end_keeps_the_older_picture(
    stack: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    (tmp_path / "out.png").write_bytes(b"an older picture")
    told = refused(capsys, str(stack), "-o", str(tmp_path / "out.png"), "--no-align")
    assert "out.png: cannot be written: no room is left there" in told
    assert (tmp_path / "out.png").read_bytes() == b"an older picture" and len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize("suffix", [".jpg", ".png"])
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(share=st.floats(0.0, 0.999))
def test_a_file_cut_short_is_never_taken_for_whole(tmp_path: Path, suffix: str, share: float) -> None:
    coded = cv2.imencode(suffix, scene()[0])[1].tobytes()
    assert not is_cut_short(coded)
    file = tmp_path / f"cut{suffix}"
    file.write_bytes(coded[: int(share * len(coded))])
    with pytest.raises(InputError, match="cut"):
        read_whole(file)


def test_the_end_of_a_thumbnail_is_not_the_end_of_the_picture() -> None:
    coded = cv2.imencode(".jpg", scene()[0])[1].tobytes()
    thumbnail = b"Exif\0\0" + coded[:300] + b"\xff\xd9"
    with_thumbnail = coded[:2] + b"\xff\xe1" + (len(thumbnail) + 2).to_bytes(2, "big") + thumbnail + coded[2:]
    assert not is_cut_short(with_thumbnail) and not is_cut_short(with_thumbnail + b"what a telephone adds")
    assert is_cut_short(with_thumbnail[:-2])


MEMORY = """
import resource, sys
from auxfocus_ros.cli import main
status = main(sys.argv[1:])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, file=sys.stderr)
sys.exit(status)
"""


@pytest.mark.long
def test_twenty_frames_of_24_megapixels_in_two_gigabytes(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    texture = cv2.resize(rng.integers(0, 255, (1000, 1500, 3)).astype(np.uint8), (6000, 4000), interpolation=cv2.INTER_CUBIC)
    stack = tmp_path / "stack"
    stack.mkdir()
    for number in range(20):
        cut = cv2.resize(texture[number : 4000 - number, number : 6000 - number], (6000, 4000))
        assert cv2.imwrite(str(stack / f"f{number}.jpg"), cut)
    words = [sys.executable, "-c", MEMORY, "stack", str(stack), "-o", str(tmp_path / "out.png"), "--json"]
    result = subprocess.run(words, capture_output=True, text=True, check=False, timeout=3000)
    assert result.returncode == 0, result.stderr
    said = json.loads(result.stdout)
    peak_mb = int(result.stderr.splitlines()[-1])
    assert len(said["frames"]) == 20 and peak_mb < 2000, f"{peak_mb} MB"
