"""Pairs through the gate, with poses that are given: the verdict, the target, and what is done where nothing can be told."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auxfocus_ros.errors import InputError
from auxfocus_ros.monodepth.classes import ClassTable
from auxfocus_ros.monodepth.gate import Gate, GateOptions, PairDecision, StaticAndDynamic, judge, judge_pair
from auxfocus_ros.monodepth.pose_estimate import PoseEstimate
from auxfocus_ros.optics.camera import CameraModel

TABLE = ClassTable(("ground", "car"), (False, True))
CAMERA = CameraModel(6, 4, 5.0, 5.0, 2.5, 1.5)
GATE = Gate(np.full((4, 4), 0.25))
FIRST, SECOND = (np.full((4, 6, 3), value, np.uint8) for value in (100, 200))
LEFT, RIGHT, NONE = (np.zeros((4, 6), np.uint8) for _ in range(3))
LEFT[1:3, 1:3] = 1
RIGHT[1:3, 2:4] = 1


def along(z: float, metric: bool = False, problem: str = "") -> PoseEstimate:
    pose = np.eye(4)
    pose[2, 3] = z
    return PoseEstimate(pose, metric, problem)


class Told:
    """A PoseEstimator of given poses that keeps what it was asked."""

    def __init__(self, static: PoseEstimate, dynamic: PoseEstimate, whole: PoseEstimate | None = None) -> None:
        self.static, self.dynamic, self.whole = static, dynamic, whole or along(9.0)
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def estimate(self, first: np.ndarray, second: np.ndarray, camera: CameraModel, **what: Any) -> PoseEstimate:
        assert first is FIRST and second is SECOND and camera is CAMERA
        kind = "whole" if not what else "static" if what["prior"] is None else "dynamic"
        self.asked.append((kind, what))
        return {"whole": self.whole, "static": self.static, "dynamic": self.dynamic}[kind]

    @property
    def kinds(self) -> list[str]:
        return [kind for kind, _ in self.asked]


def judged(told: Told, first: np.ndarray = LEFT, second: np.ndarray = RIGHT, **options: Any) -> PairDecision:
    return judge_pair(
        FIRST, SECOND, first, second, camera=CAMERA, estimator=told, gate=GATE, table=TABLE, options=GateOptions(**options)
    )


def test_what_moves_is_cut() -> None:
    told = Told(along(1.0), along(1.5))
    found = judged(told)
    assert found.moving and found.usable
    assert found.reason == "moving: tz differs by 0.5 (threshold 0.25)"
    np.testing.assert_array_equal(found.target_mask, LEFT == 0)
    np.testing.assert_array_equal(found.target_image, np.where(LEFT[..., None] == 1, 0, FIRST))
    assert found.target_pose is told.static
    (_, static), (_, dynamic) = told.asked
    np.testing.assert_array_equal(static["keep_first"], LEFT == 0)
    np.testing.assert_array_equal(static["keep_second"], RIGHT == 0)
    np.testing.assert_array_equal(dynamic["keep_first"], LEFT == 1)
    np.testing.assert_array_equal(dynamic["keep_second"], RIGHT == 1)
    np.testing.assert_array_equal(dynamic["prior"], told.static.matrix)


def test_what_stands_stays() -> None:
    found = judged(Told(along(1.0), along(1.25)))
    assert not found.moving and found.usable
    assert found.target_mask.all()
    assert found.target_image is FIRST
    assert found.decision is not None and found.decision.differences[2, 3] == 0.25


def test_nothing_that_can_move() -> None:
    told = Told(along(1.0), along(5.0))
    found = judged(told, NONE, NONE)
    assert not found.moving and found.usable
    assert found.reason == "nothing in either picture can move: the whole picture is used"
    assert told.kinds == ["static"]
    assert told.asked[0][1] == {"keep_first": None, "keep_second": None, "prior": None}


@pytest.mark.parametrize(
    ("first", "second", "dynamic", "said"),
    [
        (LEFT, NONE, along(1.0), "what can move is seen in the first picture alone"),
        (NONE, RIGHT, along(1.0), "what can move is seen in the second picture alone"),
        (LEFT, RIGHT, along(1.0, problem="too few points"), "the dynamic pose: too few points"),
        (LEFT, RIGHT, along(np.nan), "the dynamic pose: its numbers are not finite"),
        (LEFT, RIGHT, along(1.0, metric=True), "only one of the two poses is in metres"),
    ],
)
def test_what_cannot_be_told_counts_as_moving_unless_wanted_otherwise(
    first: np.ndarray, second: np.ndarray, dynamic: PoseEstimate, said: str
) -> None:
    careful = judged(Told(along(1.0), dynamic), first, second)
    assert careful.reason == f"cannot be told, counts as moving: {said}"
    assert careful.moving and careful.usable and careful.decision is None
    np.testing.assert_array_equal(careful.target_mask, first == 0)
    daring = judged(Told(along(1.0), dynamic), first, second, unsure="whole")
    assert daring.reason == f"cannot be told, counts as standing: {said}"
    assert not daring.moving and daring.usable and daring.target_mask.all()


@pytest.mark.parametrize("policy", ["gate", "always", "never"])
@pytest.mark.parametrize("target_from", ["static", "dynamic"])
@pytest.mark.parametrize("classes", [LEFT, NONE])
def test_a_pair_whose_static_pose_cannot_be_told_is_not_usable(policy: str, target_from: str, classes: np.ndarray) -> None:
    told = Told(along(1.0, problem="a cut between the pictures"), along(1.0))
    found = judged(told, classes, classes, policy=policy, target_from=target_from)
    assert not found.usable
    assert found.problem == "the static pose: a cut between the pictures"
    assert found.reason == f"not usable: {found.problem}"
    assert told.kinds == ["static"]


def test_the_target_pose_of_the_whole_pictures() -> None:
    told = Told(along(1.0), along(1.0), along(3.0))
    assert judged(told, target_from="whole").target_pose is told.whole
    broken = judged(Told(along(1.0), along(1.0), along(3.0, problem="black")), target_from="whole")
    assert broken.problem == "the whole pose: black"
    without = Told(along(1.0), along(1.0), along(3.0))
    assert judged(without, target_from="whole", policy="never").static_pose is None
    assert without.kinds == ["whole"]


def test_the_target_pose_of_the_dynamic_objects() -> None:
    told = Told(along(1.0), along(1.125))
    assert judged(told, target_from="dynamic").target_pose is told.dynamic
    assert told.kinds == ["static", "dynamic"]
    fallen_back = judged(Told(along(1.0), along(1.0)), NONE, NONE, target_from="dynamic")
    assert fallen_back.target_pose is fallen_back.static_pose and fallen_back.usable
    assert fallen_back.reason.endswith("; the target pose is the static one, for the dynamic one cannot be told")
    broken = judged(Told(along(1.0), along(1.0, problem="a plane")), target_from="dynamic")
    assert broken.target_pose is broken.static_pose and broken.usable


@settings(max_examples=30)
@given(static=st.floats(-2, 2), dynamic=st.floats(-2, 2))
def test_variants_without_a_gate(static: float, dynamic: float) -> None:
    told = Told(along(static), along(dynamic))
    always, never, gated = (judged(told, policy=policy) for policy in ("always", "never", "gate"))
    assert always.moving and not never.moving
    assert always.decision is None and always.dynamic_pose is None
    assert gated.moving == (abs(np.float64(static) - dynamic) > 0.25)
    like = always if gated.moving else never
    np.testing.assert_array_equal(gated.target_mask, like.target_mask)
    np.testing.assert_array_equal(gated.target_image, like.target_image)
    assert {id(one.target_pose) for one in (always, never, gated)} == {id(told.static)}


def test_specks_are_no_reason_to_cut() -> None:
    found = judged(Told(along(1.0), along(5.0)), smallest_area_share=0.2)  # 4 of 24 pixels are less
    assert not found.moving and found.dynamic_pose is None


def test_sizes_that_differ() -> None:
    other = CameraModel(8, 4, 5.0, 5.0, 2.5, 1.5)
    one = StaticAndDynamic(FIRST, LEFT == 1)
    with pytest.raises(InputError, match="the first picture has 6 x 4 px, the second 6 x 4, the camera 8 x 4"):
        judge(one, one, other, Told(along(1.0), along(1.0)), GATE)
    with pytest.raises(InputError, match="the second 5 x 4"):
        judge(one, StaticAndDynamic(FIRST[:, 1:], LEFT[:, 1:] == 1), CAMERA, Told(along(1.0), along(1.0)), GATE)
