"""Values as JSON knows them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np


def json_value(value: Any) -> Any:
    """The same with nothing in it that JSON has no word for.

    Args:
        value: numbers, texts, paths, None, arrays, and any depth of mappings and other iterables of these.

    Returns:
        Dictionaries with texts as keys, lists, numbers, texts, bools and None. NaN and infinity are None.
    """
    if isinstance(value, np.ndarray | np.generic):
        return json_value(value.tolist())
    if isinstance(value, Mapping):
        return {str(key): json_value(entry) for key, entry in value.items()}
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Iterable) and not isinstance(value, str):
        return [json_value(entry) for entry in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
