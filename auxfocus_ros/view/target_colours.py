"""A colour and a letter for every target, by its identity, so that both stay as long as it is followed."""

from __future__ import annotations

from auxfocus_ros.view.ink import Colour
from auxfocus_ros.view.options import FocusColour
from auxfocus_ros.view.palette import FOCUS_COLOURS

# Far from each other, from the points' blue and from the amber of the focus, for every common kind of colour vision (a test says
# how far). Where another colour marks the focus, the one that is like it gives way to amber.
_COLOURS: tuple[Colour, ...] = ((180, 255, 60), (190, 100, 255), (40, 50, 255), (50, 245, 245), (255, 90, 170), (90, 170, 150))
_LIKE_FOCUS: dict[FocusColour, int] = {"green": 0, "magenta": 1, "red": 2}
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def target_colour(target_id: int, focus_colour: FocusColour = "amber") -> Colour:
    """The colour of a target, BGR: the same as long as it has its identity."""
    at = (target_id - 1) % len(_COLOURS)
    return FOCUS_COLOURS["amber"] if _LIKE_FOCUS.get(focus_colour) == at else _COLOURS[at]


def target_letter(target_id: int) -> str:
    """The letter of a target, from its identity: A to Z for 1 to 26, then AA, AB, and so on."""
    letters, rest = "", max(target_id, 1)
    while rest > 0:
        rest, at = divmod(rest - 1, len(_LETTERS))
        letters = _LETTERS[at] + letters
    return letters
