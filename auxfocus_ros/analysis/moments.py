"""Which frames of a part are kept as small pictures: one a second, and one of each time that focus is lost."""

from __future__ import annotations

from auxfocus_ros.analysis.part import Row
from auxfocus_ros.analysis.summary.passages import MEASURE

EVERY_S, LEAST_APART_S = 1.0, 0.2


class Moments:
    """Looks at the rows of a part in their order.

    Focus is lost, as far as one can say before the whole recording is known, where the target leaves the depth of field, or
    where its region's sharpness falls below `soft_share` of the best that was seen of it.
    """

    def __init__(self, soft_share: float) -> None:
        """soft_share: from 0 to 1."""
        self._soft_share = soft_share
        self._kept_ns: int | None = None
        self._shown = False  # the present loss of focus has its picture
        self._target: int | None = None
        self._best = 0.0

    def worth_keeping(self, row: Row) -> bool:
        """Whether the next frame is kept."""
        soft = self._soft(row)
        since_s = None if self._kept_ns is None else (row["stamp_ns"] - self._kept_ns) * 1e-9
        keep = since_s is None or not 0.0 <= since_s < EVERY_S or (soft and not self._shown and since_s >= LEAST_APART_S)
        if keep:
            self._kept_ns = row["stamp_ns"]
        self._shown = soft and (self._shown or keep)
        return keep

    def _soft(self, row: Row) -> bool:
        sharpness = row[f"sharpness_{MEASURE}"] or 0.0
        if row["target_id"] != self._target:
            self._target, self._best = row["target_id"], 0.0
        self._best = max(self._best, sharpness)
        return row["target_in_focus"] is False or sharpness < self._soft_share * self._best
