"""How a search by sharpness ends: at the peak; at the start where there is no peak; at the sharpest so far where it is spent."""

from __future__ import annotations

from auxfocus_ros.autofocus.searches.samples import Probe, Samples, SpentError
from auxfocus_ros.autofocus.terms import Known, Outcome, Reason, Search, State


def concluded(samples: Samples, probe: Probe) -> Search:
    """Run a search and judge what it found.

    Args:
        samples: what the search keeps its looks in.
        probe: the search; gives the position that it takes for the best.

    Returns:
        A search that ends with NONE at that position; NO_TEXTURE at the start, where the sharpness is the same wherever it was
        looked; OTHER, where there is only one position; LIMIT_REACHED at the sharpest position so far, where the task's moves or
        captures did not suffice.
    """
    task = samples.task
    try:
        position = task.reachable((yield from probe))
    except SpentError:
        message = f"not in focus within {task.max_moves} moves and {task.max_captures} captures: left at the sharpest so far"
        return _failed(Reason.LIMIT_REACHED, message, samples.best_steps())
    looked_at = f"of {len(samples)} positions looked at"
    if len(samples) < 2:
        return _failed(Reason.OTHER, "there is one position only: nothing to compare it with", samples.best_steps())
    if samples.flat():
        return _failed(
            Reason.NO_TEXTURE, f"none {looked_at} is sharper than the others", task.reachable(task.start_position_steps)
        )
    yield from samples.take_up(position)
    message = f"sharpest at {position:g}, {looked_at}"
    known = Known(State.IN_FOCUS, message, best_position_steps=position)
    return Outcome(Reason.NONE, message, position, in_focus=True, known=known)


def _failed(reason: Reason, message: str, position_steps: float) -> Outcome:
    return Outcome(reason, message, position_steps, in_focus=False, known=Known(State.FAILED, message))
