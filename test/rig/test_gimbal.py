"""Commands to a gimbal: where the joints should be afterwards, what is limited and said, and what is refused."""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auxfocus_ros.errors import ConfigurationError, InputError
from auxfocus_ros.rig.gimbal import RATE_HOLD_S, RUN_UP_S, GimbalCommand, GimbalSetpoint, JointLimits, limit_command, limits_of
from auxfocus_ros.rig.urdf import load_urdf, parse_urdf

PAN, TILT = "pan_joint", "tilt_joint"
LIMITS = limits_of(load_urdf("pan_tilt_gimbal"))
ACCELERATION = 3.0 / RUN_UP_S  # 20 rad/s^2
WHEEL = JointLimits("wheel", -math.inf, math.inf, 2.0, 1.0)


def setpoint(pan: float = 0.0, tilt: float = 0.0, now_s: float = 0.0) -> GimbalSetpoint:
    return GimbalSetpoint(LIMITS, (pan, tilt), now_s)


def go(names: str | Sequence[str], *positions: float) -> GimbalCommand:
    return GimbalCommand((names,) if isinstance(names, str) else tuple(names), positions_rad=positions)


def turn(names: str | Sequence[str], *rates: float) -> GimbalCommand:
    return GimbalCommand((names,) if isinstance(names, str) else tuple(names), velocities_rad_per_s=rates)


def state(target: GimbalSetpoint, now_s: float, joint: int = 0) -> tuple[float, float]:
    angles, velocities = target.at(now_s)
    return float(angles[joint]), float(velocities[joint])


# --- limits ---------------------------------------------------------------------------------------------------------------


def test_limits_of_the_shipped_gimbal() -> None:
    assert (JointLimits(PAN, -2.8, 2.8, 3.0, 0.6), JointLimits(TILT, -0.7, 1.6, 3.0, 0.6)) == LIMITS
    assert LIMITS[0].acceleration_rad_per_s2 == pytest.approx(20.0)


@pytest.mark.parametrize(
    ("joint", "words"),
    [
        ("", "r.urdf: robot 'r' has no joint that moves"),
        ('type="prismatic"><limit lower="0" upper="1" velocity="1" effort="1"/>', "r.urdf: joint 'j' slides"),
        (
            'type="revolute"><limit lower="0" upper="1" velocity="0" effort="1"/>',
            "joint 'j': its <limit> velocity must be above 0",
        ),
        ('type="continuous">', "joint 'j': its <limit> velocity must be above 0 rad/s, got inf"),
    ],
)
def test_what_is_no_gimbal(joint: str, words: str) -> None:
    text = f'<joint name="j" {joint}<parent link="a"/><child link="b"/></joint>' if joint else ""
    links = '<link name="a"/><link name="b"/>' if joint else '<link name="a"/>'
    with pytest.raises(ConfigurationError) as caught:
        limits_of(parse_urdf(f'<robot name="r">{links}{text}</robot>', "r.urdf"))
    assert words in str(caught.value)


# --- angles ---------------------------------------------------------------------------------------------------------------


def test_it_rests_where_it_starts() -> None:
    angles, velocities = setpoint(1.0, -0.5).at(123.0)
    np.testing.assert_array_equal(angles, [1.0, -0.5])
    np.testing.assert_array_equal(velocities, [0.0, 0.0])


def test_to_an_angle_by_hand() -> None:
    target = setpoint()
    assert target.command(go(PAN, 1.5), 10.0) == []
    # Up to 3 rad/s in 0.15 s (0.225 rad), 1.05 rad at 3 rad/s in 0.35 s, down in 0.15 s.
    for time_s, wanted in ((10.15, (0.225, 3.0)), (10.25, (0.525, 3.0)), (10.5, (1.275, 3.0)), (10.65, (1.5, 0.0))):
        assert state(target, time_s) == pytest.approx(wanted, abs=1e-9)
    assert state(target, 11.0) == (1.5, 0.0)
    assert state(target, 11.0, joint=1) == (0.0, 0.0)  # was not named


