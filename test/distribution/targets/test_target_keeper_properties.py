"""What holds whatever is shown, found and wished, in whatever order."""

from __future__ import annotations

import math
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auxfocus_ros.distribution.targets import (
    Detection,
    Selection,
    SelectionError,
    SelectionMode,
    TargetKeeper,
    TargetSet,
    TargetSource,
    TargetState,
)
from auxfocus_ros.distribution.targets.attention import rank

HOLD_S = 2.0
boxes = st.tuples(st.integers(0, 300), st.integers(0, 180), st.integers(4, 160), st.integers(4, 160))
numbers = st.one_of(st.floats(-50, 400), st.sampled_from([math.nan, math.inf, -math.inf]))
selections = st.builds(
    Selection,
    st.integers(-1, 7),
    numbers,
    numbers,
    st.tuples(*[st.integers(-50, 350)] * 4),
    st.integers(-1, 12),
    st.one_of(st.just(math.nan), st.floats(90, 130)),
)
detections = st.builds(
    Detection,
    boxes,
    st.sampled_from(["face", "person", "dog"]),
    st.sampled_from([TargetSource.FACE, TargetSource.PERSON, TargetSource.DETECTOR]),
    st.floats(0, 1),
)
steps = st.one_of(
    st.tuples(
        st.just("show"),
        st.lists(st.tuples(boxes, st.floats(0.1, 100)), max_size=4),
        st.one_of(st.floats(0.01, 1.2), st.sampled_from([0.0, 5.0, -20.0])),
        st.sampled_from([0.0, 3.0, 12.0, math.nan, math.inf]),
    ),
    st.tuples(st.just("select"), selections),
    st.tuples(st.just("detect"), st.lists(detections, max_size=3), st.floats(-2.0, 0.2)),
)


def check(found: TargetSet, time_s: float) -> None:
    """What must be true of every set of targets."""
    ids = [target.id for target in found.targets]
    assert len(set(ids)) == len(ids) and all(identity > 0 for identity in ids)
    selected = [target for target in found.targets if target.selected]
    assert [target.id for target in selected] == ([found.selected_id] if found.selected_id else [])
    assert [not target.selected for target in found.targets] == sorted(not target.selected for target in found.targets)
    rest = [rank(target) for target in found.targets if not target.selected]
    assert rest == sorted(rest)
    for target in found.targets:
        for number in (target.depth_m, target.depth_near_m, target.depth_far_m, target.depth_sigma_m, *target.position_m):
            assert not math.isinf(number)
        assert math.isnan(target.depth_m) or target.depth_m > 0
        width, height = target.box_px[2:]
        assert width >= 1 and height >= 1
        if not target.selected:
            assert target.state == TargetState.TRACKED and target.last_seen_s == time_s
            continue
        assert math.isnan(target.depth_m) == (target.state == TargetState.LOST)
        assert (found.message == "") == (target.state == TargetState.TRACKED)
        away_s = time_s - target.last_seen_s
        if target.state == TargetState.TRACKED:
            assert away_s == 0
        else:
            assert (away_s <= HOLD_S) == (target.state == TargetState.HELD)


@settings(deadline=None, max_examples=120, suppress_health_check=list(HealthCheck))
@given(st.lists(steps, max_size=14))
def test_whatever_happens(stage: Any, happened: list[tuple[Any, ...]]) -> None:
    stage.keeper, stage.time_s = TargetKeeper(), 100.0
    shown, last, newest = False, TargetSet(), 0
    for step in happened:
        if step[0] == "show":
            last = stage.show(*step[1], after_s=step[2], wall_m=step[3])
            shown = True
            check(last, stage.time_s)
            newest = max([newest, *(target.id for target in last.targets)])
        elif step[0] == "detect":
            stage.keeper.add_detections(step[1], stage.time_s + step[2])
        else:
            wish = step[1]
            outcome = stage.keeper.select(wish)
            assert outcome.message and "\n" not in outcome.message
            assert outcome.success == (outcome.error == SelectionError.NONE)
            if not 0 <= wish.mode <= 5:
                assert outcome.error == SelectionError.INVALID_MODE
            elif wish.mode != SelectionMode.CLEAR and not shown:
                assert outcome.error == SelectionError.NO_PICTURE
            if not outcome.success:
                assert outcome.target is None
            if outcome.target is not None:
                assert outcome.target.selected and outcome.target.id > 0
                if outcome.target.source in {TargetSource.POINT, TargetSource.BOX, TargetSource.WHOLE_FRAME}:
                    left, top, width, height = outcome.target.box_px
                    assert 0 <= left <= left + width <= 320 and 0 <= top <= top + height <= 200


@settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(st.floats(0.02, 0.9), st.booleans()), min_size=1, max_size=20))
def test_the_states_follow_the_rule(stage: Any, frames: list[tuple[float, bool]]) -> None:
    """One thing that comes and goes where it is: TRACKED when seen, else by how long ago that was, always the same id."""
    stage.keeper, stage.time_s, thing = TargetKeeper(), 100.0, ((40, 60, 40, 100), 4.0)
    stage.show(thing)
    chosen = stage.keeper.select(Selection(SelectionMode.POINT, 60, 100)).target.id
    seen_s = stage.time_s
    for after_s, there in frames:
        found = stage.show(*[thing] * there, after_s=after_s)
        seen_s = stage.time_s if there else seen_s
        away_s = stage.time_s - seen_s
        if away_s > 9.0:  # forgotten
            return
        wanted = TargetState.TRACKED if there else TargetState.HELD if away_s <= HOLD_S else TargetState.LOST
        assert (found.selected_id, found.selected.state) == (chosen, wanted)
