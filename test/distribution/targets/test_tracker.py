"""Identities that last: by hand, and whatever comes."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from auxfocus_ros.distribution.objects import SegmentedScene
from auxfocus_ros.distribution.targets import ObjectTracker, TargetState, TrackerOptions
from auxfocus_ros.errors import ConfigurationError, InputError

Thing = tuple[tuple[int, int, int, int], float]
MakeScene = Callable[[Sequence[Thing]], SegmentedScene]


def ids(tracker: ObjectTracker, scene: SegmentedScene, time_s: float) -> list[int]:
    """The id of each object in order of segment, 0: none."""
    found = {target.segment: target.id for target in tracker.update(scene, time_s)}
    return [found.get(thing.segment, 0) for thing in scene.objects]


def test_a_first_frame_confirms_all(segmented: MakeScene) -> None:
    assert ids(ObjectTracker(), segmented([((10, 10, 20, 40), 3), ((100, 10, 20, 40), 3)]), 5.0) == [1, 2]


def test_later_things_wait_for_their_second_frame(segmented: MakeScene) -> None:
    tracker, one, two = ObjectTracker(), ((10, 10, 20, 40), 3.0), ((100, 10, 20, 40), 3.0)
    assert ids(tracker, segmented([one]), 0.0) == [1]
    assert ids(tracker, segmented([one, two]), 0.1) == [1, 0]
    assert ids(tracker, segmented([one]), 0.2) == [1]  # a flicker: it takes no number with it
    assert ids(tracker, segmented([one, two]), 0.3) == [1, 0]
    assert ids(tracker, segmented([one, two]), 0.4) == [1, 2]


def test_fields_are_this_frames(segmented: MakeScene) -> None:
    tracker = ObjectTracker()
    tracker.update(segmented([((10, 10, 20, 40), 3.0)]), 0.0)
    (target,) = tracker.update(segmented([((14, 10, 22, 40), 3.1)]), 0.1)
    assert (target.box_px, target.depth_m, target.state, target.last_seen_s) == ((14, 10, 22, 40), 3.1, TargetState.TRACKED, 0.1)
    assert target.point_count == 880 and target.area_share == 880 / 64000


def test_depth_velocity(segmented: MakeScene) -> None:
    tracker = ObjectTracker()
    for frame in range(20):
        (target,) = tracker.update(segmented([((10, 10, 20, 40), 4.0 + 0.06 * frame)]), 0.05 * frame)
        assert math.isnan(target.depth_velocity_m_per_s) == (frame == 0)
    assert target.depth_velocity_m_per_s == pytest.approx(1.2, rel=0.05)


def test_crossing_people_keep_their_ids(segmented: MakeScene) -> None:
    tracker = ObjectTracker()
    for frame in range(40):
        left, right = (20 + 6 * frame, 60, 24, 80), (260 - 6 * frame, 55, 28, 90)
        seen = ids(tracker, segmented([(left, 4.0), (right, 3.2)]), frame / 20)
        assert seen == [1, 2]


def test_crossing_with_one_hidden_meanwhile(segmented: MakeScene) -> None:
    tracker, order = ObjectTracker(), []
    for frame in range(40):
        far, near = ((20 + 6 * frame, 60, 24, 80), 4.0), ((260 - 6 * frame, 55, 28, 90), 3.2)
        hidden = abs(far[0][0] - near[0][0]) < 26
        order.append(ids(tracker, segmented([near] if hidden else [near, far]), frame / 20))
    assert {seen[0] for seen in order} == {1}
    assert {seen[1] for seen in order if len(seen) == 2} == {2} and [1] in order


def test_two_alike_at_one_depth_pass_each_other(segmented: MakeScene) -> None:
    tracker = ObjectTracker()
    for frame in range(30):
        a, b = (20 + 8 * frame, 60, 24, 80), (252 - 8 * frame, 60, 24, 80)
        seen = ids(tracker, segmented([(a, 4.0), (b, 4.2)]), frame / 20)
        assert seen == [1, 2]


def test_a_pan_that_begins_at_once(segmented: MakeScene) -> None:
    tracker = ObjectTracker()
    things = [((x, 60, 24, 80), depth) for x, depth in ((10, 4.0), (60, 4.1), (110, 4.2), (160, 4.3))]
    for frame in range(30):
        pan = 34 * max(frame - 5, 0)  # nearer to where the next one was than to its own place
        moved = [((x + pan, y, w, h), depth) for (x, y, w, h), depth in things]
        assert ids(tracker, segmented(moved), frame / 20) == [1, 2, 3, 4]


def test_a_short_gap_and_a_long_one(segmented: MakeScene) -> None:
    tracker, scene, nothing = ObjectTracker(TrackerOptions(keep_s=1.0)), segmented([((10, 10, 20, 40), 3.0)]), segmented([])
    assert ids(tracker, scene, 0.0) == [1]
    tracker.update(nothing, 0.5)
    assert ids(tracker, scene, 0.9) == [1]
    tracker.update(nothing, 1.5)
    tracker.update(nothing, 2.0)
    assert ids(tracker, scene, 2.1) == [0]
    assert ids(tracker, scene, 2.2) == [2]


def test_the_chosen_one_is_remembered_longer(segmented: MakeScene) -> None:
    tracker, scene, nothing = ObjectTracker(TrackerOptions(keep_s=0.5)), segmented([((10, 10, 20, 40), 3.0)]), segmented([])
    tracker.update(scene, 0.0)
    tracker.choose(1)
    for frame in range(1, 40):
        tracker.update(nothing, 0.1 * frame)
    assert ids(tracker, scene, 4.0) == [1]


def test_time_that_jumps(segmented: MakeScene) -> None:
    tracker, scene = ObjectTracker(), segmented([((10, 10, 20, 40), 3.0), ((100, 10, 20, 40), 3.0)])
    tracker.update(scene, 100.0)
    assert ids(tracker, scene, 3.0) == [1, 2]  # a recording begins again with the same picture
    other = segmented([((200, 100, 60, 20), 9.0)])
    assert ids(tracker, other, 1.0) == [3]  # with another: at once
    assert ids(tracker, scene, 50.0) == [4, 5]  # and after a long pause


def test_the_chosen_one_outlives_a_jump(segmented: MakeScene) -> None:
    tracker, scene = ObjectTracker(), segmented([((10, 10, 20, 40), 3.0)])
    tracker.update(scene, 100.0)
    tracker.choose(1)
    tracker.update(segmented([]), 0.0)
    assert ids(tracker, scene, 0.1) == [1]


def test_one_that_is_cut_by_another_stays(segmented: MakeScene) -> None:
    """Something passes before a person from the left and leaves ever less of it."""
    tracker = ObjectTracker()
    for frame in range(14):
        cut = 5 * min(frame, 11)
        assert ids(tracker, segmented([((100 + cut, 40, 60 - cut, 120), 5.0)]), frame / 20) == [1]


def test_many_objects_are_bounded(segmented: MakeScene) -> None:
    random = np.random.default_rng(0)
    things = [((int(x), int(y), 3, 3), 5.0) for x, y in random.integers(0, 190, (10_000, 2))]
    things[7000] = ((50, 50, 90, 90), 5.0)
    tracker = ObjectTracker()
    found = tracker.update(segmented(things), 0.0)
    assert len(found) == 300 and any(target.segment == 7001 for target in found)
    assert [target.segment for target in found] == sorted(target.segment for target in found)


def test_depths_that_cannot_be_are_left_out(segmented: MakeScene) -> None:
    tracker = ObjectTracker()
    assert ids(tracker, segmented([((10, 10, 20, 40), math.inf), ((50, 10, 20, 40), math.nan)]), 0.0) == [0, 0]


@pytest.mark.parametrize("time_s", [math.nan, math.inf])
def test_no_time(time_s: float, segmented: MakeScene) -> None:
    with pytest.raises(InputError, match="time must be finite"):
        ObjectTracker().update(segmented([]), time_s)


def test_options_out_of_range() -> None:
    with pytest.raises(
        ConfigurationError, match=r"keep_s is -1, it must be 0 to 60 s; jump_s is NaN, it must be .*; most_objects"
    ):
        TrackerOptions(keep_s=-1, jump_s=math.nan, most_objects=0)


boxes = st.tuples(st.integers(0, 300), st.integers(0, 180), st.integers(1, 120), st.integers(1, 120))
frames = st.lists(
    st.tuples(st.floats(-4, 4), st.lists(st.tuples(boxes, st.floats(0.01, 200)), max_size=6)), min_size=1, max_size=12
)


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(frames)
def test_whatever_comes(segmented: MakeScene, shown: list[tuple[float, list[Thing]]]) -> None:
    tracker, time_s, newest = ObjectTracker(), 0.0, 0
    for number, (step_s, things) in enumerate(shown):
        time_s += step_s
        found = tracker.update(segmented(things), time_s)
        identities = [target.id for target in found]
        assert len(set(identities)) == len(identities) and all(identity > 0 for identity in identities)
        new = [identity for identity in identities if identity > newest]
        assert new == list(range(newest + 1, newest + 1 + len(new)))  # rising, none left out, none used again
        newest = max([newest, *identities])
        assert number or len(found) == len(things)
        for target in found:
            thing = things[target.segment - 1]
            assert (target.box_px, target.depth_m) == thing
            assert not math.isinf(target.depth_velocity_m_per_s)


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(36999, 28)  # by a shift of a whole row, most of those that are judged would fit too
@given(st.integers(0, 2**32), st.integers(2, 30))
def test_apart_and_slow_means_the_same(segmented: MakeScene, seed: int, count: int) -> None:
    """Things on a grid that move less than a third of their size a frame keep their ids, in whatever order they come."""
    random = np.random.default_rng(seed)
    place = np.stack(np.unravel_index(np.arange(count), (6, 5)), axis=1) * 45.0
    speed = random.normal(0, 1.0, (count, 2))
    tracker = ObjectTracker()
    owner: dict[int, int] = {}
    for frame in range(12):
        at = np.round(place + speed * frame + random.normal(0, 0.7, (count, 2))).astype(int)
        order = random.permutation(count)
        things = [((int(at[k, 0]), int(at[k, 1]), 20, 24), 3.0 + 0.1 * k) for k in order]
        for target in tracker.update(segmented(things), frame / 20):
            assert owner.setdefault(target.id, int(order[target.segment - 1])) == order[target.segment - 1]
    assert len(owner) == count
