"""Which target is chosen when nobody chooses, without hopping from one to the next."""

from __future__ import annotations

import math
from collections.abc import Iterable

from auxfocus_ros.distribution.targets.attention import OTHER_RANK, rank, score
from auxfocus_ros.distribution.targets.target import Target

_CLEARLY = 0.12  # of the score: two targets of one rank that differ by less are equals


class AutomaticChoice:
    """Stays with one target until another has been clearly more important for a while, or it is lost.

    Clearly more important is a better rank, or the same rank with a score that is higher by 0.12.
    """

    def __init__(self, dwell_s: float) -> None:
        """For how long another must have been clearly more important, seconds, >= 0."""
        self.dwell_s = dwell_s
        self._since_s: dict[int, float] = {}

    def choose(
        self, current: Target | None, candidates: Iterable[Target], picture_size_px: tuple[int, int], time_s: float
    ) -> Target | None:
        """Choose in a frame.

        Args:
            current: the target so far; None: there is none, or it is lost.
            candidates: the targets of the frame. Those without a depth, and the rest of `attention.rank`, are never chosen anew.
            picture_size_px: width and height. time_s: of the frame, seconds.

        Returns:
            The target to go on with: `current`, one of the candidates, or None where nothing is worth it.
        """
        worth = {
            target.id: (rank(target), -score(target, picture_size_px), target.id, target)
            for target in candidates
            if math.isfinite(target.depth_m) and rank(target) < OTHER_RANK and (current is None or target.id != current.id)
        }
        if current is None:
            self._since_s = {}
            return min(worth.values(), key=lambda entry: entry[:3])[3] if worth else None
        to_beat = (rank(current), -score(current, picture_size_px) - _CLEARLY)
        better = {identity for identity, entry in worth.items() if entry[:2] < to_beat}
        self._since_s = {identity: min(self._since_s.get(identity, time_s), time_s) for identity in better}
        ripe = [worth[identity] for identity, since_s in self._since_s.items() if time_s - since_s >= self.dwell_s]
        if not ripe:
            return current
        self._since_s = {}
        return min(ripe, key=lambda entry: entry[:3])[3]
