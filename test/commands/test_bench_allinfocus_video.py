"""The benchmark of video on a small sequence of its own, and the command that trains the network."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from auxfocus_ros.allinfocus.training import video_data, video_sequences
from auxfocus_ros.allinfocus.training.video_worlds import SharpFrame, draw_world
from auxfocus_ros.autofocus.training.sources import Sources
from auxfocus_ros.commands import bench_allinfocus_video, train_video_fusion
from auxfocus_ros.commands.bench_allinfocus_video_runs import METHODS, bench_lens, fused_figures, shots, to_and_fro
from auxfocus_ros.commands.bench_allinfocus_video_scenes import TEST_SCENES

WIDTH_PX, HEIGHT_PX = 160, 128


@pytest.fixture(scope="module")
def frames() -> list[SharpFrame]:
    world = draw_world(np.random.default_rng(7), Sources((), 1.0), 170.0, WIDTH_PX, HEIGHT_PX)
    return list(world.frames(14))


def test_every_method_is_measured_on_the_same_frames(frames: list[SharpFrame]) -> None:
    lens = bench_lens(WIDTH_PX)
    taken = shots(frames, "cycle", 0, lens, 1)
    assert [shot.position_steps for shot in taken[:11]] == pytest.approx((to_and_fro(frames[0].depth_m, lens) * 2)[:11])
    again = shots(frames, "cycle", 0, lens, 1)
    np.testing.assert_array_equal(taken[5].picture, again[5].picture)
    kept = {13: taken[13].picture}
    found = {method: fused_figures(frames, taken, method, lens, kept if method == "none" else None) for method in METHODS}
    np.testing.assert_array_equal(kept[13], taken[13].picture)
    # Nothing is transferred: the share is that of the captured frames' own radii.
    sharp = np.mean([(shot.radius_px <= 0.5 * lens.circle_of_confusion_m / lens.pixel_pitch_m).mean() for shot in taken[7:]])
    assert found["none"]["in_focus"] == pytest.approx(sharp)
    assert found["flow"]["in_focus"] > found["none"]["in_focus"]
    assert found["network"]["psnr_db"] > found["copy"]["psnr_db"]


def test_bars_are_means_over_each_kind_of_motion() -> None:
    def row(motion: str, strategy: str, psnr: float) -> dict[str, Any]:
        methods = {method: {"psnr_db": 20.0, "in_focus": 0.25} for method in METHODS}
        methods["network"] = {"psnr_db": psnr, "in_focus": 0.75}
        return {"motion": motion, "strategy": strategy, "methods": methods}

    rows = [row("axial", "cover", 22.0), row("axial", "cover", 25.0), row("axial", "source", 0.0), row("objects", "cover", 21.0)]
    found = bench_allinfocus_video.bars(rows, {"rate_hz": 14.0})
    said = [(one["figure"], one["met"]) for one in found]
    assert said == [(3.5, True), (3.5, True), (0.5, True), (1.0, False), (1.0, True), (0.5, True), (14.0, False)]
    assert found[0]["what"] == "axial: fused frame above the captured frame"


def test_examples_are_three_pictures_beside_each_other(tmp_path: Path, frames: list[SharpFrame]) -> None:
    taken = shots(frames[:2], "cycle", 0, bench_lens(WIDTH_PX), 1)
    bench_allinfocus_video.save_examples(tmp_path / "new", "table, forward", frames, taken, {1: frames[0].picture})
    shown = cv2.imread(str(tmp_path / "new" / "video_table_forward_1.png"))
    np.testing.assert_array_equal(shown, np.hstack([taken[1].picture, frames[0].picture, frames[1].picture]))


def test_no_scene_of_the_benchmark_is_trained_on() -> None:
    assert not {moving.scene for moving in TEST_SCENES.values()} & set(train_video_fusion.SCENES)
    assert {"transverse", "axial", "objects"} == {moving.motion for moving in TEST_SCENES.values()}


def test_the_training_leaves_weights_with_their_card(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for module in (video_sequences, video_data):
        monkeypatch.setattr(module, "WIDTH_PX", 96)
        monkeypatch.setattr(module, "HEIGHT_PX", 64)
        monkeypatch.setattr(module, "FRAMES", 5)
    monkeypatch.setattr(video_data, "HALF", (32, 48))
    monkeypatch.setattr(video_data, "ROWS", 2)
    parser = argparse.ArgumentParser()
    train_video_fusion.add_parser(parser.add_subparsers())
    words = ["video_fusion", "--no-scenes", "--sequences", "2", "--epochs", "1", "-o", str(tmp_path / "w"), "--json"]
    arguments = parser.parse_args(words)
    assert arguments.run(arguments) == 0
    card = json.loads(capsys.readouterr().out)
    assert card["command"] == "auxfocus train video_fusion --seed 1 --sequences 2 --epochs 1 --no-scenes -o w"
    assert Path(card["weights_file"]).is_file()
    assert json.loads((tmp_path / "w" / "video_fusion.json").read_text(encoding="utf-8"))["weights"] == card["weights"]
    assert card["command"] in (tmp_path / "w" / "video_fusion.md").read_text(encoding="utf-8")
