"""What a way of focusing would do next if it were begun on a frame."""

from __future__ import annotations

from dataclasses import dataclass

from auxfocus_ros.autofocus.terms import Look, Outcome, Reason, Search, Sight

LOOKS = "looks"
"""It wants to see a frame from the next position."""
IN_FOCUS = "in_focus"
"""It ends: focus is at the next position, which may be the present one."""
UNSURE = "unsure"
"""It ends at the next position without being sure of focus there, for no reason that has a name."""
LOOKS_HERE = 3
"""A way of focusing that asks again for the present position (a search that another falls back to begins with that) is shown
the same frame again, so many times at most."""


@dataclass(frozen=True)
class Answer:
    """What it would do.

    next_steps: where it would go, or leave the lens. says: LOOKS, IN_FOCUS, UNSURE, or the reason for its end, a name of
    `Reason` in lower case.
    """

    next_steps: float
    says: str


def ask(search: Search, sight: Sight, same_position_steps: float) -> Answer:
    """Begin a way of focusing on one frame. A first look that is elsewhere is the answer: the frame says nothing to it.

    Args:
        search: just made.
        sight: the frame.
        same_position_steps: a wish for a position this near to the frame's is no move.

    Raises:
        InputError: a picture that it cannot look at.
    """
    try:
        look: Look = next(search)
        for _ in range(LOOKS_HERE):
            if abs(look.position_steps - sight.position_steps) > same_position_steps:
                break
            look = search.send(sight)
    except StopIteration as end:
        outcome: Outcome = end.value
        return Answer(outcome.position_steps, word_of(outcome))
    search.close()
    return Answer(look.position_steps, LOOKS)


def word_of(outcome: Outcome) -> str:
    """How it ended, in a word."""
    if outcome.reason is not Reason.NONE:
        return outcome.reason.name.lower()
    return IN_FOCUS if outcome.in_focus else UNSURE
