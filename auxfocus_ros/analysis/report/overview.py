"""What a report shows of a recording's frames, gathered while they go by."""

from __future__ import annotations

from collections.abc import Sequence

from auxfocus_ros.analysis.part import Row
from auxfocus_ros.analysis.report.histograms import Histogram, HistogramsBuilder
from auxfocus_ros.analysis.report.timeline import Timeline, TimelineBuilder


class Overview:
    """Takes rows in the order of their frames; its memory does not grow with their number."""

    def __init__(self) -> None:
        """No frame yet."""
        self._timeline, self._histograms = TimelineBuilder(), HistogramsBuilder()

    def add(self, rows: Sequence[Row]) -> None:
        """The next rows."""
        if rows:
            self._timeline.add(rows)
            self._histograms.add(rows)

    @property
    def timeline(self) -> Timeline:
        """Of the rows so far."""
        return self._timeline.timeline()

    @property
    def histograms(self) -> dict[str, Histogram]:
        """Of the rows so far, by the column's name."""
        return self._histograms.histograms
