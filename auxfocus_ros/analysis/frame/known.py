"""What is not known is NaN in calculations and None in a row."""

from __future__ import annotations

import math


def known(value: float) -> float | None:
    """A plain float, which may be infinite; None for NaN."""
    return None if math.isnan(value) else float(value)
