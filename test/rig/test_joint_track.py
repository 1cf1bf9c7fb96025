"""Joint states at times between them: interpolation, its ends, gaps, new starts and disorder."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auxfocus_ros.errors import InputError
from auxfocus_ros.rig.frame import JointReading
from auxfocus_ros.rig.joint_track import JointTrack

MS = 1_000_000
START_NS = 1_700_000_000_000_000_000


def reading(at_ms: float, **positions: float) -> JointReading:
    return JointReading(START_NS + round(at_ms * MS), tuple(positions), tuple(positions.values()))


def track(*readings: JointReading, **options: float) -> JointTrack:
    joints = JointTrack(**options)
    for item in readings:
        joints.add(item)
    return joints


def at(joints: JointTrack, at_ms: float, *names: str) -> dict[str, float]:
    return joints.at(START_NS + round(at_ms * MS), names or None)


def test_between_two_readings_the_angle_is_linear() -> None:
    joints = track(reading(0, pan=1.0, tilt=0.0), reading(20, pan=2.0, tilt=-0.4), reading(40, pan=2.0, tilt=0.0))
    assert at(joints, 0) == {"pan": 1.0, "tilt": 0.0}
    assert at(joints, 20) == {"pan": 2.0, "tilt": -0.4}
    assert at(joints, 5) == pytest.approx({"pan": 1.25, "tilt": -0.1})
    assert at(joints, 30) == pytest.approx({"pan": 2.0, "tilt": -0.2})
    assert at(joints, 30, "tilt") == pytest.approx({"tilt": -0.2})
    assert joints.latest_ns == START_NS + 40 * MS


@settings(deadline=None)
@given(st.floats(-2.0, 2.0), st.floats(-3.0, 3.0), st.lists(st.integers(1, 100), min_size=2, max_size=20), st.floats(0.0, 1.0))
def test_a_steady_motion_is_met_at_every_time(start: float, rate: float, gaps_ms: list[int], share: float) -> None:
    joints, at_ms = JointTrack(keep_s=10.0), 0
    for gap_ms in gaps_ms:
        joints.add(reading(at_ms, pan=start + rate * at_ms * 1e-3))
        at_ms += gap_ms
    last_ms = at_ms - gaps_ms[-1]
    asked_ms = -20 + share * (last_ms + 40)  # the margins too
    assert at(joints, asked_ms)["pan"] == pytest.approx(start + rate * asked_ms * 1e-3, abs=1e-6)


def test_a_little_beyond_the_ends_the_line_goes_on() -> None:
    joints = track(reading(0, pan=0.0), reading(10, pan=0.1), reading(20, pan=0.2), reading(30, pan=0.2))
    # To the reading 20 ms inside: from (10, 0.1) to (30, 0.2) at the end, from (0, 0) to (20, 0.2) at the start.
    assert at(joints, 50)["pan"] == pytest.approx(0.3)
    assert at(joints, -20)["pan"] == pytest.approx(-0.2)
    assert at(track(reading(0, pan=0.7)), 15) == {"pan": 0.7}
    assert at(track(reading(0, pan=0.7)), -15) == {"pan": 0.7}


def test_further_out_it_is_said_by_how_much() -> None:
    joints = track(reading(0, pan=0.0), reading(100, pan=0.1))
    with pytest.raises(InputError, match=r"pan: the time asked for is 0\.021 s too late: it is after the last"):
        at(joints, 121)
    with pytest.raises(InputError, match=r"pan: the time asked for is 5\.000 s too early: it is before the first"):
        at(joints, -5000)
    wide = track(reading(0, pan=0.0), reading(100, pan=0.1), extrapolate_s=0.05)
    assert at(wide, 150)["pan"] == pytest.approx(0.15)
    none = track(reading(0, pan=0.0), reading(100, pan=0.1), extrapolate_s=0.0)
    with pytest.raises(InputError, match="too late"):
        at(none, 101)


def test_joint_states_that_stopped_for_a_while_say_nothing_of_it() -> None:
    joints = track(reading(0, pan=0.0), reading(500, pan=0.5), reading(1100, pan=0.6))
    assert at(joints, 250)["pan"] == pytest.approx(0.25)
    with pytest.raises(InputError, match=r"pan: its joint states pause for 0\.600 s"):
        at(joints, 800)
    # Beyond the end the gap tells no speed.
    assert at(joints, 1110)["pan"] == 0.6


def test_old_readings_are_dropped() -> None:
    joints = JointTrack(keep_s=0.1)
    for number in range(100):
        joints.add(reading(10 * number, pan=0.01 * number))
    assert at(joints, 895)["pan"] == pytest.approx(0.895)
    with pytest.raises(InputError, match="too early"):
        at(joints, 860)


def test_stamps_that_jump_back_start_anew() -> None:
    joints = track(reading(0, pan=0.0, tilt=0.0), reading(1000, pan=1.0, tilt=1.0), reading(50, pan=5.0))
    assert joints.latest_ns == START_NS + 50 * MS
    assert at(joints, 50) == {"pan": 5.0}  # of the tilt nothing is known any more


def test_a_little_disorder_is_put_in_order() -> None:
    joints = track(reading(0, pan=0.0), reading(40, pan=0.4), reading(20, pan=0.1))
    assert at(joints, 10)["pan"] == pytest.approx(0.05)
    assert at(joints, 30)["pan"] == pytest.approx(0.25)


def test_a_second_reading_of_a_stamp_replaces_the_first() -> None:
    joints = track(reading(0, pan=0.0), reading(20, pan=9.0), reading(20, pan=0.2), reading(40, pan=0.4))
    assert at(joints, 20) == {"pan": 0.2}
    assert at(joints, 30)["pan"] == pytest.approx(0.3)


def test_joints_of_two_publishers_each_have_their_own_times() -> None:
    joints = track(reading(0, pan=0.0), reading(5, wheel=1.0), reading(40, pan=0.4), reading(25, wheel=2.0))
    assert at(joints, 15) == pytest.approx({"pan": 0.15, "wheel": 1.5})
    with pytest.raises(InputError, match=r"wheel: the time asked for is .* too late"):
        at(joints, 50)
    assert at(joints, 50, "pan")["pan"] == pytest.approx(0.5)
    # The newest of the wheel is older than that of the pan, and is still no jump back.
    assert joints.latest_ns == START_NS + 40 * MS


def test_an_encoder_that_starts_again_after_a_turn_goes_the_short_way() -> None:
    joints = track(reading(0, pan=math.pi - 0.1), reading(20, pan=-math.pi + 0.1))
    assert at(joints, 10)["pan"] == pytest.approx(math.pi)
    assert at(joints, 15)["pan"] == pytest.approx(math.pi + 0.05)


def test_what_is_not_known() -> None:
    joints = JointTrack()
    assert joints.latest_ns is None
    with pytest.raises(InputError, match="there are no joint states yet"):
        at(joints, 0)
    joints.add(reading(0, pan=0.0, tilt=math.nan))
    assert at(joints, 0) == {"pan": 0.0}
    with pytest.raises(InputError, match="no joint states of 'tilt': heard of are pan"):
        at(joints, 0, "tilt")
    with pytest.raises(InputError, match="with 1 positions for 2 joints"):
        joints.add(JointReading(START_NS, ("pan", "tilt"), (0.0,)))
    assert at(joints, 0) == {"pan": 0.0}
