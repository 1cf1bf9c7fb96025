"""Values as JSON knows them."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auxfocus_ros.json_values import json_value


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ([1, 1.5, True, None, "x"], '[1, 1.5, true, null, "x"]'),
        ([math.nan, math.inf, -math.inf], "[null, null, null]"),
        ({1: (math.nan, 2), "b": {"c": math.inf}}, '{"1": [null, 2], "b": {"c": null}}'),
        (np.array([[1.0, np.nan], [np.inf, 2.0]], np.float32), "[[1.0, null], [null, 2.0]]"),
        ([np.float32(0.5), np.float64("nan"), np.int64(7), np.bool_(True)], "[0.5, null, 7, true]"),
        (np.array(3.0), "3.0"),
        ({"path": Path("a/b.png")}, '{"path": "a/b.png"}'),
        ({"a": 1, "b": 2}.values(), "[1, 2]"),
        ((number / 2 for number in range(2)), "[0.0, 0.5]"),
    ],
)
def test_each_kind_has_its_word(value: Any, text: str) -> None:
    assert json.dumps(json_value(value), allow_nan=False) == text


LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.floats(width=32).map(np.float32)


@given(st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner), max_leaves=12))
def test_whatever_it_is_json_takes_it_and_only_what_is_not_finite_is_lost(value: Any) -> None:
    assert json.loads(json.dumps(json_value(value), allow_nan=False)) == expected(value)


def expected(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: expected(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [expected(entry) for entry in value]
    return None if isinstance(value, float | np.floating) and not np.isfinite(value) else value
