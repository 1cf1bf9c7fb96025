"""`auxfocus bench allinfocus`, stills: its judging by hand, its scenes and rivals, and a small part of it as it is run."""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from auxfocus_ros.allinfocus.quality import psnr_db
from auxfocus_ros.commands import bench_allinfocus_rivals as rivals_module
from auxfocus_ros.commands.bench_allinfocus_fusion import add_options, run_part
from auxfocus_ros.commands.bench_allinfocus_fusion_scores import PSNR, SSIM, real_bars, summary, truth_bars
from auxfocus_ros.commands.bench_allinfocus_fusion_time import FILES, MEMORY, ratios_to_enfuse, ten_frames, time_bars, timed
from auxfocus_ros.commands.bench_allinfocus_rivals import opencv_pyramid, rivals, run_enfuse, sharpest_index, sharpest_pixel
from auxfocus_ros.commands.bench_allinfocus_scenes import (
    TRUTH_SCENES,
    FusionScene,
    TruthScene,
    cards,
    fence,
    real_files,
    real_stacks,
    stack_of,
    wall,
)
from auxfocus_ros.errors import InputError, MissingLibraryError

ENFUSE = pytest.mark.skipif(shutil.which("enfuse") is None, reason="enfuse is not installed")


def row(measure: str, ours: float, **others: float) -> dict[str, Any]:
    """Of one scene and one measure."""
    return {"scene": "s", "scores": {measure: {"focus": ours, "gfdf": 0.0, **others}}}


