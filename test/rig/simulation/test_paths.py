"""Paths are pure, smooth, of the speed asked for, and go on for ever."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from auxfocus_ros.errors import ConfigurationError, InputError
from auxfocus_ros.rig.simulation.paths import Path, Standing, parse_path
from auxfocus_ros.rig.simulation.progress import RAMP_S, TURN_S

LINE = {"kind": "line", "from_m": [1, 0, 0], "to_m": [7, 0, 0], "speed_m_per_s": 1.2}
CIRCLE = {"kind": "circle", "centre_m": [3, 4, 2], "radius_m": 2, "speed_m_per_s": 1}
SQUARE = {"kind": "waypoints", "points_m": [[0, 0, 0], [4, 0, 0], [4, 4, 0], [0, 4, 0]], "speed_m_per_s": 2.0, "closed": True}
WAY = {"kind": "waypoints", "points_m": [[0, 0, 0], [3, 1, 0], [5, 5, 1]], "speed_m_per_s": 1.5}
SWAY = {"kind": "sway", "centre_m": [1, 2, 3], "amplitude_m": [0.1, 0, 0], "period_s": 4}


def path(entry: dict[str, Any], **changes: Any) -> Path:
    return parse_path({**entry, **changes}, "path")


def speed_at(way: Path, time_s: float) -> float:
    return float(np.linalg.norm(way.at(time_s).velocity_m_per_s))


# Values worked out by hand


def test_line_there_and_back() -> None:
    assert (RAMP_S, TURN_S) == (0.6, 0.9)  # the numbers below follow from these
    way = path(LINE)
    start = way.at(0.0)
    np.testing.assert_allclose(start.position_m, [1, 0, 0])
    np.testing.assert_allclose(start.velocity_m_per_s, 0)
    # Half of the ramp: half of the speed, 1.2 * 0.6 * (0.5^3 - 0.5^4 / 2) m.
    ramp = way.at(0.3)
    np.testing.assert_allclose(ramp.position_m, [1.0675, 0, 0], atol=1e-12)
    np.testing.assert_allclose(ramp.velocity_m_per_s, [0.6, 0, 0], atol=1e-12)
    # A ramp covers half of what full speed would: at 1 s it is where it would have been at 0.7 s.
    np.testing.assert_allclose(way.at(1.0).position_m, [1 + 1.2 * 0.7, 0, 0])
    # 6 m take 5 s and 0.6 s for the two ramps; turning takes 0.9 s, to the left.
    end = way.at(5.6)
    np.testing.assert_allclose(end.position_m, [7, 0, 0], atol=1e-12)
    np.testing.assert_allclose(end.velocity_m_per_s, 0, atol=1e-12)
    assert way.at(6.05).heading_rad == pytest.approx(math.pi / 2)
    back = way.at(6.5 + 2.8)
    np.testing.assert_allclose(back.position_m, [4, 0, 0], atol=1e-12)
    np.testing.assert_allclose(back.velocity_m_per_s, [-1.2, 0, 0], atol=1e-12)
    assert abs(back.heading_rad) == pytest.approx(math.pi)
    assert back.travelled_m == pytest.approx(9.0)
    # Once there and back: 2 * (5.6 + 0.9) s, 12 m.
    again = way.at(13.0 * 1000 + 1.0)
    np.testing.assert_allclose(again.position_m, [1 + 1.2 * 0.7, 0, 0], atol=1e-9)
    assert again.heading_rad == pytest.approx(0.0)
    assert again.travelled_m == pytest.approx(12_000 + 0.84)


def test_line_again_jumps_at_full_speed() -> None:
    way = path(LINE, turn="again")
    np.testing.assert_allclose(way.at(0.0).velocity_m_per_s, [1.2, 0, 0])
    np.testing.assert_allclose(way.at(5.0 - 1e-9).position_m, [7, 0, 0], atol=1e-6)
    np.testing.assert_allclose(way.at(5.0 + 1e-9).position_m, [1, 0, 0], atol=1e-6)
    np.testing.assert_allclose(way.at(7.5).position_m, [4, 0, 0])
    assert way.at(7.5).travelled_m == pytest.approx(9.0)


def test_line_stops_for_ever() -> None:
    for time_s in (5.6, 6.0, 1e6):
        point = path(LINE, turn="stop").at(time_s)
        np.testing.assert_allclose(point.position_m, [7, 0, 0], atol=1e-12)
        np.testing.assert_allclose(point.velocity_m_per_s, 0, atol=1e-12)
        assert (point.heading_rad, point.travelled_m) == (0.0, pytest.approx(6.0))


def test_a_line_too_short_for_its_ramps_is_still_gone() -> None:
    # 0.3 m at 1.2 m/s: both ramps last 0.25 s and meet in the middle, at full speed.
    way = path(LINE, to_m=[1.3, 0, 0], turn="stop")
    np.testing.assert_allclose(way.at(0.25).position_m, [1.15, 0, 0], atol=1e-12)
    np.testing.assert_allclose(way.at(0.25).velocity_m_per_s, [1.2, 0, 0], atol=1e-12)
    np.testing.assert_allclose(way.at(0.5).position_m, [1.3, 0, 0], atol=1e-12)


def test_circle_both_ways_round() -> None:
    # A quarter of 2 pi 2 m takes pi seconds at 1 m/s.
    left, right = path(CIRCLE), path(CIRCLE, speed_m_per_s=-1)
    for way, sign in ((left, 1), (right, -1)):
        np.testing.assert_allclose(way.at(0.0).position_m, [5, 4, 2])
        np.testing.assert_allclose(way.at(0.0).velocity_m_per_s, [0, sign, 0])
        quarter = way.at(math.pi)
        np.testing.assert_allclose(quarter.position_m, [3, 4 + 2 * sign, 2], atol=1e-12)
        np.testing.assert_allclose(quarter.velocity_m_per_s, [-1, 0, 0], atol=1e-12)
        assert abs(quarter.heading_rad) == pytest.approx(math.pi)
        assert quarter.travelled_m == pytest.approx(math.pi)
    np.testing.assert_allclose(path(CIRCLE, phase_rad=math.pi / 2).at(0.0).position_m, [3, 6, 2])


def test_headings() -> None:
    assert path(CIRCLE, heading="inward").at(0.0).heading_rad == pytest.approx(math.pi)
    assert path(CIRCLE, heading="inward").at(math.pi).heading_rad == pytest.approx(-math.pi / 2)
    assert path(CIRCLE, heading=1.5).at(2.0).heading_rad == 1.5
    assert path(LINE, heading=7.0).at(2.0).heading_rad == pytest.approx(7.0 - 2 * math.pi)
    assert path(WAY).at(0.0).heading_rad == pytest.approx(math.atan2(*path(WAY).at(0.1).velocity_m_per_s[1::-1]), abs=0.02)
    assert path(SWAY, heading=-1).at(3.0).heading_rad == -1.0
    # Straight up has no heading, but may be given one.
    assert path(LINE, to_m=[1, 0, 6], heading=0.5).at(2.0).heading_rad == 0.5


def test_sway() -> None:
    way = path(SWAY)
    np.testing.assert_allclose(way.at(1.0).position_m, [1.1, 2, 3])
    np.testing.assert_allclose(way.at(3.0).position_m, [0.9, 2, 3])
    np.testing.assert_allclose(way.at(2.0).velocity_m_per_s, [-0.1 * math.pi / 2, 0, 0])
    # Four amplitudes a period.
    assert way.at(4.0).travelled_m == pytest.approx(0.4, rel=1e-3)
    assert way.at(40.0).travelled_m == pytest.approx(4.0, rel=1e-3)


def test_pauses() -> None:
    # From rest to rest 2 m take 2 s and 0.6 s; then it stands for 3 s; the remaining 4 m begin from rest too.
    way = path(LINE, speed_m_per_s=1, turn="stop", pauses=[[2, 3]])
    for time_s in (2.6, 4.0, 5.6):
        np.testing.assert_allclose(way.at(time_s).position_m, [3, 0, 0], atol=1e-12)
        np.testing.assert_allclose(way.at(time_s).velocity_m_per_s, 0, atol=1e-12)
    np.testing.assert_allclose(way.at(5.6 + 1.0).position_m, [3.7, 0, 0])
    np.testing.assert_allclose(way.at(5.6 + 4.6).position_m, [7, 0, 0], atol=1e-12)
    # There and back it stands there both times; at an end it stands before it turns.
    both = path(LINE, speed_m_per_s=1, pauses=[[2, 3], [6, 10]])
    arrives = 2.6 + 3 + 4.6
    np.testing.assert_allclose(both.at(arrives + 9.0).position_m, [7, 0, 0], atol=1e-12)
    assert both.at(arrives + 9.0).heading_rad == 0.0
    assert abs(both.at(arrives + 10.0 + TURN_S).heading_rad) == pytest.approx(math.pi)
    np.testing.assert_allclose(both.at(arrives + 10 + TURN_S + 4.6 + 1.5).position_m, [3, 0, 0], atol=1e-12)
    # On a closed curve: every lap, also at its start.
    ring = path(CIRCLE, pauses=[[0, 5]])
    lap = 5 + 4 * math.pi + 0.6
    for time_s in (2.0, lap + 2.0, 7 * lap + 4.9):
        np.testing.assert_allclose(ring.at(time_s).position_m, [5, 4, 2], atol=1e-9)
    assert speed_at(ring, lap + 5 + 3.0) == pytest.approx(1.0)


@pytest.mark.parametrize("entry", [LINE, {**LINE, "turn": "stop"}, {**LINE, "turn": "again"}, CIRCLE, SQUARE, WAY, SWAY])
def test_start_s_is_stood_at_the_start_and_left_smoothly(entry: dict[str, Any]) -> None:
    way = path(entry, start_s=2.0)
    for time_s in (0.0, 1.0, 2.0):
        np.testing.assert_allclose(way.at(time_s).position_m, path(entry).at(0.0).position_m, atol=1e-9)
        assert speed_at(way, time_s) == 0.0
        assert way.at(time_s).travelled_m == 0.0
    assert 0.0 < speed_at(way, 2.0 + 1e-3) < 1e-3
    assert speed_at(way, 2.0 + RAMP_S + 0.1) > 0.05


def test_a_closed_curve_goes_on_at_full_speed_after_its_first_lap() -> None:
    way = path(CIRCLE, start_s=1.0)
    lap = 4 * math.pi
    np.testing.assert_allclose(way.at(1.0 + 0.3 + lap).position_m, [5, 4, 2], atol=1e-9)
    assert all(speed_at(way, 1.0 + 0.3 + lap + shift) == pytest.approx(1.0) for shift in (-0.5, -1e-6, 1e-6, 0.5))


def test_waypoints_pass_through_their_points() -> None:
    for entry in (SQUARE, WAY):
        way = path(entry)
        seen = np.array([way.at(time_s).position_m for time_s in np.arange(0.0, 12.0, 0.002)])
        for point in entry["points_m"]:  # type: ignore[attr-defined]
            assert np.linalg.norm(seen - point, axis=1).min() < 3e-3


def test_length_of_a_closed_curve() -> None:
    # Through the corners of a square a smooth curve is about their circle, of radius 4 / sqrt 2: 17.77 m round.
    way = path(SQUARE)
    seen = np.array([way.at(time_s).position_m for time_s in np.linspace(0.0, 9.0, 20_001)])
    radius = np.linalg.norm(seen[:, :2] - 2.0, axis=1)
    assert radius.min() > 2.7 and radius.max() < 3.0
    steps = np.linalg.norm(np.diff(seen, axis=0), axis=1)
    first_lap = int(np.argmax(np.cumsum(steps) > 10.0))
    home_s = float(np.linspace(0.0, 9.0, 20_001)[first_lap + np.linalg.norm(seen[first_lap:], axis=1).argmin()])
    assert 2.0 * home_s == pytest.approx(2 * math.pi * 4 / math.sqrt(2), rel=0.02)
    np.testing.assert_allclose(way.at(home_s + 1.0).position_m, way.at(1.0).position_m, atol=2e-3)


def test_standing() -> None:
    point = Standing(np.array([1.0, 2.0, 3.0]), 0.5).at(1e4)
    np.testing.assert_array_equal(point.position_m, [1, 2, 3])
    np.testing.assert_array_equal(point.velocity_m_per_s, 0)
    assert (point.heading_rad, point.travelled_m) == (0.5, 0.0)


# Properties

coordinate = st.integers(-8, 8).map(float)
places = st.tuples(coordinate, coordinate, st.integers(-1, 1).map(float)).map(list)
speeds = st.floats(0.1, 20.0)
waits = st.sampled_from([0.0, 0.7])
lines = st.builds(
    lambda a, b, speed, turn: {"kind": "line", "from_m": a, "to_m": b, "speed_m_per_s": speed, "turn": turn, "heading": 0.0},
    places, places, speeds, st.sampled_from(["there_and_back", "stop"]),
)  # fmt: skip
circles = st.builds(
    lambda centre, radius, speed, sign, phase: {
        "kind": "circle", "centre_m": centre, "radius_m": radius, "speed_m_per_s": sign * speed, "phase_rad": phase,
    },
    places, st.floats(0.2, 50.0), speeds, st.sampled_from([-1, 1]), st.floats(-7, 7),
)  # fmt: skip
curves = st.builds(
    lambda points, speed, closed: {
        "kind": "waypoints", "points_m": points, "speed_m_per_s": speed, "closed": closed, "heading": 0,
    },
    st.lists(places, min_size=3, max_size=6, unique_by=tuple), speeds, st.booleans(),
)  # fmt: skip
sways = st.builds(
    lambda centre, amplitude, period: {"kind": "sway", "centre_m": centre, "amplitude_m": amplitude, "period_s": period},
    places, st.lists(st.floats(-0.5, 0.5), min_size=3, max_size=3), st.floats(0.5, 20.0),
)  # fmt: skip
moments = st.floats(0.01, 200.0)


def made(entry: dict[str, Any], start_s: float) -> Path:
    try:
        return parse_path({**entry, "start_s": start_s}, "path")
    except ConfigurationError as error:
        assume("both" not in str(error) and "turns back" not in str(error))
        raise


def top_speed(entry: dict[str, Any]) -> float:
    if entry["kind"] == "sway":
        return 2 * math.pi / float(entry["period_s"]) * float(np.linalg.norm(entry["amplitude_m"]))
    return abs(float(entry["speed_m_per_s"]))


@settings(max_examples=150, deadline=None)
@given(st.one_of(lines, circles, curves, sways), waits, moments)
def test_velocity_is_the_derivative_of_position(entry: dict[str, Any], start_s: float, time_s: float) -> None:
    way, step_s = made(entry, start_s), 1e-4
    before, here, after = (way.at(time_s + shift) for shift in (-step_s, 0.0, step_s))
    derivative = (after.position_m - before.position_m) / (2.0 * step_s)
    # Off by at most half of what the velocity itself changes by, and that is little: it has no jumps.
    change = float(np.linalg.norm(after.velocity_m_per_s - before.velocity_m_per_s))
    speed = top_speed(entry)
    assert np.linalg.norm(derivative - here.velocity_m_per_s) <= 0.5 * change + 1e-6 * speed + 1e-8
    assert change <= 0.1 * speed + 0.1 * speed**2 + 1e-9
    travelled = (after.travelled_m - before.travelled_m) / (2.0 * step_s)
    assert travelled == pytest.approx(float(np.linalg.norm(here.velocity_m_per_s)), abs=0.5 * change + 0.02 * speed)


@settings(max_examples=100, deadline=None)
@given(st.one_of(circles, curves), moments)
def test_speed_is_the_one_asked_for(entry: dict[str, Any], time_s: float) -> None:
    asked = abs(entry["speed_m_per_s"])
    closed = entry.get("closed", True)
    speed = speed_at(made(entry, 0.0), time_s)
    if closed:
        assert speed == pytest.approx(asked, rel=1e-3)
    else:
        assert speed <= asked * 1.001


@settings(max_examples=60, deadline=None)
@given(st.one_of(lines, circles, curves, sways), waits, moments)
def test_nothing_jumps_and_the_way_only_grows(entry: dict[str, Any], start_s: float, time_s: float) -> None:
    way = made({**entry}, start_s)
    speed = top_speed(entry)
    one, other = way.at(time_s), way.at(time_s + 0.01)
    assert np.linalg.norm(other.position_m - one.position_m) <= 0.01 * speed * 1.003 + 1e-9
    assert -1e-9 <= other.travelled_m - one.travelled_m <= 0.01 * speed * 1.02 + 1e-9
    if start_s == 0.0:
        assert way.at(0.0).travelled_m == 0.0


@settings(max_examples=60, deadline=None)
@given(curves, st.floats(0.0, 30.0), st.integers(1, 50))
def test_closed_curves_close(entry: dict[str, Any], time_s: float, laps: int) -> None:
    way = made({**entry, "closed": True}, 0.0)
    lap_s = way.curve.length_m / entry["speed_m_per_s"]  # type: ignore[attr-defined]
    one, other = way.at(time_s), way.at(time_s + laps * lap_s)
    np.testing.assert_allclose(other.position_m, one.position_m, atol=1e-6)
    np.testing.assert_allclose(other.velocity_m_per_s, one.velocity_m_per_s, atol=1e-3 * entry["speed_m_per_s"])
    start, end = way.at(0.0), way.at(lap_s - 1e-9)
    np.testing.assert_allclose(end.position_m, start.position_m, atol=1e-6)
    np.testing.assert_allclose(end.velocity_m_per_s, start.velocity_m_per_s, atol=1e-3 * entry["speed_m_per_s"])


@settings(max_examples=60, deadline=None)
@given(moments)
def test_heading_along_is_the_direction_of_motion(time_s: float) -> None:
    for entry in (CIRCLE, SQUARE, WAY, LINE):
        point = path(entry).at(time_s)
        speed = float(np.linalg.norm(point.velocity_m_per_s[:2]))
        assert -math.pi <= point.heading_rad <= math.pi
        if speed > 1e-3:
            ahead = np.array([math.cos(point.heading_rad), math.sin(point.heading_rad)])
            np.testing.assert_allclose(point.velocity_m_per_s[:2] / speed, ahead, atol=1e-6)


def test_heading_has_no_jumps_when_it_turns_round() -> None:
    for entry in (LINE, WAY):
        way = path(entry)
        headings = np.unwrap([way.at(time_s).heading_rad for time_s in np.arange(0.0, 30.0, 0.005)])
        # Half a turn in TURN_S, by 3 x^2 - 2 x^3: 1.5 pi / TURN_S at its fastest.
        assert np.abs(np.diff(headings)).max() <= 1.01 * 0.005 * 1.5 * math.pi / TURN_S


# Bad input


@pytest.mark.parametrize("time_s", [-1e-9, float("nan"), float("inf")])
def test_times_that_cannot_be(time_s: float) -> None:
    for way in (path(LINE), path(SWAY), Standing(np.zeros(3))):
        with pytest.raises(InputError, match="time"):
            way.at(time_s)


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ([], "things[1].path: wanted keys and values"),
        ({}, "things[1].path.kind: is missing"),
        ({"kind": "spiral"}, "things[1].path.kind: 'spiral' is not known; known: line, circle, waypoints, sway"),
        ({"kind": "cirle"}, "did you mean 'circle'?"),
        ({**LINE, "sped_m_per_s": 1}, "things[1].path.sped_m_per_s: unknown key 'sped_m_per_s'; did you mean 'speed_m_per_s'?"),
        ({**LINE, "radius_m": 1}, "things[1].path.radius_m: unknown key 'radius_m'"),
        ({"kind": "line", "from_m": [0, 0, 0], "to_m": [1, 0, 0]}, "things[1].path.speed_m_per_s: is missing"),
        ({**LINE, "speed_m_per_s": 0}, "things[1].path.speed_m_per_s: 0 must be above 0"),
        ({**LINE, "speed_m_per_s": -1}, "things[1].path.speed_m_per_s: -1 must be above 0"),
        ({**CIRCLE, "speed_m_per_s": 0}, "things[1].path.speed_m_per_s: 0 must be not 0"),
        ({**LINE, "speed_m_per_s": 1e9}, "things[1].path.speed_m_per_s: 1e+09 is above 300"),
        ({**LINE, "to_m": [1, 0]}, "things[1].path.to_m: wanted a list of 3 numbers, found [1, 0]"),
        ({**LINE, "to_m": [1, 0, 0]}, "things[1].path: both ends are at (1, 0, 0)"),
        ({**LINE, "turn": "back"}, "things[1].path.turn: 'back' is not known"),
        ({**LINE, "start_s": -1}, "things[1].path.start_s: -1 is below 0"),
        ({**LINE, "heading": "inward"}, "things[1].path.heading: 'inward' is not known"),
        ({**LINE, "heading": None}, "things[1].path.heading: None is not a finite number"),
        ({**LINE, "to_m": [1, 0, 5]}, "things[1].path.heading: the path goes straight up or down"),
        ({**LINE, "pauses": 3}, "things[1].path.pauses: wanted a list"),
        ({**LINE, "pauses": [[7, 1]]}, "things[1].path.pauses[0]: 7 m is not on the curve, which is 6.000 m long"),
        ({**LINE, "pauses": [[1, 1], [1, 2]]}, "things[1].path.pauses: two pauses at the same distance"),
        ({**LINE, "pauses": [[1, -1]]}, "things[1].path.pauses[0][1]: -1 is below 0"),
        ({**CIRCLE, "radius_m": 0}, "things[1].path.radius_m: 0 is below 0.001"),
        ({**SWAY, "heading": "along"}, "things[1].path.heading: what sways has no direction"),
        ({**SWAY, "period_s": 0}, "things[1].path.period_s: 0 is below 0.05"),
        ({**SWAY, "pauses": []}, "things[1].path.pauses: unknown key"),
        ({**WAY, "points_m": 3}, "things[1].path.points_m: wanted a list of points"),
        ({**WAY, "points_m": [[0, 0, 0]]}, "things[1].path.points_m: 1 points; a curve needs 2 or more"),
        ({**WAY, "points_m": [[0, 0, 0], [1, 0]]}, "things[1].path.points_m[1]: wanted a list of 3 numbers"),
        ({**WAY, "points_m": [[0, 0, 0], [1, 0, 0], [1, 0, 0]]}, "points 1 and 2 are both at (1, 0, 0)"),
        ({**SQUARE, "points_m": [[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 0, 0]]}, "points 3 and 0 are both at (0, 0, 0)"),
        ({**SQUARE, "points_m": [[0, 0, 0], [1, 0, 0]]}, "2 points; a closed curve needs 3 or more"),
        ({**SQUARE, "points_m": [[0, 0, 0], [1, 0, 0], [2, 0, 0]]}, "the curve turns back on a point near"),
        ({**SQUARE, "turn": "stop"}, "things[1].path.turn: a closed curve has no end"),
        ({**SQUARE, "closed": "yes"}, "things[1].path.closed: wanted true or false"),
    ],
)  # fmt: skip
def test_bad_entries_are_named(entry: object, said: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_path(entry, "things[1].path")
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
