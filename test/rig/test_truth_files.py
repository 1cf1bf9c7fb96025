"""Frames as plain files: every file readable by itself, and the folder as a recording again."""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import yaml

from auxfocus_ros.errors import ConfigurationError, InputError
from auxfocus_ros.optics import RigidTransform
from auxfocus_ros.rig import Frame, fields_xyz, open_source
from auxfocus_ros.rig.frame_lines import frame_line, parse_frame_line, read_frame_lines
from auxfocus_ros.rig.pcd import load_pcd
from auxfocus_ros.rig.truth_files import TruthFolder


def write(folder: Path, frames: list[Frame], **options: Any) -> Path:
    with TruthFolder(folder, **options) as files:
        for frame in frames:
            files.add(frame)
    return folder


def read(folder: Path, **options: Any) -> tuple[list[Frame], Any, list[str]]:
    said: list[str] = []
    source = open_source("recording", folder, on_problem=said.append, **options)
    return list(source.frames()), source, said


def files_of(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_every_file_can_be_read_by_itself(by_hand: Any, tmp_path: Path) -> None:
    frames = [by_hand.simulated_frame(index) for index in range(2)]
    folder = write(tmp_path / "run", frames)
    kinds = {
        "images": "png",
        "points": "pcd",
        "truth/labels": "png",
        "truth/depth": "tiff",
        "truth/defocus": "tiff",
        "truth/points": "npy",
    }
    wanted = [f"{kind}/{name}.{suffix}" for name in ("000000", "000001") for kind, suffix in kinds.items()]
    assert files_of(folder) == sorted([*wanted, "folder.yaml", "truth.jsonl"])
    truth = frames[1].truth
    maps = {
        "truth/labels/000001.png": truth.labels,
        "truth/depth/000001.tiff": truth.depth_m,
        "truth/defocus/000001.tiff": truth.defocus_px,
    }
    for name, values in {**maps, "images/000001.png": frames[1].picture}.items():
        found = cv2.imread(str(folder / name), cv2.IMREAD_UNCHANGED)
        assert found is not None and found.dtype == values.dtype
        np.testing.assert_array_equal(found, values)
    points, rows = load_pcd(folder / "points" / "000001.pcd")
    np.testing.assert_array_equal(points, frames[1].points)
    assert rows == 1
    np.testing.assert_array_equal(np.load(folder / "truth" / "points" / "000001.npy"), truth.point_labels)


def test_a_line_says_everything_else(by_hand: Any, tmp_path: Path) -> None:
    frame = by_hand.simulated_frame(1)
    folder = write(tmp_path / "run", [frame])
    (line,) = (folder / "truth.jsonl").read_text().splitlines()
    entry = json.loads(line, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))
    assert (entry["name"], entry["stamp_ns"]) == ("000000", 1_050_000_000)
    assert entry["camera"]["fx_px"] == pytest.approx(41.3) and entry["camera"]["distortion"] == []
    assert entry["joints"][-1]["positions_rad"] == pytest.approx([0.1, 0.25])
    assert entry["range"]["range_m"] == 3.5 and entry["range"]["no_echo"] is False
    truth = entry["truth"]
    assert (truth["scene"], truth["seed"], truth["light_level"], truth["lens_position_steps"]) == ("by_hand", 7, 0.5, 1300.0)
    assert truth["scene_time_s"] == pytest.approx(0.052) and truth["beyond_infinity"] is False
    assert truth["world_from_base"][2] == pytest.approx([0.0, 0.0, 1.0, 1.5])
    np.testing.assert_allclose(truth["base_from_optical"], frame.truth.base_from_optical.as_matrix())
    assert set(truth).isdisjoint({"labels", "depth_m", "defocus_px", "point_labels"})
    seen, hidden = truth["things"]
    assert (seen["id"], seen["name"], seen["label"], seen["moving"], seen["pixels"]) == (1, "walker", "person", True, 30)
    assert (seen["box_px"], seen["position_m"], seen["velocity_m_per_s"]) == (
        [10, 4, 5, 6],
        [-0.125, 0.0625, 4.25],
        [0.25, 0.0, 1.5],
    )
    assert (seen["depth_m"], seen["in_focus"]) == (4.0, True)
    assert seen["error_steps"] == pytest.approx(seen["best_position_steps"] - 1300.0)
    assert (hidden["pixels"], hidden["depth_m"], hidden["blur_radius_px"], hidden["position_m"][2]) == (0, None, None, -8.0)


