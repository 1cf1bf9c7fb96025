"""A part from beginning to end: what a worker does with a task."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from fractions import Fraction
from io import BytesIO

from auxfocus_ros.analysis.annotated import Drawing, annotation
from auxfocus_ros.analysis.columns import NAMES
from auxfocus_ros.analysis.frame import FrameAnalyst
from auxfocus_ros.analysis.frame.analyst import REGION_COLUMNS
from auxfocus_ros.analysis.frame_problems import FrameProblems
from auxfocus_ros.analysis.moments import Moments
from auxfocus_ros.analysis.part import PartResult, PartTask, Row
from auxfocus_ros.analysis.reading import PartReading, read_part
from auxfocus_ros.analysis.report import thumbnail
from auxfocus_ros.errors import InputError
from auxfocus_ros.optics import Lens, load_lens
from auxfocus_ros.rig import Frame
from auxfocus_ros.rig.film import Film
from auxfocus_ros.rig.sizes import camera_for_size
from auxfocus_ros.view import Analysis, ViewOptions, draw_aux_image

FILM_WIDTH_PX, FILM_HEIGHT_PX = 1280, 720
"""Of every film, so that the parts' fit together whatever the pictures are."""
LEAST_FILM_HZ, MOST_FILM_HZ = Fraction(1, 10), Fraction(240)


def analyse_part(task: PartTask) -> PartResult:
    """Read a part of a recording and analyse every frame of it; the same task gives the same result.

    Raises:
        InputError: the recording is not there any more. ConfigurationError: its rig or lens file cannot be used.
    """
    reading = read_part(task)
    with ExitStack() as stack:
        work = _PartWork(task, reading, stack)
        for frame, own, recorded_ns in reading:
            work.take(frame, own, recorded_ns)
    return work.result()


class _PartWork:
    """The frames of a part, the lead's first."""

    def __init__(self, task: PartTask, reading: PartReading, stack: ExitStack) -> None:
        """Nothing is read yet; `stack` closes what is opened."""
        self._task, self._reading, self._stack = task, reading, stack
        self._wrong = FrameProblems()
        self._moments = Moments(task.options.soft_share)
        self._lens: Lens | None = None
        self._analyst: FrameAnalyst | None = None
        self._film: Film | None = None
        self._film_file = BytesIO()
        self._rows: list[Row] = []
        self._lead: list[Row] = []
        self._thumbnails: dict[int, bytes] = {}
        self._annotations: dict[int, bytes] = {}

    def take(self, frame: Frame, own: bool, recorded_ns: int) -> None:
        """The next frame, recorded at that time by the recorder's clock."""
        if self._analyst is None:
            self._lens = self._lens_of(frame)
            self._analyst = FrameAnalyst(self._task.options, self._lens, self._wrong.note)
        self._wrong.time_s = (recorded_ns - self._reading.began_ns) * 1e-9
        rows = self._rows if own else self._lead
        place = len(rows)
        try:
            row = self._analyst.row(frame, place, own=own)
        except InputError as error:
            self._wrong.note(f"frame: {error}")
            rows.append(_bare_row(frame, place))
            return
        rows.append(row)
        if not own:
            return
        if self._moments.worth_keeping(row):
            left, top, width, height = (row[name] for name in REGION_COLUMNS)
            self._thumbnails[place] = thumbnail(frame.picture, (left, top, width, height))
        options, analysis = self._task.options, self._analyst.analysis
        if (options.video or options.annotated) and analysis is not None:
            drawing = _drawn(analysis)
            if options.video:
                self._add_to_film(drawing)
            if options.annotated:
                self._annotations[place] = annotation(analysis, drawing, frame, row, recorded_ns=recorded_ns, lens=self._lens)

    def result(self) -> PartResult:
        """After all frames."""
        return PartResult(
            number=self._task.number,
            key=self._task.key,
            rows=self._rows,
            lead=self._lead,
            notes=self._reading.notes,
            problems=(*self._reading.problems, *self._wrong.problems),
            thumbnails=self._thumbnails,
            film=self._film_file.getvalue(),
            annotations=self._annotations,
        )

    def _lens_of(self, frame: Frame) -> Lens | None:
        """The lens with the pitch of this picture's pixels: `p = f / fx` where the recording's intrinsics say so."""
        if not self._task.options.lens:
            return None
        lens, camera = load_lens(self._task.options.lens), self._reading.first_camera
        if camera is None:
            return lens
        try:
            camera = camera_for_size(camera, frame.width_px, frame.height_px)
        except InputError:  # of the first camera_info; every picture is held against its own
            return lens
        return replace(lens, pixel_pitch_m=lens.focal_length_m / camera.fx_px)

    def _add_to_film(self, drawing: Drawing) -> None:
        if self._film is None:
            rate_hz = Fraction(self._reading.rate_hz).limit_denominator(100)
            rate_hz = min(max(LEAST_FILM_HZ, rate_hz), MOST_FILM_HZ)
            self._film = self._stack.enter_context(Film(self._film_file, FILM_WIDTH_PX, FILM_HEIGHT_PX, rate_hz))
        self._film.add(drawing.image)


def _drawn(analysis: Analysis) -> Drawing:
    """As the live graph draws it; where there is nothing to select, nobody who selected something has to be told so."""
    view = ViewOptions(show_targets=analysis.targets.selected is not None)
    return Drawing(*draw_aux_image(analysis.frame.picture, analysis.content, analysis.focus, view))


def _bare_row(frame: Frame, number: int) -> Row:
    """Of a frame that cannot be analysed."""
    return dict.fromkeys(NAMES) | {
        "frame": number,
        "stamp_ns": frame.stamp_ns,
        "picture_width_px": frame.width_px,
        "picture_height_px": frame.height_px,
        "targets": [],
    }
