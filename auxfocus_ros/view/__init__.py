"""From a picture and its depth distribution to the auxiliary focus image that a focus puller looks at.

`draw_aux_image` draws one from its `Content`; `AuxFocusPipeline` takes a frame (picture with a cloud or a depth image) and does
everything in order. `options.py` says what can be chosen, `layout.py` what stands where, `heat.py` how bright points are;
`scale.py`, `marks.py` and `focus_area.py` draw the axis and the focus with the smooth text and lines of `text.py` and `ink.py`;
`association.py`, `layers.py`, `target_marks.py` and `offset_bars.py` show the objects.
"""

from auxfocus_ros.view.aux_image import draw_aux_image
from auxfocus_ros.view.content import Content, LayerStack, PictureSpan, ZoneOffset
from auxfocus_ros.view.direction import Direction
from auxfocus_ros.view.focus_reading import FOCUS_STATES, FocusReading, FocusState, distance_text
from auxfocus_ros.view.inset import InsetPlacer
from auxfocus_ros.view.layout import Layout, Rect, arrange, counts_shape
from auxfocus_ros.view.marker_geometry import MarkerGeometry, marker_geometry
from auxfocus_ros.view.options import ViewOptions
from auxfocus_ros.view.pipeline import Analysis, AuxFocusPipeline, FrameInput
from auxfocus_ros.view.pipeline_options import DistributionOptions, PipelineOptions
from auxfocus_ros.view.scene_outline import depth_of_field_m, focus_plane_m, object_outlines
from auxfocus_ros.view.warming import warm_up

__all__ = [
    "FOCUS_STATES",
    "Analysis",
    "AuxFocusPipeline",
    "Content",
    "Direction",
    "DistributionOptions",
    "FocusReading",
    "FocusState",
    "FrameInput",
    "InsetPlacer",
    "LayerStack",
    "Layout",
    "MarkerGeometry",
    "PictureSpan",
    "PipelineOptions",
    "Rect",
    "ViewOptions",
    "ZoneOffset",
    "arrange",
    "counts_shape",
    "depth_of_field_m",
    "distance_text",
    "draw_aux_image",
    "focus_plane_m",
    "marker_geometry",
    "object_outlines",
    "warm_up",
]