def test_a_velocity_beside_an_angle_is_the_speed_on_the_way() -> None:
    for speed in (0.5, -0.5):
        target = setpoint()
        assert target.command(GimbalCommand((PAN,), (-1.0,), (speed,)), 0.0) == []
        # 0.025 s and 0.00625 rad up to 0.5 rad/s.
        assert state(target, 1.025) == pytest.approx((-0.50625, -0.5))
        assert state(target, 3.0) == (-1.0, 0.0)


def test_zeros_beside_angles_are_no_speed() -> None:
    target = setpoint()
    target.command(GimbalCommand((PAN, TILT), (1.0, 0.5), (0.0, 0.0)), 0.0)
    assert target.at(1.0)[0].tolist() == [1.0, 0.5]


def test_the_order_of_the_names_is_the_commands() -> None:
    target = setpoint()
    target.command(go((TILT, PAN), 0.5, -1.0), 0.0)
    np.testing.assert_allclose(target.at(2.0)[0], [-1.0, 0.5])


def test_a_new_angle_on_the_way_goes_on_from_there() -> None:
    target = setpoint()
    target.command(go(PAN, 2.0), 0.0)
    target.command(go(PAN, -1.0), 0.3)  # 0.225 + 0.15 * 3 = 0.675 rad, at 3 rad/s: it stops at 0.9 first
    assert state(target, 0.3) == pytest.approx((0.675, 3.0))
    assert state(target, 0.45) == pytest.approx((0.9, 0.0), abs=1e-9)
    assert state(target, 5.0) == (-1.0, 0.0)


# --- rates ----------------------------------------------------------------------------------------------------------------


def test_a_rate_runs_and_ends_without_further_commands() -> None:
    target = setpoint()
    assert target.command(turn(PAN, 1.0), 0.0) == []
    # 0.05 s and 0.025 rad up to 1 rad/s; from 0.5 s on down again: 0.475 rad there, 0.025 rad of braking.
    assert state(target, 0.3) == pytest.approx((0.275, 1.0))
    assert state(target, RATE_HOLD_S) == pytest.approx((0.475, 1.0))
    assert state(target, 0.525) == pytest.approx((0.475 + 0.01875, 0.5))
    assert state(target, 0.55) == pytest.approx((0.5, 0.0), abs=1e-9)
    assert state(target, 60.0) == pytest.approx((0.5, 0.0), abs=1e-9)


def test_a_rate_that_is_repeated_goes_on() -> None:
    target = setpoint(-2.0)
    for number in range(31):
        target.command(turn(PAN, 1.0), 0.1 * number)
    assert state(target, 3.0) == pytest.approx((-2.0 + 3.0 - 0.025, 1.0))
    assert state(target, 10.0) == pytest.approx((-2.0 + 3.5, 0.0), abs=1e-9)


def test_a_rate_stops_at_the_limit_and_says_so_when_it_is_there() -> None:
    target = setpoint(tilt=1.0)
    said = [target.command(turn(TILT, 2.0), 0.1 * number) for number in range(12)]
    # 0.6 rad: 0.1 s and 0.1 rad up to 2 rad/s, 0.2 s of cruise, 0.1 s down: there at 0.4 s.
    assert state(target, 0.4, joint=1) == pytest.approx((1.6, 0.0), abs=1e-9)
    assert said[:4] == [[]] * 4
    assert said[5:] == [["tilt_joint is at its limit of 1.6 rad: it turns no further"]] * 7
    assert target.command(turn(TILT, -2.0), 1.2) == []
    assert state(target, 1.3, joint=1) == pytest.approx((1.5, -2.0))


def test_a_rate_of_zero_stops() -> None:
    target = setpoint()
    target.command(turn(PAN, 3.0), 0.0)
    target.command(turn(PAN, 0.0), 0.25)  # at 0.225 + 0.3 rad
    assert state(target, 0.4) == pytest.approx((0.525 + 0.225, 0.0), abs=1e-9)
    assert state(target, 9.0) == pytest.approx((0.75, 0.0), abs=1e-9)


def test_a_rate_after_its_end_starts_again() -> None:
    target = setpoint()
    target.command(turn(PAN, 1.0), 0.0)
    target.command(turn(PAN, 1.0), 5.0)  # rests at 0.5 rad since 0.55 s
    assert state(target, 5.3) == pytest.approx((0.5 + 0.275, 1.0))


