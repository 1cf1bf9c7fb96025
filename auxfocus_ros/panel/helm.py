"""Who is at the helm: one viewer at most, and a hand-over that everybody can see.

The first viewer gets it. Who asks while somebody has it waits: the holder hands it over, keeps it, or does nothing, and then it
goes to the first who asked after a set time. When the holder leaves it goes to the first who asked, or lies free until somebody
takes it.

Source: none; the rule of a ship's bridge.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from auxfocus_ros.errors import InputError


@dataclass(frozen=True)
class HelmState:
    """holder: the viewer at the helm, None: nobody. wanted_by: who waits for it, in order. viewers: how many there are."""

    holder: int | None
    wanted_by: tuple[int, ...]
    viewers: int


class Helm:
    """The helm; every method takes a viewer's number and changes `state`."""

    def __init__(self, timeout_s: float, clock: Callable[[], float]) -> None:
        """timeout_s: how long a holder may leave a question unanswered. clock: steady seconds."""
        self._timeout_s = timeout_s
        self._clock = clock
        self._viewers: set[int] = set()
        self._holder: int | None = None
        self._asked_s: dict[int, float] = {}

    @property
    def state(self) -> HelmState:
        """How it stands now."""
        return HelmState(self._holder, tuple(self._asked_s), len(self._viewers))

    def join(self, viewer: int) -> None:
        """A viewer comes; alone, it has the helm."""
        self._viewers.add(viewer)
        if len(self._viewers) == 1:
            self._holder = viewer

    def leave(self, viewer: int) -> None:
        """A viewer goes, and with it its wish for the helm."""
        self._viewers.discard(viewer)
        self._asked_s.pop(viewer, None)
        if viewer == self._holder:
            self._hand_to(next(iter(self._asked_s), None))

    def take(self, viewer: int) -> str:
        """A viewer wants the helm, or the holder wants to keep it; what came of that, in words."""
        if self._holder is None:
            self._hand_to(viewer)
        if viewer == self._holder:
            self._asked_s.clear()
            return "you are at the helm"
        self._asked_s.setdefault(viewer, self._clock())
        return f"viewer {self._holder} has been asked: without an answer the helm is yours in {self._timeout_s:g} s"

    def lay_down(self, viewer: int) -> str:
        """The holder lays the helm down, or another does not want it any more."""
        if viewer == self._holder:
            self._hand_to(next(iter(self._asked_s), None))
            return "the helm is free" if self._holder is None else f"viewer {self._holder} is at the helm"
        self._asked_s.pop(viewer, None)
        return "you are not at the helm"

    def give(self, viewer: int, to: int) -> str:
        """The holder hands the helm over. Raises InputError where it has none, or to nobody."""
        if viewer != self._holder:
            raise InputError("only who is at the helm can hand it over")
        if to not in self._viewers:
            raise InputError(f"there is no viewer {to}")
        self._hand_to(to)
        return f"viewer {to} is at the helm"

    def tick(self) -> None:
        """Hand over what was asked for long enough ago; to be called now and then."""
        first = next(iter(self._asked_s), None)
        if first is not None and self._clock() - self._asked_s[first] >= self._timeout_s:
            self._hand_to(first)

    def _hand_to(self, viewer: int | None) -> None:
        self._holder = viewer
        if viewer is not None:
            self._asked_s.pop(viewer, None)
        now_s = self._clock()
        self._asked_s = dict.fromkeys(self._asked_s, now_s)  # the new holder has the full time to answer
