"""What simulated autofocus runs come to: means, shares, and the runs that went wrong; and a figure against its bar."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Record:
    """One run made. A failed run's moves, captures and steps are the caps.

    error_steps: signed. inside_steps: half the depth of field there. steps: time steps as the source counts them, None: not so
    counted. duration_s: with the simulated stepper.
    """

    setup: str
    plane: str
    light: str
    start_steps: float
    best_steps: float
    end_steps: float
    error_steps: float
    inside_steps: float
    moves: int
    captures: int
    steps: int | None
    travel_steps: float
    reversals: int
    duration_s: float
    failed: bool
    reason: str


def summary(records: Sequence[Record]) -> dict[str, Any]:
    """What the runs of one setup come to.

    Returns:
        runs; means of moves, captures, steps (None: not so counted), error_steps, error_depths (in units of the depth of field),
        travel_steps, reversals, duration_s; median_error_steps, worst_error_steps; within_10,
        within_20, inside (shares of all runs); failed (a number).
    """
    errors = np.array([abs(record.error_steps) for record in records])
    widths = np.array([2.0 * record.inside_steps for record in records])
    steps = [record.steps for record in records if record.steps is not None]

    def mean(name: str) -> float:
        return float(np.mean([getattr(record, name) for record in records]))

    return {
        "runs": len(records),
        "moves": mean("moves"),
        "captures": mean("captures"),
        "steps": float(np.mean(steps)) if steps else None,
        "error_steps": float(errors.mean()),
        "median_error_steps": float(np.median(errors)),
        "worst_error_steps": float(errors.max()),
        "error_depths": float(np.mean(errors / widths)),
        "within_10": float(np.mean(errors <= 10.0)),
        "within_20": float(np.mean(errors <= 20.0)),
        "inside": float(np.mean(errors <= 0.5 * widths)),
        "travel_steps": mean("travel_steps"),
        "reversals": mean("reversals"),
        "duration_s": mean("duration_s"),
        "failed": sum(record.failed for record in records),
    }


def bad_runs(records: Iterable[Record], limit_steps: float = 20.0) -> list[dict[str, Any]]:
    """The runs that failed or ended farther off than a limit, the worst first."""
    bad = [record for record in records if record.failed or abs(record.error_steps) > limit_steps]
    return [asdict(record) for record in sorted(bad, key=lambda record: -abs(record.error_steps))]


def bar(what: str, figure: float | None, limit: float, sign: str, *, unit: str = "", goal: str = "") -> dict[str, Any]:
    """A figure with its bar: `sign` is '<=', '<' or '>='; a figure of None was not measured and is not met."""
    met = figure is not None and {"<=": figure <= limit, "<": figure < limit, ">=": figure >= limit}[sign]
    return {"what": what, "figure": figure, "sign": sign, "bar": limit, "unit": unit, "goal": goal, "met": met}
