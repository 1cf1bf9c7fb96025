"""Where small labels go: beside what they name, never over each other."""

from __future__ import annotations

from collections.abc import Iterable

from auxfocus_ros.view.ink import Sprite
from auxfocus_ros.view.strokes import Box


class LabelPlaces:
    """Places that are taken; who comes first has the choice, and a label for which there is no room is left out."""

    def __init__(self, taken: Iterable[Box] = ()) -> None:
        """Begin with places that labels must keep clear of."""
        self._taken = list(taken)

    def take(
        self, sprite: Sprite, candidates: Iterable[tuple[int, int]], room: Box, apart: Box | None = None
    ) -> tuple[int, int] | None:
        """The first place where a label meets no other.

        Args:
            sprite: the label.
            candidates: left and top of where it would stand, the best first; each is moved into the room before it is tried.
            room: where labels may stand.
            apart: a part of the room where this one may not.

        Returns:
            Left and top, now taken; None: there is no room.
        """
        if sprite.width > room.width or sprite.height > room.height:
            return None
        for left, top in candidates:
            x = min(max(left, room.left), room.right - sprite.width)
            y = min(max(top, room.top), room.bottom - sprite.height)
            right, bottom = x + sprite.width, y + sprite.height
            for other in self._taken if apart is None else (*self._taken, apart):
                if x < other[2] and other[0] < right and y < other[3] and other[1] < bottom:
                    break
            else:
                self._taken.append(Box(x, y, right, bottom))
                return x, y
        return None


def places_round(box: Box, sprite: Sprite, gap_px: int) -> list[tuple[int, int]]:
    """Where a label may stand beside a box: above it, below it, to its right and left, and inside it at the top."""
    middle, centre = (box.left + box.right - sprite.width) // 2, (box.top + box.bottom - sprite.height) // 2
    above, below = box.top - gap_px - sprite.height, box.bottom + gap_px
    after, before = box.right + gap_px, box.left - gap_px - sprite.width
    return [
        (box.left, above),
        (box.right - sprite.width, above),
        (box.left, below),
        (after, centre),
        (before, centre),
        (box.right - sprite.width, below),
        (middle, box.top + gap_px),
    ]