def test_a_joint_without_limits_turns_on() -> None:
    target = GimbalSetpoint([WHEEL], [0.0], 0.0)
    for number in range(200):
        target.command(turn("wheel", 2.0), 0.1 * number)
    # 0.15 s and 0.15 rad up to 2 rad/s.
    assert state(target, 19.9) == pytest.approx((0.15 + 2.0 * 19.75, 2.0))
    assert target.command(go("wheel", 100.0), 19.9) == []
    assert state(target, 100.0) == (100.0, 0.0)


# --- limits enforced and said -----------------------------------------------------------------------------------------------


def test_what_is_limited_is_said() -> None:
    target = setpoint()
    assert target.command(go((PAN, TILT), 3.5, -1.0), 0.0) == [
        "pan_joint 3.5 rad is beyond its limit of 2.8 rad: held there",
        "tilt_joint -1 rad is beyond its limit of -0.7 rad: held there",
    ]
    np.testing.assert_allclose(target.at(5.0)[0], [2.8, -0.7])
    assert target.command(turn(PAN, -9.0), 5.0) == ["pan_joint -9 rad/s is beyond its limit of 3 rad/s: held there"]
    assert state(target, 5.3)[1] == pytest.approx(-3.0)
    assert target.command(GimbalCommand((TILT,), (0.0,), (7.0,)), 6.0) == [
        "tilt_joint 7 rad/s is beyond its limit of 3 rad/s: held there"
    ]
    # Just the limits themselves are none too much.
    assert target.command(go((PAN, TILT), -2.8, 1.6), 7.0) == []


commands = st.one_of(
    st.tuples(st.just("go"), st.floats(-6.0, 6.0), st.one_of(st.none(), st.floats(-6.0, 6.0))),
    st.tuples(st.just("turn"), st.floats(-6.0, 6.0), st.none()),
)


@settings(deadline=None, max_examples=150)
@given(st.lists(st.tuples(st.floats(0.0, 1.0), commands), min_size=1, max_size=12))
def test_whatever_is_commanded_the_joint_keeps_to_its_limits(
    steps: list[tuple[float, tuple[str, float, float | None]]],
) -> None:
    target = setpoint()
    now_s, before = 0.0, (0.0, 0.0)
    for wait_s, (kind, value, speed) in [*steps, (5.0, ("go", 0.0, None))]:
        times = np.linspace(now_s, now_s + wait_s, 12)
        for time_s, last_s in zip(times[1:].tolist(), times[:-1].tolist(), strict=True):
            angle, velocity = state(target, time_s)
            assert -2.8 <= angle <= 2.8
            assert abs(velocity) <= 3.0 + 1e-9
            step_s = time_s - last_s
            assert abs(velocity - before[1]) <= ACCELERATION * step_s + 1e-6
            assert abs(angle - before[0]) <= 3.0 * step_s + 1e-6
            before = (angle, velocity)
        now_s += wait_s
        if kind == "go":
            target.command(GimbalCommand((PAN,), (value,), () if speed is None else (speed,)), now_s)
        else:
            target.command(turn(PAN, value), now_s)
        assert state(target, now_s) == pytest.approx(before, abs=1e-6)  # a command moves nothing at once


@settings(deadline=None, max_examples=50)
@given(st.floats(-2.8, 2.8), st.floats(-2.8, 2.8), st.integers(2, 400))
def test_the_same_command_at_any_rate_is_the_same_motion(start: float, goal: float, count: int) -> None:
    once, often = setpoint(start), setpoint(start)
    once.command(go(PAN, goal), 0.0)
    for time_s in np.linspace(0.0, 2.0, count).tolist():
        often.command(go(PAN, goal), time_s)
        assert state(often, time_s) == state(once, time_s)
    assert state(often, 4.0) == (goal, 0.0)


def test_commands_at_1_khz_that_change_every_time_add_up_no_error() -> None:
    target = setpoint()
    for step in range(3000):
        now_s = 1.7e9 + 1e-3 * step
        goal = 2.0 * math.sin(3e-4 * step)
        target.command(go(PAN, goal), now_s)
    # The goal moves far slower than the joint may, and the last one is reached exactly.
    assert state(target, 1.7e9 + 3.0)[0] == pytest.approx(goal, abs=0.01)
    assert state(target, 1.7e9 + 10.0) == (goal, 0.0)


