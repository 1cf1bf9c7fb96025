"""From a picture and its depth distribution to the auxiliary focus image that a focus puller looks at.

`draw_aux_image` draws one; `AuxFocusPipeline` takes a frame (picture with a cloud or a depth image) and does everything in order.
`options.py` says what can be chosen, `layout.py` what stands where, `heat.py` how bright points are; `scale.py` and `marks.py`
draw the axis and the focus with the smooth text and lines of `text.py` and `ink.py`.
"""

from auxfocus_ros.view.aux_image import draw_aux_image
from auxfocus_ros.view.focus_reading import FOCUS_STATES, FocusReading, FocusState, distance_text
from auxfocus_ros.view.layout import Layout, Rect, arrange, counts_shape
from auxfocus_ros.view.marker_geometry import Direction, MarkerGeometry, marker_geometry
from auxfocus_ros.view.options import LAYOUTS, POINT_COLOURS, ViewOptions
from auxfocus_ros.view.pipeline import AuxFocusPipeline, AuxFocusResult, PipelineOptions
from auxfocus_ros.view.scene_outline import depth_of_field_m, focus_plane_m

__all__ = [
    "FOCUS_STATES",
    "LAYOUTS",
    "POINT_COLOURS",
    "AuxFocusPipeline",
    "AuxFocusResult",
    "Direction",
    "FocusReading",
    "FocusState",
    "Layout",
    "MarkerGeometry",
    "PipelineOptions",
    "Rect",
    "ViewOptions",
    "arrange",
    "counts_shape",
    "depth_of_field_m",
    "distance_text",
    "draw_aux_image",
    "focus_plane_m",
    "marker_geometry",
]
