"""The frames of one stream, one after the other: what is done with each is what the live graph does with it."""

from __future__ import annotations

import math

from auxfocus_ros.analysis.columns import NAMES
from auxfocus_ros.analysis.frame.autofocuser import PATCH_PX, Autofocuser
from auxfocus_ros.analysis.frame.depth_summary import depth_columns
from auxfocus_ros.analysis.frame.focus_state import FocusState, focus_state
from auxfocus_ros.analysis.frame.known import known
from auxfocus_ros.analysis.frame.region import part_of, region_box
from auxfocus_ros.analysis.frame.sharpness import sharpness_columns
from auxfocus_ros.analysis.frame.target_rows import target_columns, target_of_interest, target_rows
from auxfocus_ros.analysis.options import AnalysisOptions
from auxfocus_ros.analysis.part import Row
from auxfocus_ros.autofocus.live.settings import LiveSettings
from auxfocus_ros.autofocus.terms import DepthReading
from auxfocus_ros.distribution.targets import Selection, SelectionMode, Target, TargetState
from auxfocus_ros.errors import InputError
from auxfocus_ros.optics import Lens
from auxfocus_ros.rig import Frame, RigDescription, fields_xyz, load_rig
from auxfocus_ros.rig.source import OnProblem, ignore_problem
from auxfocus_ros.view import Analysis, AuxFocusPipeline, FrameInput, PipelineOptions, ViewOptions

REGION_COLUMNS = ("region_left_px", "region_top_px", "region_width_px", "region_height_px")


class FrameAnalyst:
    """Makes a row of each frame; not for use from several threads at once.

    It remembers from frame to frame what the live graph does: the depth axis, the objects' identities, the target of interest.
    That one is chosen automatically, as nobody clicks.
    """

    def __init__(self, options: AnalysisOptions, lens: Lens | None, on_problem: OnProblem = ignore_problem) -> None:
        """Begin with a stream of which nothing has been seen.

        Args:
            options: what is to be done.
            lens: by its file; None: not known, then there is nothing in steps but where the lens stood.
            on_problem: called with one line for a frame of which something cannot be used.

        Raises:
            ConfigurationError, InputError: a rig file that cannot be used.
        """
        self._options, self._lens, self._on_problem = options, lens, on_problem
        drawn = options.video or options.annotated
        view = ViewOptions() if drawn else ViewOptions(show_targets=False)  # which cell is whose matters to a drawing alone
        self._pipeline = AuxFocusPipeline(PipelineOptions(view, options.distribution))
        self._rig = load_rig(options.rig) if options.rig else RigDescription()
        self._autofocuser = Autofocuser(lens) if options.estimator else None
        self._least_sigma_share = LiveSettings().depth_sigma
        self._analysis: Analysis | None = None
        for problem in self._autofocuser.problems if self._autofocuser is not None else ():
            on_problem(f"{problem.where}: {problem.what}")

    @property
    def analysis(self) -> Analysis | None:
        """What the pipeline made of the last frame, ready to be drawn; None before the first."""
        return self._analysis

    def row(self, frame: Frame, number: int, *, own: bool = True) -> Row:
        """Analyse the next frame.

        Args:
            frame: in the stream's order.
            number: its number, counted from the beginning of its part; autofocus is asked of every `estimate_every`-th.
            own: False: a frame that is seen for what is remembered of it, and whose row tells its targets alone.

        Returns:
            A value for each of `columns.NAMES`, None where it is not known. `time_s` is None: only who has seen the recording's
            first picture knows it.

        Depth or lens states that cannot be used are told to `on_problem`, and the frame is analysed without them.

        Raises:
            InputError: a picture that cannot be used.
        """
        focus = focus_state(frame.lens, frame.stamp_ns, self._lens, self._on_problem)
        first = self._analysis is None
        self._analysis = analysis = self._analysed(frame, focus)
        if first:  # from the next frame on
            self._pipeline.select(Selection(SelectionMode.AUTOMATIC))
        target = target_of_interest(analysis.targets)
        box = region_box(target, frame.width_px, frame.height_px)
        region = part_of(frame.picture, box)
        row: Row = dict.fromkeys(NAMES)
        row |= {
            "frame": number,
            "stamp_ns": frame.stamp_ns,
            "picture_width_px": frame.width_px,
            "picture_height_px": frame.height_px,
            "range_offset_s": known(frame.points_offset_s),
            "targets": target_rows(analysis.targets, focus),
            **dict(zip(REGION_COLUMNS, box, strict=True)),
        }
        row |= target_columns(target, focus, self._lens)
        if not own:
            return row
        row |= depth_columns(analysis.depth, focus.reading, frame.width_px)
        row |= focus.columns()
        row |= sharpness_columns(region)
        if self._autofocuser is not None and number % self._options.estimate_every == 0:
            patch = part_of(frame.picture, box, PATCH_PX)
            row |= self._autofocuser.columns(region, focus.position_steps, self._depth_reading(target), patch)
        return row

    def _analysed(self, frame: Frame, focus: FocusState) -> Analysis:
        time_s = frame.stamp_ns * 1e-9
        try:
            return self._pipeline.analyse(self._input(frame, time_s), focus.reading)
        except InputError as error:
            if frame.points is None and frame.depth_m is None:
                raise
            self._on_problem(f"depth: {error}")
            return self._pipeline.analyse(FrameInput(frame.picture, frame.camera, time_s=time_s), focus.reading)

    def _input(self, frame: Frame, time_s: float) -> FrameInput:
        if frame.points is not None:
            return FrameInput(
                frame.picture,
                frame.camera,
                points_m=fields_xyz(frame.points),
                optical_from_points=frame.optical_from_points,
                time_s=time_s,
            )
        return FrameInput(
            frame.picture,
            frame.camera,
            depth=frame.depth_m,
            depth_camera=self._rig.depth_camera,
            optical_from_points=None if self._rig.depth_camera is None else self._rig.optical_from_points,
            time_s=time_s,
        )

    def _depth_reading(self, target: Target | None) -> DepthReading | None:
        """What the autofocus node would be told of the target's depth: nothing where it is not seen in this frame."""
        if target is None or target.state != TargetState.TRACKED or math.isnan(target.depth_m):
            return None
        return DepthReading(target.depth_m, max(target.depth_sigma_m, self._least_sigma_share * target.depth_m))
