"""Whence `auxfocus depth` has metres: readings of a rangefinder, or the camera's height, followed from picture to picture."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.errors import ConfigurationError, InputError
from auxfocus_ros.monodepth.scale import (
    Readings,
    ScaleEstimate,
    ScaleTracker,
    no_scale,
    scale_from_height,
    scale_from_points,
)
from auxfocus_ros.optics import CameraModel

READING_ERROR = 0.01
"""What a reading is taken to be wrong by, one standard deviation, as a share of its distance."""
COLUMNS = ("u", "v", "depth_m")
GROUND = "ground"


@dataclass(frozen=True)
class Reading:
    """One distance.

    u_px, v_px: where. distance_m: > 0. along_beam: it is the way to the point, not its depth. frame: whose; '': the first's.
    """

    u_px: float
    v_px: float
    distance_m: float
    along_beam: bool
    frame: str = ""


def read_rangefinder(text: str) -> Reading:
    """A reading as 'U,V,METRES'. Raises ConfigurationError."""
    try:
        u_px, v_px, distance_m = (float(word) for word in text.split(","))
    except ValueError:
        raise ConfigurationError(
            f"--rangefinder {text}: wanted U,V,METRES: what pixel the beam hits, and how far it is"
        ) from None
    if not (math.isfinite(u_px) and math.isfinite(v_px) and math.isfinite(distance_m) and distance_m > 0.0):
        raise ConfigurationError(f"--rangefinder {text}: wanted a pixel and metres above 0, all finite")
    return Reading(u_px, v_px, distance_m, along_beam=True)


def read_readings(path: Path) -> list[Reading]:
    """Readings in a CSV file with the columns u, v, depth_m and, if wanted, frame.

    Raises:
        ConfigurationError: no such file, other columns, or a line that is no reading.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            table = csv.DictReader(file, skipinitialspace=True)
            missing = [name for name in COLUMNS if name not in (table.fieldnames or ())]
            if missing:
                raise ConfigurationError(
                    f"--readings {path}: its first line lacks {', '.join(missing)}: wanted u,v,depth_m[,frame]"
                )
            readings = [_of_row(row, f"--readings {path} line {table.line_num}") for row in table]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ConfigurationError(f"--readings {path} cannot be read: {getattr(error, 'strerror', None) or error}") from error
    if not readings:
        raise ConfigurationError(f"--readings {path} has no readings")
    return readings


def _of_row(row: dict[str, Any], where: str) -> Reading:
    try:
        u_px, v_px, depth_m = (float(row[name]) for name in COLUMNS)
    except (TypeError, ValueError):
        raise ConfigurationError(f"{where}: wanted numbers for u, v and depth_m") from None
    if not (math.isfinite(u_px) and math.isfinite(v_px) and math.isfinite(depth_m) and depth_m > 0.0):
        raise ConfigurationError(f"{where}: wanted a pixel and a depth above 0 m, all finite")
    return Reading(u_px, v_px, depth_m, along_beam=False, frame=(row.get("frame") or "").strip())


class Scaler:
    """Says of one picture after another by what its depth has to be multiplied to be metres."""

    def __init__(self, readings: Sequence[Reading], height_m: float | None) -> None:
        """readings: of any pictures. height_m: of the camera above the ground; None: not known."""
        self._height_m = height_m
        self._by_frame: dict[str, list[Reading]] = {}
        for reading in readings:
            frame = reading.frame or "0"
            self._by_frame.setdefault(str(int(frame)) if frame.isdigit() else frame, []).append(reading)
        self._tracker = ScaleTracker()
        nothing = "no --rangefinder, --readings or --camera-height was given"
        self._tracker.cut("no reading so far" if readings or height_m is not None else nothing)

    @property
    def unheard(self) -> list[str]:
        """Frames that readings name and that have not come."""
        return list(self._by_frame)

    def scale(
        self,
        keys: tuple[str, ...],
        stamp_s: float,
        depth_m: NDArray[np.float32],
        camera: CameraModel,
        ground: NDArray[np.bool_] | None,
    ) -> tuple[ScaleEstimate, list[str]]:
        """The scale of a picture, and what could not be used, in words.

        Args:
            keys: what its readings may call it: its number, or its names.
            stamp_s: its time. depth_m: (H, W) in the network's unit. camera: of it. ground: (H, W), where the ground is; None:
                not known.

        Raises:
            InputError: a camera with distortion, or a reading where it has no ray.
        """
        heard = []
        if self._height_m is not None:
            by_height = no_scale("") if ground is None else scale_from_height(depth_m, camera, self._height_m, ground=ground)
            heard.append(by_height if by_height.metric else scale_from_height(depth_m, camera, self._height_m))
        readings = [reading for key in dict.fromkeys(keys) for reading in self._by_frame.pop(key, [])]
        if readings:
            source: Literal["rangefinder", "points"] = "rangefinder" if len(readings) == 1 else "points"
            heard.append(scale_from_points(depth_m, readings_of(readings, camera), source=source))
        known = self._tracker.at(stamp_s)
        for estimate in heard:
            known = self._tracker.update(stamp_s, estimate)
        return known, [estimate.problem for estimate in heard if not estimate.metric]


def readings_of(readings: Sequence[Reading], camera: CameraModel) -> Readings:
    """Readings with depths, by the rays of a camera.

    Raises:
        InputError: a beam outside the picture, or where the camera has no ray.
    """
    u, v = (np.array([getattr(reading, name) for reading in readings]) for name in ("u_px", "v_px"))
    outside = (u < -0.5) | (u > camera.width_px - 0.5) | (v < -0.5) | (v > camera.height_px - 0.5)
    if outside.any():
        which = int(outside.argmax())
        raise InputError(
            f"a reading at pixel {u[which]:g}, {v[which]:g} lies outside the picture of {camera.width_px} x {camera.height_px} px"
        )
    rows, columns = (np.clip(np.rint(at).astype(int), 0, side - 1) for at, side in ((v, camera.height_px), (u, camera.width_px)))
    rays = camera.ray_table()[rows, columns].astype(float)
    if not np.isfinite(rays).all():
        which = int((~np.isfinite(rays).all(axis=1)).argmax())
        raise InputError(f"a reading at pixel {u[which]:g}, {v[which]:g}: the camera's distortion model does not reach there")
    stretched = np.where([reading.along_beam for reading in readings], np.sqrt(1.0 + np.square(rays).sum(axis=1)), 1.0)
    depth_m = np.array([reading.distance_m for reading in readings]) / stretched
    return Readings(u, v, depth_m, READING_ERROR * depth_m)


def in_words(scale: ScaleEstimate) -> str:
    """For a person, in a line."""
    if not scale.metric:
        return f"relative: {scale.problem}"
    origins = {
        "points": "readings",
        "rangefinder": "a rangefinder",
        "height": "the camera's height",
        "motion": "the camera's motion",
    }
    return f"metres by {origins[scale.source]}, scale {scale.scale:.3g} +- {100.0 * scale.sigma_relative:.0f} %"
