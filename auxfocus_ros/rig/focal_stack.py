"""A focal stack as a source: photographs of one scene at several lens positions, and the picture follows the lens.

It is the nearest thing to a real camera that a folder of files can be: whoever moves the lens sees what that lens saw. The
picture shown is the one whose lens position is nearest to the present one, by sensor distance, in which defocus is even.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from auxfocus_ros.errors import ConfigurationError, InputError
from auxfocus_ros.optics.camera import CameraModel
from auxfocus_ros.optics.lens import Lens
from auxfocus_ros.rig.frame import Frame
from auxfocus_ros.rig.picture_files import load_picture
from auxfocus_ros.rig.rig_file import RigDescription, load_rig
from auxfocus_ros.rig.sizes import camera_for_size
from auxfocus_ros.rig.source import OnProblem, SourceCounts, ignore_problem
from auxfocus_ros.rig.stack_file import StackDescription, describe_stack

DEFAULT_RATE_HZ = 10.0
KEPT_PICTURES = 4  # decoded ones; a phone's photograph is 18 MB, and the lens dwells


def default_camera(width_px: int, height_px: int) -> CameraModel:
    """Intrinsics of a picture that brings none: a horizontal field of 53 degrees (fx = width), centred, undistorted."""
    return CameraModel(width_px, height_px, float(width_px), float(width_px), (width_px - 1) / 2, (height_px - 1) / 2)


class FocalStackSource:
    """A focal stack as a source of frames. See `Source`; further attributes:

    positions_steps: (n,) lens position of each photograph, in the order of `images`; those beyond the lens's reach included.
    images: the files. camera_is_default: nobody gave intrinsics.
    """

    follows_lens = True
    has_depth = False

    def __init__(
        self,
        path: str | Path,
        lens: Lens | None = None,
        rig: RigDescription | None = None,
        *,
        rate_hz: float | None = None,
        max_width_px: int | None = None,
        on_problem: OnProblem = ignore_problem,
    ) -> None:
        """Open a focal stack.

        Args:
            path: a folder of photographs, with or without a stack.yaml or a CSV of positions (see `stack_file`).
            lens: the lens that the positions belong to; None: the one that the stack names, else bench_25mm.
            rig: for the camera's intrinsics; None: the one that the stack names, else `default_camera`.
            rate_hz: frames a second, > 0; None: the stack's, else 10.
            max_width_px: make wider pictures as wide as this; the intrinsics follow.
            on_problem: called with one line.

        Raises:
            InputError: no pictures, or pictures that cannot be read. ConfigurationError: a description that cannot be right, no
                photograph within the lens's reach.
        """
        about = describe_stack(Path(path))
        if lens is None:
            from auxfocus_ros.optics.lens_file import load_lens

            lens = load_lens(about.lens or "bench_25mm")
        if rig is None and about.rig is not None:
            rig = load_rig(about.rig)
        self.rate_hz = float(rate_hz if rate_hz is not None else about.rate_hz or DEFAULT_RATE_HZ)
        if not 0.0 < self.rate_hz < 10_000.0:
            raise ConfigurationError(f"rate_hz {self.rate_hz:g} is not above zero")
        if max_width_px is not None and max_width_px < 1:
            raise ConfigurationError(f"max_width_px {max_width_px} is not above zero")
        self.counts = SourceCounts()
        self.name = about.name
        self.images = about.images
        self.duration_s = len(self.images) / self.rate_hz
        self.positions_steps = stack_positions(about, lens)
        self._max_width_px = max_width_px
        self._on_problem = on_problem
        self._rig = rig if rig is not None else RigDescription()
        self.camera_is_default = self._rig.camera is None
        self._reachable = self._within_reach(lens, about)
        self._sensor_m = lens.sensor_distance_m(self.positions_steps[self._reachable])
        self._lens = lens
        self._kept: OrderedDict[int, np.ndarray] = OrderedDict()
        self._broken: set[int] = set()
        # Until somebody says where the lens is, it stands in the middle of the stack.
        self._position_steps = float(self.positions_steps[self._reachable[len(self._reachable) // 2]])
        self._given = 0

    def set_lens_position(self, position_steps: float) -> None:
        """Where the glass is now, motor steps; NaN is ignored."""
        if not math.isnan(position_steps):
            self._position_steps = float(position_steps)

    def close(self) -> None:
        """Forget decoded pictures."""
        self._kept.clear()

    def index_at(self, position_steps: float) -> int:
        """Which photograph is shown at a lens position: an index into `images`."""
        within = min(max(position_steps, self._lens.min_position_steps), self._lens.max_position_steps)
        order = np.argsort(np.abs(self._sensor_m - self._lens.sensor_distance_m(within)), kind="stable")
        usable = [self._reachable[i] for i in order if self._reachable[i] not in self._broken]
        if not usable:
            raise InputError(f"{self.name}: none of its {len(self.images)} photographs can be read")
        return usable[0]

    def frames(self) -> Iterator[Frame]:
        """One pass: as many frames as there are photographs, each the one that the lens's position of that moment asks for.

        Stamps go on from pass to pass. Raises InputError where no photograph can be read.
        """
        for _ in self.images:
            picture = self._picture()
            height, width = picture.shape[:2]
            stamp_ns = round(self._given / self.rate_hz * 1e9)
            self._given += 1
            self.counts.frames += 1
            yield Frame(
                stamp_ns=stamp_ns,
                picture=picture,
                camera=self._camera(width, height),
                picture_encoding="mono8" if picture.ndim == 2 else "bgr8",
                camera_frame=self._rig.camera_frame or "camera_optical_frame",
            )

    def _camera(self, width_px: int, height_px: int) -> CameraModel:
        if self._rig.camera is None:
            return default_camera(width_px, height_px)
        return camera_for_size(self._rig.camera, width_px, height_px)

    def _picture(self) -> np.ndarray:
        """The picture at the present position; one that cannot be read is told once, and its neighbour shown."""
        while True:
            index = self.index_at(self._position_steps)
            try:
                return self._load(index)
            except InputError as error:
                self._broken.add(index)
                self.counts.unreadable += 1
                self._on_problem(str(error))

    def _load(self, index: int) -> np.ndarray:
        if index not in self._kept:
            import cv2

            picture, _ = load_picture(self.images[index], upright=True)
            width = picture.shape[1]
            if self._max_width_px is not None and width > self._max_width_px:
                height = max(1, round(picture.shape[0] * self._max_width_px / width))
                picture = cv2.resize(picture, (self._max_width_px, height), interpolation=cv2.INTER_AREA)
            self._kept[index] = picture
            while len(self._kept) > KEPT_PICTURES:
                self._kept.popitem(last=False)
        self._kept.move_to_end(index)
        return self._kept[index]

    def _within_reach(self, lens: Lens, about: StackDescription) -> list[int]:
        reachable = [i for i, steps in enumerate(self.positions_steps) if lens.contains(float(steps))]
        if not reachable:
            raise ConfigurationError(
                f"{self.name}: no photograph was focused within the reach of lens {lens.name} "
                f"({lens.min_position_steps:g} to {lens.max_position_steps:g} steps): name the stack's own lens"
            )
        if len(reachable) < len(self.images):
            self._on_problem(
                f"{self.name}: {len(self.images) - len(reachable)} of {len(self.images)} photographs were focused beyond the "
                f"reach of lens {lens.name} and are never shown"
            )
        return reachable


def stack_positions(about: StackDescription, lens: Lens) -> np.ndarray:
    """Lens position of each photograph, (n,) motor steps; NaN where the lens has none for it."""
    count = len(about.images)
    if about.measure is None:
        # Near focus is where the glass is far from the sensor.
        ends = (lens.min_position_steps, lens.max_position_steps)
        near, far = sorted(ends, key=lens.sensor_distance_m, reverse=True)
        first, last = (near, far) if about.order == "near_to_far" else (far, near)
        return np.linspace(first, last, count) if count > 1 else np.array([(near + far) / 2])
    values = np.array(about.values)
    if about.measure == "position_steps":
        return values
    with np.errstate(divide="ignore"):
        distances_m = 1.0 / values if about.measure == "focus_dioptre" else values
    return lens.position_for_distance(distances_m)
