"""What a goal means for the bench lens (10 m to 0.4 m) and for one whose range passes infinity; every refusal, with its words."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auxfocus_ros.errors import LensGoalError
from auxfocus_ros.lens import LensErrorCode, MoveBy, resolve_goal
from auxfocus_ros.optics import Lens, LinearMapping, load_lens

POSITION, DISTANCE, DIOPTRE = MoveBy
BENCH = load_lens("bench_25mm")
FAR = Lens(  # infinity at 100, beyond it down to 0; 0.001 m of extension at 1100, that is 2.5 + 0.05 m
    name="far", focal_length_m=0.05, f_number=2.0, pixel_pitch_m=5e-6, circle_of_confusion_m=1e-5,
    min_position_steps=0.0, max_position_steps=1100.0, mapping=LinearMapping(1e-6, 100.0),
)  # fmt: skip
FALLING = Lens(
    name="falling", focal_length_m=0.05, f_number=2.0, pixel_pitch_m=5e-6, circle_of_confusion_m=1e-5,
    min_position_steps=-1100.0, max_position_steps=0.0, mapping=LinearMapping(-1e-6, -100.0),
)  # fmt: skip


def goal(
    by: int, value: float, *, relative: bool = False, speed: float = 0.0, lens: Lens = BENCH, present: float = 1500.0
) -> float:
    return resolve_goal(by, relative, value, speed, lens, present_position_steps=present)


def refused(by: int, value: float, **more: object) -> LensGoalError:
    with pytest.raises(LensGoalError) as caught:
        goal(by, value, **more)  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)
    assert caught.value.code in LensErrorCode.__members__
    return caught.value


def test_by_position() -> None:
    assert goal(POSITION, 1700.0) == 1700.0
    assert goal(POSITION, -20.5, relative=True) == 1479.5
    assert goal(POSITION, 2100.0 + 1e-9) == 2100.0  # rounding is forgiven, and taken off


def test_by_distance_and_power() -> None:
    # the ends of the bench lens are 10 m and 0.4 m by its file
    assert goal(DISTANCE, 10.0) == pytest.approx(1050.0, abs=1e-6)
    assert goal(DIOPTRE, 2.5) == pytest.approx(2100.0, abs=1e-6)
    assert goal(DISTANCE, math.inf, lens=FAR) == 100.0
    assert goal(DIOPTRE, 0.0, lens=FAR) == 100.0
    assert goal(DISTANCE, math.inf, lens=FALLING) == -100.0
    # extension f^2 / (u - f) = 0.0025 / 2.5 = 0.001 m: 1000 steps from infinity
    assert goal(DISTANCE, 2.55, lens=FAR) == pytest.approx(1100.0)
    assert goal(DISTANCE, 2.55, lens=FALLING) == pytest.approx(-1100.0)


def test_relative_distance_and_power() -> None:
    here = BENCH.position_for_distance(2.0)
    assert goal(DISTANCE, -1.0, relative=True, present=here) == pytest.approx(BENCH.position_for_distance(1.0))
    assert goal(DIOPTRE, 0.5, relative=True, present=here) == pytest.approx(BENCH.position_for_distance(1.0))
    # from infinity, which is 0 dioptres, a power can be added though a distance cannot
    assert goal(DIOPTRE, 0.25, relative=True, lens=FAR, present=100.0) == pytest.approx(FAR.position_for_distance(4.0))


@pytest.mark.parametrize("by", [3, 255, -1])
def test_unknown_kind(by: int) -> None:
    error = refused(by, 1.0)
    assert error.code == "INVALID_GOAL"
    assert str(error) == f"`by` is {by}, it must be one of 0 (position), 1 (distance), 2 (dioptre)"


@pytest.mark.parametrize("by", list(MoveBy))
@pytest.mark.parametrize("relative", [False, True])
def test_nan(by: int, relative: bool) -> None:
    assert refused(by, math.nan, relative=relative).code == "NOT_FINITE"


@pytest.mark.parametrize(
    ("by", "value", "relative"),
    [
        (POSITION, math.inf, False),
        (POSITION, -math.inf, True),
        (DISTANCE, -math.inf, False),
        (DISTANCE, math.inf, True),
        (DIOPTRE, math.inf, False),
        (DIOPTRE, -math.inf, True),
    ],
)
def test_infinite_where_it_means_nothing(by: int, value: float, relative: bool) -> None:
    assert refused(by, value, relative=relative).code == "NOT_FINITE"


@pytest.mark.parametrize(
    ("speed", "code"), [(math.nan, "NOT_FINITE"), (math.inf, "NOT_FINITE"), (-5.0, "INVALID_GOAL"), (1e-9, "INVALID_GOAL")]
)
def test_speed(speed: float, code: str) -> None:
    error = refused(POSITION, 1500.0, speed=speed)
    assert error.code == code
    assert "max_speed_steps_per_s" in str(error)


@pytest.mark.parametrize(
    ("by", "value", "words"),
    [
        (POSITION, 2101.0, "position 2101 is outside this lens's range (0.4 m to 10 m, positions 1050 to 2100)"),
        (POSITION, 0.0, "position 0 is outside"),
        (DISTANCE, math.inf, "infinity is outside this lens's range (0.4 m to 10 m, positions 1050 to 2100)"),
        (DISTANCE, 10.1, "a distance of 10.1 m is outside"),
        (DISTANCE, 0.39, "a distance of 0.39 m is outside"),
        (DISTANCE, 0.02, "a distance of 0.02 m is outside"),
        (DISTANCE, 0.0, "a distance of 0 m is outside"),
        (DISTANCE, -3.0, "a distance of -3 m is outside"),
        (DIOPTRE, 0.0, "infinity (0 dioptres) is outside"),
        (DIOPTRE, 4.0, "a power of 4 dioptres (0.25 m) is outside"),
        (DIOPTRE, -0.1, "a power of -0.1 dioptres (beyond infinity) is beyond infinity; this lens's range is 0.4 m to 10 m"),
    ],
)
def test_out_of_range_names_the_limit(by: int, value: float, words: str) -> None:
    error = refused(by, value)
    assert error.code == "OUT_OF_RANGE"
    assert words in str(error)


def test_relative_out_of_range() -> None:
    assert "+601 steps from 1500.0 is position 2101.0, which is outside" in str(refused(POSITION, 601.0, relative=True))
    here = BENCH.position_for_distance(2.0)
    error = refused(DISTANCE, -2.0, relative=True, present=here)
    assert error.code == "OUT_OF_RANGE"
    assert "-2 m from 2 m is 0 m, which is outside" in str(error)
    error = refused(DIOPTRE, -0.6, relative=True, present=here)
    assert error.code == "OUT_OF_RANGE"
    assert "-0.6 dioptres from 0.5 is -0.1 dioptres (beyond infinity)" in str(error)


@pytest.mark.parametrize(("present", "where"), [(100.0, "at infinity"), (50.0, "beyond infinity")])
def test_no_distance_to_add_to(present: float, where: str) -> None:
    error = refused(DISTANCE, 1.0, relative=True, lens=FAR, present=present)
    assert error.code == "NO_DISTANCE"
    assert where in str(error)


def test_no_power_to_add_to() -> None:
    assert refused(DIOPTRE, 1.0, relative=True, lens=FAR, present=50.0).code == "NO_DISTANCE"


@given(
    by=st.integers(-2, 5),
    relative=st.booleans(),
    value=st.floats(),
    speed=st.floats(),
    lens=st.sampled_from([BENCH, FAR, FALLING]),
    part=st.floats(0, 1),
)
@settings(deadline=None, max_examples=100)
def test_a_position_in_range_or_a_refusal(
    *, by: int, relative: bool, value: float, speed: float, lens: Lens, part: float
) -> None:
    present = lens.min_position_steps + part * (lens.max_position_steps - lens.min_position_steps)
    try:
        target = resolve_goal(by, relative, value, speed, lens, present_position_steps=present)
    except LensGoalError as error:
        assert error.code in LensErrorCode.__members__
        assert str(error)
    else:
        assert lens.min_position_steps <= target <= lens.max_position_steps