def test_the_folder_plays_again(by_hand: Any, tmp_path: Path) -> None:
    written = [by_hand.simulated_frame(index, position_steps=1100.0 + 100.0 * index) for index in range(3)]
    frames, source, said = read(write(tmp_path / "run", written, name="hand made"))
    assert said == [] and (source.name, source.has_depth) == ("hand made", True)
    assert source.rate_hz == pytest.approx(20.0)
    for before, after in zip(written, frames, strict=True):
        np.testing.assert_array_equal(after.picture, before.picture)
        np.testing.assert_array_equal(fields_xyz(after.points), fields_xyz(before.points))
        # The picture breathes and the extrinsics follow the joints: both differ from frame to frame.
        assert after.camera == before.camera
        np.testing.assert_allclose(after.optical_from_points.as_matrix(), before.optical_from_points.as_matrix(), atol=1e-12)
        for name in ("stamp_ns", "points_frame", "camera_frame", "points_offset_s", "lens", "joints", "range"):
            assert getattr(after, name) == getattr(before, name)


def test_depth_images_and_jpeg_and_no_truth(by_hand: Any, tmp_path: Path) -> None:
    written = [by_hand.simulated_frame(index, depth=True, truth=False) for index in range(2)]
    folder = write(tmp_path / "run", written, jpeg_quality=90)
    assert not (folder / "truth").exists() and (folder / "images" / "000001.jpg").is_file()
    assert json.loads((folder / "truth.jsonl").read_text().splitlines()[0])["truth"] is None
    frames, source, _ = read(folder)
    assert source.has_depth
    for before, after in zip(written, frames, strict=True):
        np.testing.assert_array_equal(after.depth_m, before.depth_m)


def test_a_kind_of_file_that_comes_later_is_described_too(by_hand: Any, tmp_path: Path) -> None:
    from dataclasses import replace

    first = replace(by_hand.simulated_frame(0), points=None, points_frame="", points_offset_s=math.nan)
    folder = write(tmp_path / "run", [first, by_hand.simulated_frame(1)])
    frames, _, _ = read(folder, keep_unmatched=True)
    assert [frame.points is None for frame in frames] == [True, False]
    assert math.isnan(frames[0].points_offset_s)


def test_the_same_frames_give_the_same_bytes(by_hand: Any, tmp_path: Path) -> None:
    folders = [write(tmp_path / name, [by_hand.simulated_frame(index) for index in range(2)], name="run") for name in "ab"]
    names = [files_of(folder) for folder in folders]
    assert names[0] == names[1]
    for name in names[0]:
        assert (folders[0] / name).read_bytes() == (folders[1] / name).read_bytes()


@pytest.mark.parametrize("at", [0, 2])
def test_a_frame_that_fails_leaves_nothing_of_itself(
    by_hand: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    folder, real = tmp_path / "run", Path.write_bytes

    def full_disk(path: Path, data: bytes) -> int:
        if path.name == f"{at:06d}.tiff":
            real(path, data[:10])
            raise OSError(28, "No space left on device")
        return real(path, data)

    with TruthFolder(folder) as files:
        for index in range(at):
            files.add(by_hand.simulated_frame(index))
        monkeypatch.setattr(Path, "write_bytes", full_disk)
        with pytest.raises(InputError, match="run cannot be written: No space left on device"):
            files.add(by_hand.simulated_frame(at))
        assert files.frames == at
        monkeypatch.undo()
        if at == 0:
            assert not folder.exists()
            return
        assert not [name for name in files_of(folder) if f"{at:06d}" in name]
        assert len(read(folder)[0]) == at
        files.add(by_hand.simulated_frame(at))
    assert len(read(folder)[0]) == at + 1


def test_a_picture_without_a_line_is_told_and_left_out(by_hand: Any, tmp_path: Path) -> None:
    folder = write(tmp_path / "run", [by_hand.simulated_frame(index) for index in range(3)])
    lines = (folder / "truth.jsonl").read_text().splitlines(keepends=True)
    (folder / "truth.jsonl").write_text("".join(lines[:2]))
    frames, source, said = read(folder)
    assert [frame.stamp_ns for frame in frames] == [1_000_000_000, 1_050_000_000]
    assert len(said) == 1 and "000002.png: no line says what belongs to it" in said[0]
    assert source.counts.unreadable == 1


def test_the_rig_files_word_wins(by_hand: Any, tmp_path: Path) -> None:
    from auxfocus_ros.rig import parse_rig

    folder = write(tmp_path / "run", [by_hand.simulated_frame(0)])
    rig = parse_rig({"camera": {"width": 32, "height": 24, "k": [30, 30, 16, 12]}, "points": {"frame": "scanner"}}, "rig")
    (frame,), _, _ = read(folder, rig=rig)
    assert (frame.camera.fx_px, frame.points_frame) == (30.0, "scanner")


def spoil_json(line: str) -> str:
    return line[:-5]


def spoil_key(line: str) -> str:
    return json.dumps({key: value for key, value in json.loads(line).items() if key != "camera"})


def spoil_camera(line: str) -> str:
    return json.dumps({**json.loads(line), "camera": {**json.loads(line)["camera"], "fx_px": 0}})


def spoil_stamp(line: str) -> str:
    return json.dumps({**json.loads(line), "stamp_ns": "soon"})


def spoil_pose(line: str) -> str:
    return json.dumps({**json.loads(line), "optical_from_points": [[1, 2], [3, 4]]})


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (spoil_json, "not JSON"),
        (spoil_key, "the key 'camera' is missing"),
        (spoil_camera, "fx_px: a focal length must be greater than 0"),
        (spoil_stamp, "a value that cannot be"),
        (spoil_pose, r"wanted shape \(3, 4\)"),
        (lambda line: "[1]", "not a JSON object"),
    ],
)
def test_lines_that_cannot_be(by_hand: Any, tmp_path: Path, spoil: Callable[[str], str], said: str) -> None:
    folder = write(tmp_path / "run", [by_hand.simulated_frame(index) for index in range(2)])
    lines = (folder / "truth.jsonl").read_text().splitlines()
    (folder / "truth.jsonl").write_text(f"{lines[0]}\n{spoil(lines[1])}\n")
    with pytest.raises(InputError, match=f"truth.jsonl line 2: .*{said}"):
        open_source("recording", folder)


