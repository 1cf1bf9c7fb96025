"""What a comparison gives: figures of both, in the order in which they matter, for JSON and for a person."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from textwrap import wrap
from typing import Any

from auxfocus_ros.autofocus.methods import METHODS
from auxfocus_ros.json_values import json_value

OF_METHODS = frozenset(f"{name}_off_steps" for name in METHODS)
"""Keys of figures that tell what methods would have done."""
WIDTH = 120
"""Of the text's lines that are no table."""
CLEAR = 2.0
"""Multiples of its spread from which a difference is taken for one."""

TITLES = (
    "What differs",
    "What differs, in too few events or too short a time to say whether by chance",
    "Known of one alone",
    "The same within chance",
)
"""The groups of differences, in their order."""


@dataclass(frozen=True)
class Difference:
    """One figure of both.

    key: what it is known by. text: the same for a person. unit: '' where it has none. more_is: 1 better, -1 worse, 0 neither.
    a, b: the figure; None: not known. change: b less a. spread: standard deviation that chance gives the change; None: not known.
    """

    key: str
    text: str
    unit: str
    more_is: int
    a: float | None
    b: float | None
    change: float | None
    spread: float | None

    @property
    def effect(self) -> float | None:
        """The change in multiples of its spread, within +-1e9, which says that the spread is 0; None: not known."""
        if self.change is None or self.spread is None or self.a is None or self.b is None:
            return None
        least = 1e-9 * max(abs(self.a), abs(self.b))
        return max(-1e9, min(1e9, self.change / max(self.spread, least))) if self.change else 0.0

    @property
    def clear(self) -> bool:
        """Whether chance alone would hardly make it."""
        return self.effect is not None and abs(self.effect) >= CLEAR

    @property
    def better(self) -> str:
        """'A' or 'B' where the difference is clear and one of the two is better, else ''."""
        if not self.clear or not self.more_is:
            return ""
        return "B" if self.more_is * (self.change or 0.0) > 0 else "A"

    @property
    def rank(self) -> int:
        """Its group's place in TITLES."""
        if self.a is None or self.b is None:
            return 2
        if self.effect is None:
            return 1 if self.change else 3
        return 0 if self.clear else 3

    @property
    def order(self) -> tuple[int, int, float]:
        """What to sort by: the group, then the effect; where no spread is known, first what is better or worse, of what happened,
        then what methods would have done, then the others, by their relative change."""
        if self.effect is not None:
            return self.rank, 0, -abs(self.effect)
        size = 0.0 if self.change is None else self.change / max(abs(self.a or 0.0), abs(self.b or 0.0), 1e-300)
        return self.rank, 2 if not self.more_is else 1 if self.key in OF_METHODS else 0, -abs(size)


@dataclass(frozen=True)
class Comparison:
    """What differs between A and B.

    same_pictures: compared picture by picture. settings: name of each setting of the analysis that differs -> (A's, B's).
    differences: the clear ones, the greatest effect first; then those whose spread is not known, by their relative change; then
    figures that are known of one alone; then what chance may have made, and what is alike.
    """

    same_pictures: bool
    settings: dict[str, tuple[Any, Any]]
    differences: tuple[Difference, ...]

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        listed = [{**asdict(one), "effect": one.effect, "clear": one.clear, "better": one.better} for one in self.differences]
        said: dict[str, Any] = json_value({"same_pictures": self.same_pictures, "settings": self.settings, "differences": listed})
        return said

    def text(self) -> str:
        """A table for a person; lines, without a newline at the end."""
        how = "the same pictures, compared one by one" if self.same_pictures else "different pictures, compared by their means"
        lines = [how, *(f"{name}: {a} in A, {b} in B" for name, (a, b) in self.settings.items())]
        for rank, title in enumerate(TITLES):
            some = [one for one in self.differences if one.rank == rank and one.change != 0.0]
            if some:
                width = max(len(_label(one)) for one in some)
                head = f"{'':<{width}}  {'A':>10}  {'B':>10}"
                head += f"  {'change':>10}" if any(one.change is not None for one in some) else ""
                head += f"  {'spread':>10}  {'effect':>7}" if any(one.effect is not None for one in some) else ""
                lines += ["", title, head, *(_line(one, width) for one in some)]
        alike = [one.text for one in self.differences if one.change == 0.0]
        if alike:
            lines += ["", *wrap(f"Exactly the same: {'; '.join(alike)}", WIDTH, break_on_hyphens=False)]
        if any(one.effect for one in self.differences):
            lines += [
                "",
                "change: B less A; spread: standard deviation that chance gives it; effect: the change in multiples of that",
            ]
        return "\n".join(lines)


def _label(one: Difference) -> str:
    return f"{one.text} [{one.unit}]" if one.unit else one.text


def _line(one: Difference, width: int) -> str:
    cells = (_told(one.a), _told(one.b), _told(one.change, "+"), _told(one.spread))
    effect = "" if one.effect is None else f"{one.effect:+.1f}" if abs(one.effect) < 1e4 else "always"
    line = f"{_label(one):<{width}}  " + "  ".join(f"{cell:>10}" for cell in cells) + f"  {effect:>7}"
    return (line + (f"  {one.better} is better" if one.better else "")).rstrip()


def _told(value: float | None, sign: str = "") -> str:
    return "" if value is None else f"{value:{sign}.4g}"