# --- what is refused --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (GimbalCommand(()), "without joints: name some of pan_joint, tilt_joint"),
        (GimbalCommand((PAN,)), "without positions and velocities"),
        (go("yaw_joint", 1.0), "for 'yaw_joint': the joints are pan_joint, tilt_joint"),
        (go((PAN, PAN), 1.0, 2.0), "names 'pan_joint' twice"),
        (go((PAN, TILT), 1.0), "with 1 positions for 2 joints: wanted one for each"),
        (GimbalCommand((PAN,), (1.0,), (1.0, 2.0)), "with 2 velocities for 1 joints"),
        (go((TILT, PAN), 0.5, math.nan), "with nan rad for 'pan_joint': wanted a finite number"),
        (turn((TILT, PAN), 0.5, -math.inf), "with -inf rad/s for 'pan_joint'"),
        (GimbalCommand((PAN,), (1.0,), (math.nan,)), "with nan rad/s for 'pan_joint'"),
        (GimbalCommand((TILT, "yaw_joint"), (0.5, 0.5)), "for 'yaw_joint'"),
    ],
)
def test_what_is_refused_changes_nothing(command: GimbalCommand, words: str) -> None:
    target = setpoint()
    target.command(go((PAN, TILT), 1.0, 0.25), 0.0)
    with pytest.raises(InputError) as caught:
        target.command(command, 0.1)
    assert words in str(caught.value) and "\n" not in str(caught.value)
    np.testing.assert_array_equal(target.at(3.0)[0], [1.0, 0.25])


def test_times_and_starts_that_cannot_be() -> None:
    for time_s in (math.nan, math.inf):
        with pytest.raises(InputError, match="the time is"):
            setpoint().command(go(PAN, 1.0), time_s)
        with pytest.raises(InputError, match="the time is"):
            setpoint().at(time_s)
    with pytest.raises(InputError, match="1 angles to start from for 2 joints"):
        GimbalSetpoint(LIMITS, (0.0,), 0.0)
    for angle in (2.9, math.nan):
        with pytest.raises(InputError, match=r"pan_joint: it cannot start at .* rad: its limits are -2.8 and 2.8 rad"):
            GimbalSetpoint(LIMITS, (angle, 0.0), 0.0)
    with pytest.raises(InputError, match="wheel: it cannot start at inf"):
        GimbalSetpoint([WHEEL], [math.inf], 0.0)


def test_a_time_before_the_last_command_counts_as_the_commands() -> None:
    target = setpoint(0.5)
    target.command(go(PAN, 1.0), 10.0)
    assert state(target, 3.0) == (0.5, 0.0)
    target.command(go(PAN, -1.0), 9.0)
    assert state(target, 9.5) == (0.5, 0.0)
    assert state(target, 20.0) == (-1.0, 0.0)


def test_threads_command_their_own_joints_without_losing_any() -> None:
    target = setpoint()
    failures: list[BaseException] = []

    def work(name: str, sign: float) -> None:
        try:
            for number in range(400):
                target.command(go(name, sign * number / 1000.0), number / 1000.0)
                target.at(number / 1000.0)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=arguments) for arguments in ((PAN, 1.0), (TILT, -1.0))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    np.testing.assert_array_equal(target.at(5.0)[0], [0.399, -0.399])


def test_a_command_is_limited_for_a_driver_that_carries_it_out_itself() -> None:
    limits = (JointLimits("pan", -1.0, 1.0, 2.0, 1.0), JointLimits("tilt", -0.5, 0.5, 3.0, 1.0))
    command, said = limit_command(GimbalCommand(("tilt", "pan"), (0.7, -0.2), (0.0, 5.0)), limits)
    assert command == GimbalCommand(("tilt", "pan"), (0.5, -0.2), (3.0, 2.0))
    assert len(said) == 2 and "tilt" in said[0] and "pan" in said[1]
    assert limit_command(GimbalCommand(("pan",), (), (-9.0,)), limits)[0] == GimbalCommand(("pan",), (), (-2.0,))
    with pytest.raises(InputError):
        limit_command(GimbalCommand(("pan",), (math.nan,)), limits)