def judged(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """What `scored` makes of rows: all but our two methods are rivals."""
    others = [name for name in next(iter(rows[0]["scores"].values())) if name not in ("focus", "gfdf")]
    return {"ours": "focus", "rivals": others, "rows": rows, **summary(rows, "focus", others)}


# Judging


def test_margins_and_means_by_hand() -> None:
    said = judged([row("Q_MI", 3.0, a=1.0, b=2.5), row("Q_MI", 2.0, a=2.0, b=0.5)])
    assert said["margins"] == {"Q_MI": [0.5, 0.0]}
    assert said["means"] == {"Q_MI": {"focus": 2.5, "gfdf": 0.0, "a": 1.5, "b": 1.5}}


def test_truth_bars_want_every_scene_and_a_decibel() -> None:
    rows = []
    for ours, enfuse in ((33.0, 31.0), (32.0, 32.0)):
        rows.append(row(PSNR, ours, **{"enfuse, hard": enfuse, "enfuse, soft": 20.0, "sharpest": 30.0}))
        rows[-1]["scores"] |= row(SSIM, 0.9, **{"enfuse, hard": 0.8, "enfuse, soft": 0.7, "sharpest": 0.89})["scores"]
    psnr, ssim, over = truth_bars(judged(rows))
    assert (psnr["figure"], psnr["met"]) == (50.0, False)  # equal is not above
    assert (ssim["figure"], ssim["met"]) == (100.0, True)
    assert (over["figure"], over["met"]) == (1.0, True)  # 32.5 less 31.5


def test_truth_bars_without_enfuse_and_without_scenes() -> None:
    rows = [row(PSNR, 33.0, sharpest=30.0)]
    rows[0]["scores"][SSIM] = {"focus": 0.9, "gfdf": 0.0, "sharpest": 0.8}
    assert [entry["met"] for entry in truth_bars(judged(rows))] == [True, True, False]
    nothing = {"ours": "focus", "rivals": ["sharpest"], "rows": [], **summary([], "focus", ["sharpest"])}
    assert not any(entry["met"] for entry in truth_bars(nothing) + real_bars(nothing))


def test_real_bars_want_the_mean_and_four_scenes_of_five() -> None:
    rows = []
    for ours in (0.6, 0.6, 0.6, 0.6, 0.4):
        rows.append(row("Q_AB/F", ours, a=0.5, b=0.1))
        rows[-1]["scores"] |= row("Q_MI", 1.0, a=1.0, b=0.1)["scores"] | row("Q_Y", ours, a=0.59, b=0.1)["scores"]
    bars = real_bars(judged(rows))
    assert [entry["figure"] for entry in bars] == pytest.approx([-0.06, 80.0, 0.0, 0.0, 0.03, 80.0])
    assert [entry["met"] for entry in bars] == [True, True, False, False, False, True]


def test_time_bar_takes_the_fastest_enfuse_turn_by_turn() -> None:
    rows = [
        {"method": "focus", "includes": FILES, "wall_s": [1.0, 3.0, 2.0], "cpu_s": [2.0, 2.0, 2.0]},
        {"method": "focus", "includes": MEMORY, "wall_s": [0.1] * 3, "cpu_s": [0.1] * 3},
        {"method": "enfuse, soft", "includes": FILES, "wall_s": [9.0, 9.0, 9.0], "cpu_s": [9.0] * 3},
        {"method": "enfuse, hard", "includes": FILES, "wall_s": [4.0, 4.0, 5.0], "cpu_s": [4.0] * 3},
    ]
    result = {"ours": "focus", "frames": 10, "size_px": [2048, 1536], "rows": rows}
    assert ratios_to_enfuse(result, "wall_s") == pytest.approx([0.25, 0.75, 0.4])
    assert time_bars(result)[0]["figure"] == pytest.approx(0.4) and time_bars(result)[0]["met"]
    result["rows"] = rows[:2]
    assert time_bars(result)[0]["figure"] is None and not time_bars(result)[0]["met"]


def test_timing_leaves_the_first_turn_out() -> None:
    calls: list[str] = []
    works = {("a", FILES): lambda: calls.append("a"), ("b", MEMORY): lambda: calls.append("b")}
    wall_s, cpu_s = timed(works, 2)
    assert calls == ["a", "b"] * 3
    assert [len(times) for times in (*wall_s.values(), *cpu_s.values())] == [2] * 4


# Scenes


def test_scenes_are_ten_and_have_names_of_their_own() -> None:
    assert len({scene.name for scene in TRUTH_SCENES}) == len(TRUTH_SCENES) >= 8
    assert all(4 <= scene.frames <= 8 for scene in TRUTH_SCENES)


@pytest.mark.parametrize("sharp", [wall, cards, fence])
def test_photographs_laid_out_in_depth(sharp: Any) -> None:
    picture, depth_m = sharp()
    assert picture.shape == (720, 960, 3) and picture.dtype == np.uint8 and depth_m.shape == (720, 960)
    assert np.isfinite(depth_m).all() and depth_m.max() > 2.0 * depth_m.min()


def test_a_stack_of_cards_has_a_frame_for_each_and_blurs_as_it_is_told() -> None:
    stack = stack_of(TruthScene("cards", cards, 4, 12.0), cards(), 0)
    assert len(stack.frames) == 4 and stack.truth is not None
    _, depth_m = cards()
    for number, at_m in enumerate(sorted(np.unique(depth_m), reverse=True)):
        # What lies well within a card is only noisy in its own frame, and blurred in the one that is farthest from it.
        inside = cv2.erode(np.asarray(depth_m == at_m, np.uint8), np.ones((41, 41), np.uint8)) > 0
        own, far = (stack.frames[index][inside][None] for index in (number, 0 if number > 1 else 3))
        truth = stack.truth[inside][None]
        assert psnr_db(own, truth) > 38.0 and psnr_db(far, truth) < psnr_db(own, truth) - 8.0


def test_real_stacks_are_the_bundled_one_without_the_collection(tmp_path: Path) -> None:
    assert {name: len(files) for name, files in real_files(tmp_path).items()} == {"circuit_board": 7}
    frames, name = ten_frames(tmp_path)
    assert name == "circuit_board" and len(frames) == 10 and frames[0].shape == (1536, 2048, 3)
    assert frames[7] is frames[0]


def test_real_stacks_find_triples_and_align_them(tmp_path: Path) -> None:
    folder = tmp_path / "multifocus_triples"
    folder.mkdir()
    picture, _ = wall()
    for letter, sigma in (("A", 0.5), ("B", 1.0), ("C", 2.0)):
        cv2.imwrite(str(folder / f"lytro-07-{letter}.png"), cv2.GaussianBlur(picture[:480, :480], (0, 0), sigma))
    assert [file.name[-5] for file in real_files(tmp_path)["lytro-07"]] == ["A", "B", "C"]
    (scene,) = real_stacks(tmp_path, quick=True)
    assert scene.name == "lytro-07" and scene.truth is None and len(scene.frames) == 3
    assert {frame.shape for frame in scene.frames} == {scene.frames[0].shape} and min(scene.frames[0].shape[:2]) > 460


# Rivals


@pytest.fixture(scope="module")
def halves() -> FusionScene:
    """Two frames, one sharp on the left, the other on the right."""
    truth = cards()[0][200:440, 300:620]
    soft = cv2.GaussianBlur(truth, (0, 0), 3.0)
    frames = [truth.copy(), truth.copy()]
    frames[0][:, 160:], frames[1][:, :160] = soft[:, 160:], soft[:, :160]
    return FusionScene("halves", tuple(np.asarray(frame, np.uint8) for frame in frames), truth)


def test_the_sharpest_frame_of_each_pixel(halves: FusionScene) -> None:
    index = sharpest_index(halves.frames, 9)
    assert (index[:, :150] == 0).mean() > 0.95 and (index[:, 170:] == 1).mean() > 0.95
    assert np.array_equal(sharpest_pixel(halves.frames), np.where(index[..., None] == 0, *halves.frames))


@ENFUSE
def test_every_rival_makes_more_of_it_than_either_frame(halves: FusionScene) -> None:
    assert halves.truth is not None
    best_frame = max(psnr_db(frame, halves.truth) for frame in halves.frames)
    ways = rivals()
    assert len(ways) == 5
    for name, fuse in ways.items():
        fused = fuse(halves.frames)
        assert fused.shape == halves.truth.shape and fused.dtype == np.uint8, name
        assert psnr_db(fused, halves.truth) > best_frame + 1.0, name


def test_the_pyramid_keeps_what_all_frames_have() -> None:
    frame = cards()[0][:240, :320]
    assert psnr_db(opencv_pyramid([frame, frame]), frame) > 38.0  # it counts in whole levels, at each of its bands


def test_without_enfuse_its_rows_are_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(rivals_module.shutil, "which", lambda _: None)
    assert list(rivals()) == ["OpenCV pyramid", "sharpest pixel"]
    with pytest.raises(MissingLibraryError, match="enfuse is not installed"):
        run_enfuse((), [tmp_path / "a.tif"], tmp_path / "b.tif")


@ENFUSE
def test_enfuse_that_fails_says_so_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="enfuse failed on 1 frames") as said:
        run_enfuse((), [tmp_path / "missing.tif"], tmp_path / "b.tif")
    assert "\n" not in str(said.value)


# As it is run


def options(*words: str) -> argparse.Namespace:
    """As the command line has them."""
    parser = argparse.ArgumentParser()
    add_options(parser)
    return parser.parse_args(words)


def test_the_truth_part_judges_every_method_on_every_scene(capsys: pytest.CaptureFixture[str]) -> None:
    result = run_part("truth", options("--quick"))
    json.dumps(result, allow_nan=False)
    assert [one["scene"] for one in result["rows"]] == ["room 1"]
    assert {"focus", "gfdf", "pyramid", *rivals()} == set(result["rows"][0]["scores"][PSNR])
    assert result["ours"] == "focus" and len(result["bars"]) == 3
    assert "ours less the best rival" in capsys.readouterr().out
