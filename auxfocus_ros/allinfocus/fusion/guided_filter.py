"""The guided filter: smooths a map so that its edges fall on those of a picture."""

from __future__ import annotations

import cv2
import numpy as np

from auxfocus_ros.allinfocus.fusion.tiles import Plane


class GuidedFilter:
    """The filter of one guide, to be applied to many maps.

    Source: He, Sun and Tang, Guided image filtering, 2013, eq. 5, 6 and 8.
    """

    def __init__(self, guide: Plane, radius_px: int, regularisation: float) -> None:
        """Take a guide (h, w); windows are squares of 2 radius + 1 px; the regularisation is in the guide's units, squared."""
        self._guide, self._edge_px = guide, 2 * radius_px + 1
        self._mean = self._average(guide)
        self._spread = self._average(guide * guide) - self._mean * self._mean + np.float32(regularisation)

    def __call__(self, values: Plane) -> Plane:
        """The map (h, w), smoothed."""
        mean = self._average(values)
        slope = (self._average(self._guide * values) - self._mean * mean) / self._spread
        return self._average(slope) * self._guide + self._average(mean - slope * self._mean)

    def _average(self, values: Plane) -> Plane:
        return np.asarray(cv2.blur(values, (self._edge_px, self._edge_px), borderType=cv2.BORDER_REFLECT))