def test_descriptions_that_cannot_be(by_hand: Any, tmp_path: Path) -> None:
    folder = write(tmp_path / "run", [by_hand.simulated_frame(0)])
    about = yaml.safe_load((folder / "folder.yaml").read_text())
    (folder / "folder.yaml").write_text(yaml.safe_dump({**about, "stamps": "times.txt"}))
    with pytest.raises(ConfigurationError, match="no `stamps` beside it"):
        open_source("recording", folder)
    (folder / "folder.yaml").write_text(yaml.safe_dump(about))
    (folder / "truth.jsonl").write_text("\n")
    with pytest.raises(InputError, match=r"truth\.jsonl is empty"):
        open_source("recording", folder)
    (folder / "truth.jsonl").unlink()
    with pytest.raises(InputError, match=r"truth\.jsonl cannot be read"):
        open_source("recording", folder)


def test_where_nothing_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "note").write_text("mine")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ConfigurationError, match="full is there already"):
        TruthFolder(tmp_path / "full")
    with pytest.raises(ConfigurationError, match="no folder"):
        TruthFolder(tmp_path / "no" / "where")
    with TruthFolder(tmp_path / "empty") as files:
        assert (files.frames, files.size_bytes) == (0, 0)
    with TruthFolder(tmp_path / "none"):
        pass
    assert not (tmp_path / "none").exists()


def test_infinity_and_nan_come_back(by_hand: Any) -> None:
    from dataclasses import replace

    frame = by_hand.simulated_frame(0)
    beyond = replace(frame.lens, focus_distance_m=math.nan, near_limit_m=math.nan, far_limit_m=math.nan)
    infinite = replace(frame.lens, focus_distance_m=math.inf, near_limit_m=50.0, far_limit_m=math.inf)
    for lens in (beyond, infinite):
        found = parse_frame_line(frame_line("x", replace(frame, lens=lens))).lens
        assert found is not None
        for name in ("focus_distance_m", "near_limit_m", "far_limit_m"):
            assert getattr(found, name) == pytest.approx(getattr(lens, name), nan_ok=True)
    for range_m in (math.nan, math.inf, 2.5):
        found_range = parse_frame_line(frame_line("x", replace(frame, range=replace(frame.range, range_m=range_m)))).range
        assert found_range is not None and found_range.range_m == pytest.approx(range_m, nan_ok=True)
    bare = parse_frame_line(frame_line("x", replace(frame, lens=None, range=None, truth=None, joints=())))
    assert (bare.lens, bare.range, bare.joints) == (None, None, ())
    assert isinstance(bare.optical_from_points, RigidTransform)


def test_blank_lines_do_not_matter(by_hand: Any, tmp_path: Path) -> None:
    file = tmp_path / "truth.jsonl"
    file.write_text(f"\n{frame_line('a', by_hand.simulated_frame(0))}\n\n")
    assert list(read_frame_lines(file)) == ["a"]
