"""Plain folders: pictures, clouds and depth images that belong together by name, rank or time."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import yaml

from auxfocus_ros.errors import ConfigurationError, InputError
from auxfocus_ros.rig import Frame, fields_xyz, open_source
from auxfocus_ros.rig.folder import read_stamps

RIG = {"camera": {"width": 8, "height": 6, "k": [8, 8, 3.5, 2.5]}}


def write(folder: Path, count: int = 3, **description: Any) -> Path:
    """Pictures 1..count with clouds of one point at their number in metres, and depth images of the same."""
    for name in ("color", "lidar", "depth"):
        (folder / name).mkdir(parents=True)
    for number in range(1, count + 1):
        cv2.imwrite(str(folder / "color" / f"{number}.png"), np.full((6, 8, 3), number, np.uint8))
        np.array([[number, 0, 0, 9]], "<f4").tofile(folder / "lidar" / f"scan{number}.bin")
        cv2.imwrite(str(folder / "depth" / f"{number}.pgm"), np.full((6, 8), 1000 * number, np.uint16))
    about = {"images": "color/*.png", "points": "lidar/*.bin", "rate_hz": 5, "rig": RIG, **description}
    (folder / "folder.yaml").write_text(yaml.safe_dump({key: value for key, value in about.items() if value is not None}))
    return folder


def read(folder: Path, **options: Any) -> tuple[list[Frame], Any, list[str]]:
    said: list[str] = []
    source = open_source("recording", folder, on_problem=said.append, **options)
    return list(source.frames()), source, said


def seen(frames: list[Frame]) -> list[tuple[int, int | None]]:
    return [(int(f.picture[0, 0, 0]), None if f.points is None else round(float(fields_xyz(f.points)[0, 0]))) for f in frames]


def test_by_rank_in_natural_order(tmp_path: Path) -> None:
    frames, source, said = read(write(tmp_path / "drive", 11))
    assert said == [] and source.name == "drive"
    assert seen(frames) == [(number, number) for number in range(1, 12)]
    assert [frame.stamp_ns for frame in frames[:3]] == [0, 200_000_000, 400_000_000]
    assert (source.rate_hz, source.duration_s, source.has_depth) == (5.0, pytest.approx(2.2), True)
    assert frames[0].camera.fx_px == 8.0


def test_depth_by_name_and_the_unpaired_counted(tmp_path: Path) -> None:
    folder = write(tmp_path, 4, points=None, depth="depth/*.pgm")
    (folder / "depth" / "2.pgm").unlink()
    frames, source, _ = read(folder)
    assert [float(frame.depth_m[0, 0]) for frame in frames if frame.depth_m is not None] == pytest.approx([1.0, 3.0, 4.0])
    assert source.counts.unmatched_pictures == 1
    frames, _, _ = read(folder, keep_unmatched=True)
    assert [frame.depth_m is None for frame in frames] == [False, True, False, False]
    rig = {**RIG, "depth": {"unit_m": 0.0005}}
    (folder / "folder.yaml").write_text(yaml.safe_dump({"images": "color/*.png", "depth": "depth/*.pgm", "rig": rig}))
    frames, _, _ = read(folder)
    assert frames[0].depth_m is not None and frames[0].depth_m[0, 0] == 0.5


def test_by_stamps(tmp_path: Path) -> None:
    folder = write(tmp_path, 3, stamps={"images": "i.txt", "points": "p.txt"}, rate_hz=None)
    (folder / "i.txt").write_text("# seconds\n100.000000001\n100.1\n100.2\n")
    (folder / "p.txt").write_text("100.11\n100.21\n100.9\n")
    frames, source, _ = read(folder)
    assert seen(frames) == [(2, 1), (3, 2)]
    assert frames[0].points_offset_s == pytest.approx(0.01)
    assert (source.counts.unmatched_pictures, source.counts.unmatched_clouds) == (1, 1)
    assert source.rate_hz == pytest.approx(10.0)


def test_stamps_are_exact_and_may_be_dates(tmp_path: Path) -> None:
    file = tmp_path / "t.txt"
    file.write_text("1678066887.700945911\n2011-09-26 13:02:25.594360375\n\n-1.5\n1e3\n")
    # 2011-09-26 13:02:25 UTC is 1317042145 s.
    assert read_stamps(file) == [1678066887700945911, 1317042145594360375, -1_500_000_000, 1_000_000_000_000]
    for text, words in (("1.0\nsoon\n", "line 2: 'soon'"), ("nan\n", "line 1: 'nan'"), ("1.2.3\n", "line 1")):
        file.write_text(text)
        with pytest.raises(InputError, match=words):
            read_stamps(file)


def test_a_rig_beside_the_description_and_one_given(tmp_path: Path) -> None:
    folder = write(tmp_path, 1, rig="mine.yaml")
    (folder / "mine.yaml").write_text(yaml.safe_dump({**RIG, "points": {"frame": "scanner"}}))
    (frame,), _, _ = read(folder)
    assert frame.points_frame == "scanner"
    other = tmp_path / "other.yaml"
    other.write_text(yaml.safe_dump({"camera": {**RIG["camera"], "k": [9, 9, 3.5, 2.5]}}))
    (frame,), _, _ = read(folder, rig=other)
    assert frame.camera.fx_px == 9.0


def test_one_bad_file_costs_only_its_frame(tmp_path: Path) -> None:
    folder = write(tmp_path, 4)
    (folder / "color" / "2.png").write_bytes(b"no picture")
    (folder / "lidar" / "scan3.bin").write_bytes(b"12345")
    frames, source, said = read(folder)
    assert seen(frames) == [(1, 1), (4, 4)]
    assert source.counts.unreadable == 2
    assert "2.png is not a picture that can be read" in said[0]
    assert "scan3.bin has 5 bytes: wanted a multiple of 16" in said[1]


@pytest.mark.parametrize(
    ("description", "words"),
    [
        ({"images": "nothing/*.png"}, "images: no file matches nothing"),
        ({"images": 3}, "is not a pattern"),
        ({"frames": "x"}, "unknown key 'frames'"),
        ({"rate_hz": 0}, "rate_hz: 0 is not a rate"),
        ({"rig": None}, "no intrinsics: give `camera`"),
        ({"rig": "no_such_rig"}, "no rig 'no_such_rig'"),
        ({"rig": 4}, "rig: 4 is not"),
        ({"rig": {"kamera": 1}}, "unknown key 'kamera'"),
        ({"points": "color/1.png"}, "3 images and 1 files of points|unreadable"),
        ({"stamps": "none.txt"}, "cannot be read"),
        ({"stamps": {"points": "p.txt"}}, "wanted a file, or a file each"),
        ({"stamps": "short.txt"}, "has 1 stamps for 3 files of images"),
    ],
)
def test_descriptions_that_cannot_be(tmp_path: Path, description: dict[str, Any], words: str) -> None:
    folder = write(tmp_path, 3, **description)
    (folder / "short.txt").write_text("1\n")
    if description == {"points": "color/1.png"}:
        for number in (2, 3):
            (folder / "color" / f"{number}.png").rename(folder / "color" / f"{number}x.png")
        (folder / "color" / "1.png").rename(folder / "color" / "1x.png")
        (folder / "lidar" / "only.bin").write_bytes(bytes(16))
        text = (folder / "folder.yaml").read_text().replace("color/1.png", "lidar/only.bin")
        (folder / "folder.yaml").write_text(text)
    with pytest.raises((ConfigurationError, InputError), match=words):
        read(folder)


def test_a_folder_without_images_key(tmp_path: Path) -> None:
    (tmp_path / "folder.yaml").write_text("rate_hz: 3\n")
    with pytest.raises(ConfigurationError, match="wanted at least the key images"):
        read(tmp_path)


def test_float_depth_and_pictures_of_another_size(tmp_path: Path) -> None:
    folder = write(tmp_path, 1, points=None, depth="depth/*.npy")
    np.save(folder / "depth" / "1.npy", np.full((3, 4), 2.5, np.float32))
    (frame,), _, _ = read(folder)
    assert frame.depth_m is not None and frame.depth_m.shape == (6, 8) and (frame.depth_m == 2.5).all()
    np.save(folder / "depth" / "1.npy", np.full((6, 6), 2.5, np.float32))
    frames, _, said = read(folder)
    assert frames == [] and "depth image is 6 x 6 and the picture 8 x 6" in said[0]
