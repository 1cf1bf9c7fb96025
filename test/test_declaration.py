"""Settings: one declaration, all problems in one answer."""

from dataclasses import dataclass
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auxfocus_ros.declaration import ParameterInfo, check, demand_valid, fields_of, parameter, taken_from
from auxfocus_ros.errors import ConfigurationError


@dataclass(frozen=True)
class Table:
    opacity: float = parameter(0.5, "how much", minimum=0.0, maximum=1.0)
    layout: str = parameter("overlay", "where", choices=("overlay", "beside"))
    bins: int = parameter(256, "how many", minimum=8)
    lazy: bool = parameter(True, "whether")


def test_every_problem_is_named_in_one_line() -> None:
    with pytest.raises(ConfigurationError) as caught:
        check(Table, {"opacity": 1.5, "layout": "above", "bins": 4, "lazy": 1, "unknown": 0})
    text = str(caught.value)
    assert "\n" not in text
    for part in (
        "opacity is 1.5, it must be 0 to 1",
        "layout is 'above', it must be one of overlay | beside",
        "bins is 4, it must be at least 8",
        "lazy is 1, it must be a bool",
        "unknown is not a parameter here",
    ):
        assert part in text


def test_integers_stand_for_floats_and_not_the_other_way() -> None:
    assert check(Table, {"opacity": 1}).opacity == 1.0
    with pytest.raises(ConfigurationError, match=r"bins is 9\.5, it must be a int"):
        check(Table, {"bins": 9.5})


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_a_float_that_is_no_number_is_refused(value: float) -> None:
    with pytest.raises(ConfigurationError, match="opacity"):
        check(Table, {"opacity": value})


@given(st.floats(allow_nan=False))
def test_exactly_the_values_in_the_range_are_taken(value: float) -> None:
    if 0.0 <= value <= 1.0:
        assert check(Table, {"opacity": value}).opacity == value
    else:
        with pytest.raises(ConfigurationError):
            check(Table, {"opacity": value})


def test_what_a_table_declares() -> None:
    assert list(fields_of(Table)) == ["opacity", "layout", "bins", "lazy"]
    kind, default, info = fields_of(Table)["bins"]
    assert (kind, default, info) == (int, 256, ParameterInfo("how many", minimum=8))
    assert info.range_text() == "at least 8"


@dataclass(frozen=True)
class Drawn:
    layout: Literal["overlay", "beside"] = parameter("overlay", "where")
    opacity: float = parameter(0.5, "how much", minimum=0.0, maximum=1.0)

    def __post_init__(self) -> None:
        demand_valid(self, "drawn")


def test_a_literal_says_its_choices() -> None:
    kind, default, info = fields_of(Drawn)["layout"]
    assert (kind, default, info.choices) == (str, "overlay", ("overlay", "beside"))


def test_a_table_checks_itself_and_names_all_that_is_wrong() -> None:
    with pytest.raises(ConfigurationError) as caught:
        Drawn(layout="above", opacity=2.0)  # type: ignore[arg-type]
    assert str(caught.value) == "drawn: layout is 'above', it must be one of overlay | beside; opacity is 2, it must be 0 to 1"


def test_a_table_is_filled_from_another_with_the_same_names() -> None:
    assert taken_from(Drawn, Table(opacity=0.25, layout="beside")) == Drawn("beside", 0.25)
