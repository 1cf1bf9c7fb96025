"""Joint states and gimbal commands from messages, and what of them cannot be."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sensor_msgs.msg import JointState

from auxfocus_ros.errors import InputError
from auxfocus_ros.rig.frame import JointReading
from auxfocus_ros.ros.joint_messages import MOST_JOINTS, make_joint_state, read_gimbal_command, read_joint_state


def test_there_and_back() -> None:
    reading = JointReading(1_500_000_007, ("pan_joint", "tilt_joint"), (0.25, -0.5), (0.0, 1.0))
    assert read_joint_state(make_joint_state(reading)) == reading
    assert read_joint_state(make_joint_state(reading, 42)).stamp_ns == 42


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"name": ["a"], "position": []}, "1 names and 0 positions"),
        ({"name": [], "position": []}, "at least one"),
        ({"name": ["a", "b"], "position": [0.0, math.nan]}, "'b' is not a finite number"),
        ({"name": ["a"] * (MOST_JOINTS + 1), "position": [0.0] * (MOST_JOINTS + 1)}, "wanted as many"),
    ],
)
def test_joint_states_that_cannot_be(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        read_joint_state(JointState(**fields))


def test_velocities_that_do_not_fit_are_left_out() -> None:
    assert read_joint_state(JointState(name=["a"], position=[1.0], velocity=[math.inf])).velocities_rad_per_s == ()
    assert read_joint_state(JointState(name=["a"], position=[1.0], velocity=[1.0, 2.0])).velocities_rad_per_s == ()


NUMBERS = st.lists(st.floats(), max_size=MOST_JOINTS + 3)


@given(st.lists(st.text(max_size=5), max_size=MOST_JOINTS + 3), NUMBERS, NUMBERS)
def test_any_message_is_read_or_refused_in_one_line(names: list[str], positions: list[float], velocities: list[float]) -> None:
    message = JointState(name=names, position=positions, velocity=velocities)
    for read in (read_joint_state, read_gimbal_command):
        try:
            read(message)
        except InputError as error:
            assert "\n" not in str(error)
