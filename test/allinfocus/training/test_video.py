"""Moving worlds that are exact, sequences that come again, and a training that goes on where it was."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from auxfocus_ros.allinfocus.training import video_data, video_sequences
from auxfocus_ros.allinfocus.training.video_data import SequencePlan, parabola, rows, sequences
from auxfocus_ros.allinfocus.training.video_sequences import Clip, focus_positions, sequence
from auxfocus_ros.allinfocus.training.video_training import VideoTrainingOptions, train
from auxfocus_ros.allinfocus.training.video_worlds import FINER, PlaneWorld, _Plane, draw_world
from auxfocus_ros.autofocus.training.sources import Sources
from auxfocus_ros.optics.lens_file import load_lens

LENS = load_lens("gimbal_25mm_close")
DRAWN = Sources((), 1.0)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Frames and sequences that take no time."""
    for module in (video_sequences, video_data):
        monkeypatch.setattr(module, "WIDTH_PX", 96)
        monkeypatch.setattr(module, "HEIGHT_PX", 64)
        monkeypatch.setattr(module, "FRAMES", 5)
    monkeypatch.setattr(video_data, "HALF", (32, 48))
    monkeypatch.setattr(video_data, "ROWS", 2)


def wall(depth_m: float, velocity_m: list[float], focal_px: float = 200.0) -> PlaneWorld:
    """A wall that faces the camera, which moves; fine pixels."""
    noise = np.random.default_rng(1).standard_normal((400, 400, 3))
    texture = np.clip(128 + 600 * cv2.GaussianBlur(noise, (0, 0), 5.0), 0, 255).astype(np.uint8)
    plane = _Plane(
        texture, None, np.array([0.0, 0.0, depth_m]), np.array([1.0, 0.0, 0.0]), np.array([0.0, 1.0, 0.0]),
        focal_px / depth_m, np.zeros(3),
    )  # fmt: skip
    return PlaneWorld((plane,), focal_px, 160, 120, np.array(velocity_m), np.zeros(3), np.zeros(3))


