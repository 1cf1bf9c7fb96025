"""Captures for wishes: our strategy with its networks, positions as they are asked for, and wishes that cannot be."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest

from auxfocus_ros.allinfocus.blur_map import BlurMap, CellGrid, blur_map_of
from auxfocus_ros.allinfocus.live import Failure, VideoRun
from auxfocus_ros.allinfocus.live.choosing import make_fusing
from auxfocus_ros.allinfocus.live.settings import CaptureSettings, cover_options, video_options
from auxfocus_ros.allinfocus.live.starting import Equipment, make_capture, make_shelf, make_video
from auxfocus_ros.autofocus.live import Bounds
from auxfocus_ros.errors import ConfigurationError
from auxfocus_ros.optics import load_lens
from auxfocus_ros.optics.defocus_model import ThinLensModel

MODEL = ThinLensModel(load_lens("gimbal_25mm_close"))
BEST_STEPS = np.array([[200.0] * 2 + [800.0] * 2] * 3)
"""Of the cells of the world's frames, 128 x 96 px: two depths."""


@dataclass(frozen=True)
class Wanted:
    """A wish."""

    mode: Literal["static", "dynamic"] = "static"
    strategy: str = ""
    positions_steps: tuple[float, ...] = ()
    roi_px: tuple[int, int, int, int] | None = None
    max_frames: int = 0
    max_duration_s: float = 0.0
    directory: Path | None = None


class Exact:
    """Networks that know the scene, by the mark of the glass in the world's pictures."""

    def __init__(self, missing: str = "") -> None:
        self.missing = missing

    def blur_maps(self) -> Any:
        if self.missing:
            raise ConfigurationError(self.missing)
        return self

    def blending(self) -> None:
        return None

    def estimate(self, picture: np.ndarray, cell_px: int) -> BlurMap:
        position = float(np.frombuffer(picture[0, :8].tobytes(), np.float64)[0])
        return blur_map_of(MODEL.radius_px(position, BEST_STEPS), CellGrid(128, 96, cell_px))


SETTINGS = CaptureSettings(cell_px=32)


def begin(world: Any, bounds: Bounds, wish: Wanted, networks: Any = None, **settings: Any) -> Any:
    equipment = Equipment(replace(SETTINGS, **settings), MODEL, networks or Exact())
    shelf = make_shelf(wish, equipment.settings)
    world.run = make_capture(wish, shelf, equipment, world, world.now)
    return shelf


def test_our_strategy_goes_to_both_depths(make_world: Any, bounds: Bounds, tmp_path: Path) -> None:
    world = make_world()
    shelf = begin(world, bounds, Wanted(directory=tmp_path))
    ending = world.finish()
    assert (ending.failure, ending.complete) == (Failure.NONE, True), ending.message
    for best in (200.0, 800.0):
        nearest = min(abs(position - best) for position in ending.positions_steps)
        assert nearest <= float(MODEL.half_depth_of_focus_steps(best))
    assert ending.share_in_focus == pytest.approx(1.0, abs=0.05) and len(ending.positions_steps) <= 5
    assert [frame.position_steps for frame in shelf.close()] == list(ending.positions_steps)
    assert len(list(tmp_path.glob("frame_*.png"))) == len(ending.positions_steps)


def test_a_region_at_one_depth_wants_that_alone(make_world: Any, bounds: Bounds) -> None:
    world = make_world()
    begin(world, bounds, Wanted(roi_px=(64, 0, 64, 96)))
    ending = world.finish()
    assert ending.complete and not any(abs(position - 200.0) < 50.0 for position in ending.positions_steps)
    assert min(abs(position - 800.0) for position in ending.positions_steps) < float(MODEL.half_depth_of_focus_steps(800.0))


