"""Backlash, worked by hand, and the two properties of a play."""

from hypothesis import given, settings
from hypothesis import strategies as st

from auxfocus_ros.lens.play import follow

paths = st.lists(st.floats(-1000, 1000), min_size=1, max_size=8)


def test_golden() -> None:
    # dead band 3: rising, the motor pushes; falling, it crosses the band first and then pulls
    assert follow(100.0, [200.0], 3.0) == 200.0
    assert follow(200.0, [150.0], 3.0) == 153.0
    assert follow(153.0, [152.0], 3.0) == 153.0
    assert follow(153.0, [154.0], 3.0) == 154.0
    assert follow(200.0, [199.0, 198.0, 197.5], 3.0) == 200.0  # still within the band
    assert follow(200.0, [147.0, 150.0], 3.0) == 150.0  # overshoot by the band, and return


def test_no_backlash_is_no_backlash() -> None:
    assert follow(5.0, [100.0, 20.0], 0.0) == 20.0


@given(st.floats(-1000, 1000), paths, st.floats(0, 50))
@settings(deadline=None, max_examples=100)
def test_within_the_band(glass: float, path: list[float], width: float) -> None:
    assert path[-1] <= follow(glass, path, width) <= path[-1] + width


@given(st.floats(0, 1000), st.floats(0, 1000), st.floats(0, 1), st.floats(0, 50))
@settings(deadline=None, max_examples=100)
def test_points_between_turns_change_nothing(begin: float, end: float, part: float, width: float) -> None:
    start = follow(begin, [begin], width)
    between = min(max(begin + part * (end - begin), min(begin, end)), max(begin, end))  # rounding must not make a turn of it
    assert follow(start, [between, end], width) == follow(start, [end], width)