def test_a_camera_that_moves_to_the_side_shifts_the_picture_by_f_over_z() -> None:
    # Four fine pixels a frame: 0.04 m * 200 px / 2 m, two of those that are given.
    frames = list(wall(2.0, [0.04, 0.0, 0.0]).frames(3))
    assert frames[0].picture.shape == (120 // FINER, 160 // FINER, 3)
    for frame in frames:
        np.testing.assert_allclose(frame.depth_m, 2.0, rtol=1e-5)
    one, two = (frame.picture.astype(float) for frame in frames[:2])
    assert np.abs(two[:, :-2] - one[:, 2:]).mean() < 1.0
    assert np.abs(two - one).mean() > 3.0


def test_a_camera_that_moves_forward_comes_nearer() -> None:
    frames = list(wall(2.0, [0.0, 0.0, 0.1]).frames(4))
    # At -2, -1, 0 and 1 frames from where the wall is 2 m away.
    assert [float(frame.depth_m[30, 40]) for frame in frames] == pytest.approx([2.2, 2.1, 2.0, 1.9])


def test_what_is_near_hides_what_is_far() -> None:
    world = draw_world(np.random.default_rng(3), DRAWN, 200.0, 96, 64)
    alone = [next(iter(_with(world, (plane,)).frames(1))).depth_m for plane in world.planes]
    together = next(iter(world.frames(1))).depth_m
    np.testing.assert_allclose(together, np.min(alone, axis=0), rtol=1e-5)


def _with(world: PlaneWorld, planes: tuple[Any, ...]) -> PlaneWorld:
    return PlaneWorld(planes, world.focal_px, world.width_px, world.height_px, world.velocity_m, world.turn_rad, world.shake_rad)


@pytest.mark.usefixtures("small")
def test_a_sequence_comes_again_by_its_seed_and_is_blurred() -> None:
    captured, true = sequence([1, 2], DRAWN, (), LENS)
    again, _ = sequence([1, 2], DRAWN, (), LENS)
    other, _ = sequence([1, 3], DRAWN, (), LENS)
    assert captured.shape == true.shape == (5, 64, 96, 3)
    np.testing.assert_array_equal(captured, again)
    assert (captured != other).any()
    assert np.abs(captured.astype(float) - true).mean() > 0.3


@pytest.mark.usefixtures("small")
def test_a_clip_is_cut_from(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(video_sequences, "CLIP_SHARE", 1.0)
    rng = np.random.default_rng(5)
    pictures = np.broadcast_to(rng.integers(0, 256, (70, 100, 3), np.uint8), (6, 70, 100, 3))
    Clip(np.array(pictures), np.full((6, 70, 100), 3.0, np.float32)).write(tmp_path / "one.npz")
    _, true = sequence([1, 1], DRAWN, [Clip.read(tmp_path / "one.npz")], LENS)
    alike = np.corrcoef(true[0].ravel(), true[1].ravel())[0, 1]
    assert alike > 0.999  # a clip that stands, whose exposure may change


def test_a_focus_goes_over_the_depths_of_its_scene() -> None:
    depth = np.linspace(0.5, 3.0, 10_000, dtype=np.float32).reshape(100, 100)
    near, far = LENS.position_for_distance(0.55), LENS.position_for_distance(2.95)
    for seed in range(5):
        positions = focus_positions(np.random.default_rng(seed), depth, LENS)
        assert positions.shape == (video_sequences.FRAMES,)
        assert positions.min() == pytest.approx(far, abs=0.3 * (near - far))
        assert positions.max() == pytest.approx(near, abs=0.3 * (near - far))


def test_three_pictures_as_a_parabola() -> None:
    new, old, true = (np.full((2, 2, 3), level, np.uint8) for level in (100, 140, 130))
    square, slope, rest = parabola(new, old, true).reshape(3)
    assert (square, slope, rest) == (1600.0, -2400.0, 900.0)


@pytest.mark.usefixtures("small")
def test_rows_are_made_once_and_again_for_another_policy(tmp_path: Path) -> None:
    plan = SequencePlan((), (), 2, 1, "gimbal_25mm_close", 1.0)
    told: list[tuple[int, int]] = []
    frames = sequences(tmp_path / "frames", plan, lambda done, of: told.append((done, of)))
    assert told == [(1, 2), (2, 2)]
    first = {name: np.array(part) for name, part in rows(tmp_path / "rows", frames, None, {"round": 1}, lambda *_: None).items()}
    assert first["planes"].shape == (4, 10, 32, 48)
    assert first["parabola"].shape == (4, 3, 32, 48)
    told.clear()
    again = rows(tmp_path / "rows", frames, None, {"round": 1}, lambda done, of: told.append((done, of)))
    assert not told
    np.testing.assert_array_equal(again["planes"], first["planes"])

    class Nothing:
        def share(self, planes: np.ndarray) -> np.ndarray:
            return np.zeros(planes.shape[1:], np.float32)

    other = rows(tmp_path / "rows", frames, Nothing(), {"round": 2}, lambda *_: None)
    assert (other["planes"] != first["planes"]).any()


@pytest.mark.usefixtures("small")
def test_a_training_that_is_interrupted_ends_in_the_same_weights(tmp_path: Path) -> None:
    options = VideoTrainingOptions(sequences=2, epochs=2)
    whole = train(options, None, (), tmp_path / "whole", resume=False, told=lambda _: None)
    assert whole.complete

    def interrupt(one: Any) -> None:
        if one.what == "training, round 2" and one.done == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(options, None, (), tmp_path / "halves", resume=False, told=interrupt)
    halves = train(options, None, (), tmp_path / "halves", resume=True, told=lambda _: None)
    assert halves.complete
    for name, value in whole.network.state_dict().items():
        np.testing.assert_allclose(value.numpy(), halves.network.state_dict()[name].numpy(), atol=1e-5)
    assert halves.card["photos_learned_from"] == []
