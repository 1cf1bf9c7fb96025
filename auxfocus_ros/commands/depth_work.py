"""What `auxfocus depth` does with one picture after another."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.commands.depth_camera import GivenCamera
from auxfocus_ros.commands.depth_input import Picture
from auxfocus_ros.commands.depth_output import write_depth, write_points
from auxfocus_ros.commands.depth_preview import Preview
from auxfocus_ros.commands.depth_scale import GROUND, Scaler, in_words
from auxfocus_ros.commands.stack_output import write_picture
from auxfocus_ros.errors import InputError
from auxfocus_ros.monodepth.inference import DepthEstimator, SegmentationEstimator, points_of
from auxfocus_ros.monodepth.scale import ScaleEstimate
from auxfocus_ros.optics import CameraModel

MOVABLE_INK = (40, 176, 255)


@dataclass(frozen=True, eq=False)
class Seen:
    """A picture's depth. depth_m: (H, W), metres where the scale is metric. movable: (H, W), what can move; None: not asked."""

    picture: Picture
    camera: CameraModel
    depth_m: NDArray[np.float32]
    scale: ScaleEstimate
    movable: NDArray[np.bool_] | None


class Work:
    """Networks, camera, scale and colours of a run."""

    def __init__(
        self,
        estimator: DepthEstimator,
        segmentation: SegmentationEstimator | None,
        camera: GivenCamera | None,
        scaler: Scaler,
        colours: str,
    ) -> None:
        """estimator: of depth; segmentation: None: nobody asks what can move. camera: None: not known. colours: of `Preview`."""
        self._estimator, self._segmentation, self._camera, self._scaler = estimator, segmentation, camera, scaler
        self._preview = Preview(colours)
        self.warnings: list[str] = []

    def see(self, picture: Picture) -> Seen:
        """Depth and scale of a picture. Raises InputError, ConfigurationError."""
        height, width = picture.pixels.shape[:2]
        estimate = self._estimator.estimate(picture.pixels, self._camera.of_size(width, height) if self._camera else None)
        ground = movable = None
        if self._segmentation is not None:
            table = self._segmentation.table
            classes = self._segmentation.classes(picture.pixels)
            movable = table.movable_pixels(classes)
            ground = classes == table.names.index(GROUND) if GROUND in table.names else None
        keys = (str(picture.number), picture.name, picture.file)
        try:
            scale, problems = self._scaler.scale(keys, picture.stamp_s, estimate.depth_m, estimate.camera, ground)
        except InputError as error:
            raise InputError(f"{picture.file or f'frame {picture.number}'}: {error}") from error
        self.warnings += [
            f"{picture.file or f'frame {picture.number}'}: no scale from it: {problem}"
            for problem in problems
            if problem != scale.problem
        ]
        depth_m = estimate.depth_m * np.float32(scale.scale)
        return Seen(picture, estimate.camera, depth_m, scale, movable)

    def drawn(self, seen: Seen) -> NDArray[np.uint8]:
        """Picture and depth side by side; what can move is outlined where that was asked."""
        shown = seen.picture.pixels
        if seen.movable is not None and seen.movable.any():
            edges = cv2.findContours(seen.movable.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)[0]
            shown = shown.copy()
            cv2.drawContours(shown, edges, -1, MOVABLE_INK, max(1, shown.shape[1] // 400))
        return self._preview.draw(shown, seen.depth_m, seen.scale.metric, in_words(seen.scale))

    def describe(self, seen: Seen) -> dict[str, Any]:
        """What there is to say of a picture."""
        height, width = seen.depth_m.shape
        known = seen.depth_m[np.isfinite(seen.depth_m)]
        return {
            "number": seen.picture.number,
            "file": seen.picture.file or None,
            "size": [width, height],
            "network_size": list(self._estimator.network_size_px(width, height)),
            "state": "metric" if seen.scale.metric else "relative",
            "scale": seen.scale.scale,
            "sigma_relative": seen.scale.sigma_relative,
            "source": seen.scale.source,
            "readings": seen.scale.readings,
            "problem": seen.scale.problem,
            "depth_median": float(np.median(known)) if known.size else float("nan"),
            "movable_share": None if seen.movable is None else float(seen.movable.mean()),
        }

    def write_points(self, path: Path, seen: Seen) -> int:
        """Write the points of a picture; returns how many. Raises InputError."""
        xyz, rgb = points_of(seen.depth_m, seen.camera, seen.picture.pixels)
        write_points("--points", path, xyz, rgb)
        return len(xyz)


def write_files(work: Work, seen: Seen, depth: Path, preview: Path, points: Path | None) -> dict[str, Any]:
    """Write a picture's files. Returns what `Work.describe` says, and the files. Raises InputError."""
    said = work.describe(seen)
    said["depth"], said["holds"] = str(depth), write_depth("-o", depth, seen.depth_m, seen.scale.metric)
    write_picture("-o", preview, work.drawn(seen))
    said["preview"] = str(preview)
    if points is not None:
        said["points"], said["points_count"] = str(points), work.write_points(points, seen)
    return said
