"""Guards at the searches' door."""

from __future__ import annotations

import math

from auxfocus_ros.errors import ConfigurationError


def require_positive(search: str, **settings: float | None) -> None:
    """Raise ConfigurationError, with every problem in one line, unless all are finite and above 0. None: not given."""
    problems = [f"{name} must be finite and above 0, got {value:g}" for name, value in settings.items() if _bad(value)]
    if problems:
        raise ConfigurationError(f"{search}: " + "; ".join(problems))


def _bad(value: float | None) -> bool:
    return value is not None and not 0.0 < value < math.inf
