"""Figures as people read them."""

from __future__ import annotations

import math

import pytest

from auxfocus_ros.analysis.report.wording import clock, escaped, number, span, with_unit


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"), (3.14159, "3.14"), (0.00123, "0.00123"), (12.0, "12"), (1234.4, "1234"), (-12345.6, "−12 346"),
        (1e7, "10 000 000"), (math.inf, "∞"), (-math.inf, "−∞"), (math.nan, "–"), (None, "–"),
    ],
)  # fmt: skip
def test_numbers(value: float | None, text: str) -> None:
    assert number(value) == text


@pytest.mark.parametrize(
    ("time_s", "text"),
    [
        (0.0, "0.00 s"),
        (12.345, "12.35 s"),
        (59.99, "1:00.0"),
        (187.46, "3:07.5"),
        (3787.0, "1:03:07"),
        (-0.5, "−0.50 s"),
        (None, "–"),
    ],
)
def test_times(time_s: float | None, text: str) -> None:
    assert clock(time_s) == text


def test_units_and_spans() -> None:
    assert with_unit(0.125, "share") == "12.5 %" and with_unit(3.0, "m") == "3 m"
    assert with_unit(None, "m") == "–" and with_unit(None, "share") == "–" and with_unit(math.nan, "share") == "–"
    assert span(2.0, 2.0001, "m") == "2 m" and span(2.0, math.inf, "m") == "2 … ∞ m"


def test_shares_are_told_to_a_tenth_of_a_percent_and_never_none_or_all_that_is_not() -> None:
    shares = (0.0, 0.0001, 0.00333, 0.0733, 0.6657, 0.99899, 0.9996, 1.0)
    assert [with_unit(share, "share") for share in shares] == [
        "0 %", "< 0.1 %", "0.3 %", "7.3 %", "66.6 %", "99.9 %", "> 99.9 %", "100 %",
    ]  # fmt: skip


def test_text_is_harmless_in_a_page() -> None:
    assert escaped("""<b a='1' c="2">&""") == "&lt;b a=&#x27;1&#x27; c=&quot;2&quot;&gt;&amp;"