def test_positions_are_taken_as_given_and_judged_where_that_can_be(make_world: Any, bounds: Bounds) -> None:
    given = (300.0, 200.0, 300.0)
    for networks, share in ((Exact(), 0.5), (Exact("no weights"), None)):
        world = make_world()
        begin(world, bounds, Wanted(strategy="positions", positions_steps=given), networks, max_frames=1)
        ending = world.finish()
        assert (ending.failure, ending.complete, ending.positions_steps) == (Failure.NONE, True, given)
        assert np.isnan(ending.share_in_focus) if share is None else ending.share_in_focus == pytest.approx(share, abs=0.05)


@pytest.mark.parametrize(
    ("wish", "failure", "words"),
    [
        (Wanted(roi_px=(100, 0, 64, 64)), Failure.INVALID_GOAL, "not within the frames of 128 x 96 px"),
        (Wanted(strategy="positions", positions_steps=(300.0, -5.0)), Failure.OUT_OF_RANGE, "-5 steps are outside"),
        (Wanted(directory=Path("/proc/none")), Failure.INVALID_GOAL, "/proc/none cannot be written to"),
    ],
)
def test_wishes_that_cannot_be(make_world: Any, bounds: Bounds, wish: Wanted, failure: Failure, words: str) -> None:
    world = make_world()
    begin(world, bounds, wish)
    ending = world.finish()
    assert (ending.failure, world.sent) == (failure, []) and words in ending.message


def test_too_little_room_and_missing_networks(
    make_world: Any, bounds: Bounds, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = make_world()
    begin(world, bounds, Wanted(), Exact("no weights"))
    ending = world.finish()
    assert (ending.failure, ending.message) == (Failure.OTHER, "no weights")
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 1000}))
    world = make_world()
    begin(world, bounds, Wanted(directory=tmp_path))
    ending = world.finish()
    assert ending.failure is Failure.DISK_FULL and "MB left" in ending.message


def test_limits_are_the_settings_unless_the_wish_has_its_own(make_world: Any, bounds: Bounds) -> None:
    for wish, settings, frames in ((Wanted(), {"max_frames": 1}, 1), (Wanted(max_frames=2), {"max_frames": 1}, 2)):
        world = make_world()
        begin(world, bounds, wish, **settings)
        ending = world.finish()
        assert (ending.failure, len(ending.positions_steps)) == (Failure.LIMIT_REACHED, frames)


def test_a_video_looks_at_both_depths_in_turn(make_world: Any, bounds: Bounds) -> None:
    world = make_world()
    equipment = Equipment(replace(SETTINGS, keep_frames=0, frame_timeout_s=5.0), MODEL, Exact())
    world.run = run = make_video(Wanted(mode="dynamic"), equipment, world, world.now)
    world.spend(6.0)
    assert isinstance(run, VideoRun) and run.ended is None and len(world.shown) > 20
    seen = world.reports[-1].positions_steps
    assert min(abs(p - 200.0) for p in seen) < 60.0 and min(abs(p - 800.0) for p in seen) < 60.0


def test_depth_from_focus_knows_the_lens_beyond_infinity_too() -> None:
    lens = load_lens("gimbal_25mm_close")  # 40 steps: infinity
    depth_m = make_fusing("focus", lens, 10**9).depth_m
    assert depth_m is not None
    index = np.array([[0.0, 1.0, 2.0, np.nan]], np.float32)
    expected = [np.inf, np.inf, float(lens.focus_distance_m(640.0)), np.nan]
    np.testing.assert_allclose(depth_m(index, [0.0, 40.0, 640.0])[0], expected, rtol=1e-5)
    assert make_fusing("focus", None, 10**9).depth_m is None


def test_settings_are_the_options_of_those_they_belong_to() -> None:
    settings = CaptureSettings(cover_enough=0.9, video_method="flow")
    assert cover_options(settings).enough == 0.9 and video_options(settings).method == "flow"
    with pytest.raises(ConfigurationError, match="cell_px is 48"):
        CaptureSettings(cell_px=48)
