"""Compiling the loops of counting, splitting and drawing before the first picture, which would else be late by half a minute."""

from __future__ import annotations

import numpy as np

from auxfocus_ros import distribution
from auxfocus_ros.distribution import AcrossAxis, DepthAxis, DepthDistribution, objects
from auxfocus_ros.distribution.targets.target import Target, TargetSet
from auxfocus_ros.view.aux_image import draw_aux_image
from auxfocus_ros.view.content import Content
from auxfocus_ros.view.focus_reading import FocusReading
from auxfocus_ros.view.options import ViewOptions

_SIDE = 64


def warm_up() -> None:
    """Compile every loop (half a minute and more), or load what an earlier process kept (a second)."""
    distribution.warm_up()
    objects.warm_up()
    counts = np.ones((8, 8), np.uint32)
    content = Content(
        DepthDistribution(counts, DepthAxis(1.0, 9.0, 8), AcrossAxis.of_picture(_SIDE, 8)),
        TargetSet((Target(1, (8, 8, 20, 20), depth_m=3.0, in_focus=True),)),
    )
    for style in ("cells", "marks"):
        options = ViewOptions(point_style=style, box_in_focus=True)
        draw_aux_image(np.zeros((_SIDE, _SIDE, 3), np.uint8), content, FocusReading("finite", 3.0, 2.0, 4.0), options)
