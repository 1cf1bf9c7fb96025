"""Decisions as pictures: what is shown where, and text that is never cut."""

from __future__ import annotations

import numpy as np
import pytest

from auxfocus_ros.monodepth.gate import Gate, GateOptions, PairDecision, StaticAndDynamic, draw_decision
from auxfocus_ros.monodepth.gate.drawing import CELL_PX, CUT, GAP_PX, LINE_PX, PANEL_PX, PAPER, WHOLE
from auxfocus_ros.monodepth.pose_estimate import PoseEstimate

HEIGHT, WIDTH = 260, 520  # as wide as a panel: shown as it is


def decision(dz: float = 0.5, reason: str = "", problem: str = "", **options: str) -> PairDecision:
    rng = np.random.default_rng(0)
    mask = np.zeros((HEIGHT, WIDTH), bool)
    mask[100:200, 50:300] = True
    first, second = (StaticAndDynamic(rng.integers(1, 200, (HEIGHT, WIDTH, 3), dtype=np.uint8), mask) for _ in range(2))
    dynamic = np.eye(4)
    dynamic[2, 3] = dz
    found = Gate(np.full((4, 4), 0.25)).decide(np.eye(4), dynamic)
    poses = PoseEstimate(np.eye(4), False), PoseEstimate(dynamic, False)
    return PairDecision(
        first, second, GateOptions(**options), *poses, poses[0], found, found.moving, reason or found.in_words(), problem
    )  # type: ignore[arg-type]


def ink(picture: np.ndarray, colour: tuple[int, ...]) -> int:
    return int((picture == np.array(colour, np.uint8)).all(axis=2).sum())


def test_both_images_are_shown_as_they_are() -> None:
    one = decision()
    drawn = draw_decision(one)
    top = GAP_PX + LINE_PX
    below = top + HEIGHT + GAP_PX + LINE_PX
    left, right = slice(GAP_PX, GAP_PX + PANEL_PX), slice(2 * GAP_PX + PANEL_PX, 2 * GAP_PX + 2 * PANEL_PX)
    np.testing.assert_array_equal(drawn[below : below + HEIGHT, left], one.first.static)
    np.testing.assert_array_equal(drawn[below : below + HEIGHT, right], one.first.dynamic)
    beside = ~one.first.movable
    beside[98:202, 48:302] = False  # the outline
    for place, seen in ((left, one.first), (right, one.second)):
        tinted = drawn[top : top + HEIGHT, place]
        np.testing.assert_array_equal(tinted[beside], seen.picture[beside])
        inside = tinted[105:195, 55:295].astype(int) - seen.picture[105:195, 55:295]
        assert inside[..., 2].mean() > inside[..., 0].mean() + 50  # towards orange


def test_the_verdict_shows_in_its_colour() -> None:
    moving, standing = draw_decision(decision(0.5)), draw_decision(decision(0.125))
    assert ink(moving, CUT) > 800 and ink(moving, WHOLE) == 0  # the heading, and the frame of tz
    assert ink(standing, WHOLE) > 300 and ink(standing, CUT) == 0
    assert ink(draw_decision(decision(0.5, problem="a cut")), WHOLE) == 0


def test_only_cells_over_their_thresholds_are_framed() -> None:
    moving, standing = draw_decision(decision(0.5)), draw_decision(decision(0.125))
    changed = np.flatnonzero((moving[-180:, : GAP_PX + 4 * CELL_PX + 1] == np.array(CUT, np.uint8)).all(axis=2).any(axis=0))
    left = GAP_PX + 1 + 3 * CELL_PX
    assert changed.min() >= left and changed.max() <= left + CELL_PX  # tz stands in the last column
    assert moving.shape == standing.shape


@pytest.mark.parametrize("text", ["word " * 200, "x" * 700, "a short one", "ä" * 300])
def test_text_is_never_cut(text: str) -> None:
    drawn = draw_decision(decision(reason=text), title=text)
    edges = [drawn[:, -GAP_PX + 2 :], drawn[:, : GAP_PX - 2], drawn[-4:], drawn[:3]]
    assert all(ink(edge, PAPER) == edge.shape[0] * edge.shape[1] for edge in edges)
    if len(text) > 100:
        assert drawn.shape[0] > draw_decision(decision()).shape[0] + 40


@pytest.mark.parametrize("shape", [(1, 1), (7, 300), (900, 20)])
@pytest.mark.parametrize("channels", [(3,), ()])
def test_any_size_and_no_comparison(shape: tuple[int, int], channels: tuple[int, ...]) -> None:
    seen = StaticAndDynamic(np.full((*shape, *channels), 77, np.uint8), np.ones(shape, bool))
    pose = PoseEstimate(np.eye(4), True)
    for policy in ("gate", "always", "never"):
        one = PairDecision(seen, seen, GateOptions(policy=policy), None, None, pose, None, policy == "always", "so")  # type: ignore[arg-type]
        drawn = draw_decision(one)
        assert drawn.shape[1:] == (3 * GAP_PX + 2 * PANEL_PX, 3) and drawn.dtype == np.uint8
        assert ink(drawn, CUT if policy == "always" else WHOLE) > 300
