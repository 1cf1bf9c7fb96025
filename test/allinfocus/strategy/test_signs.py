"""The sign of a deviation: worked out by hand, and with exact deviations at random."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from auxfocus_ros.allinfocus.strategy.signs import first_signs, signs

POSITIONS = st.floats(-2000.0, 2000.0)


def test_the_lens_came_nearer_to_what_lies_ahead_and_left_what_lies_behind() -> None:
    # The lens went from 100 to 130. A cell at 150 was 50 away and is 20 away; one at 110 was 10 away and is 20 away.
    found = signs(np.array([20.0, 20.0]), np.array([50.0, 10.0]), 30.0, np.array([-1.0, 1.0]))
    np.testing.assert_array_equal(found, [1.0, -1.0])
    # Back from 130 to 100: one at 150 was 20 away and is 50 away, one at 110 was 20 and is 10, one at 50 was 80 and is 50.
    found = signs(np.array([50.0, 10.0, 50.0]), np.array([20.0, 20.0, 80.0]), -30.0, np.zeros(3))
    np.testing.assert_array_equal(found, [1.0, 1.0, -1.0])


def test_where_nothing_decides_the_other_signs_are_taken() -> None:
    otherwise = np.array([1.0, -1.0, -1.0, 1.0])
    np.testing.assert_array_equal(signs(np.full(4, 20.0), np.full(4, 20.0), 0.0, otherwise), otherwise)
    unknown = np.array([np.nan, 5.0, 0.0, 0.0])
    np.testing.assert_array_equal(signs(unknown, np.array([5.0, np.nan, 30.0, 30.0]), 30.0, otherwise), otherwise)


@given(st.lists(POSITIONS, min_size=1, max_size=20), POSITIONS, POSITIONS)
def test_exact_deviations_get_their_own_signs(best: list[float], before: float, now: float) -> None:
    truth = np.array(best) - now
    decided = (np.abs(truth) > 1e-6) & (abs(now - before) > 1e-6)
    found = signs(np.abs(truth), np.abs(np.array(best) - before), now - before, np.zeros(len(best)))
    np.testing.assert_array_equal(found[decided], np.sign(truth)[decided])


@given(POSITIONS, POSITIONS, POSITIONS)
def test_the_cases_as_printed_lead_away(best: float, before: float, now: float) -> None:
    """Eq. 6 as it stands, on exact deviations: it gives the wrong sign wherever it decides."""
    steps, steps_before, moved = abs(best - now), abs(best - before), now - before
    printed = abs(abs(steps - moved) - steps_before), abs(abs(steps + moved) - steps_before)
    ours = float(signs(np.array([steps]), np.array([steps_before]), moved, np.zeros(1))[0])
    if ours and abs(printed[0] - printed[1]) > 1e-6:
        assert (1.0 if printed[0] <= printed[1] else -1.0) == -ours


def test_at_first_all_lies_above_unless_that_is_outside() -> None:
    found = first_signs(np.array([0.0, 90.0, 100.0, 101.0, np.nan]), 900.0, 1000.0)
    np.testing.assert_array_equal(found, [1.0, 1.0, 1.0, -1.0, 1.0])
