"""A recording of fixed focus that answers to the lens: its pictures get the defocus of the lens's present position.

A recording with depth holds what is needed: the picture (taken as sharp all over), the depth of every pixel, and the focal
length in pixels, from which follows the pixel pitch that fits a lens of any focal length, p = f / fx. The f-number is free: a
wide-open one makes more of the effect. Where there is only a point cloud, depth between its points is guessed, and edges are as
coarse as the cloud is.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import cv2
import numpy as np

from auxfocus_ros.errors import ConfigurationError, InputError
from auxfocus_ros.optics.camera import CameraModel
from auxfocus_ros.optics.defocus import DEFAULT_GAMMA, check_gamma, check_kernel, scale_about
from auxfocus_ros.optics.depth_defocus import DEFAULT_LAYERS, breathing_scale, check_layers, defocus_scene, fill_depth
from auxfocus_ros.optics.lens import Lens
from auxfocus_ros.rig.frame import Frame
from auxfocus_ros.rig.source import OnProblem, Source, ignore_problem

# Cells of a cloud's depth image hold this many points on average: with fewer, most cells are holes.
POINTS_A_CELL = 1.5


def depth_from_points(points_m: np.ndarray, camera: CameraModel) -> np.ndarray:
    """A depth image as well as a sparse cloud can give one.

    The nearest point counts in each cell of a grid that is as fine as the cloud is dense; empty cells are filled from beside,
    and inverse depth is interpolated between cells.

    Args:
        points_m: (N, 3) in the camera's optical frame, metres; what is NaN or out of the picture is left out.
        camera: geometry of the picture.

    Returns:
        (height_px, width_px) float32, metres.

    Raises:
        InputError: no point falls into the picture.
    """
    u_px, v_px = camera.project(points_m)
    width, height = camera.width_px, camera.height_px
    with np.errstate(invalid="ignore"):
        inside = (u_px >= -0.5) & (u_px < width - 0.5) & (v_px >= -0.5) & (v_px < height - 0.5)
    depth = np.asarray(points_m)[inside, 2].astype(np.float32)
    if not len(depth):
        raise InputError("no point of the cloud falls into the picture: check the extrinsics and the intrinsics")
    cell = max(1, min(round(math.sqrt(width * height * POINTS_A_CELL / len(depth))), width, height))
    rows, columns = -(-height // cell), -(-width // cell)
    places = ((v_px[inside] + 0.5) // cell).astype(np.intp) * columns + ((u_px[inside] + 0.5) // cell).astype(np.intp)
    far_first = np.argsort(-depth)
    cells = np.zeros(rows * columns, np.float32)
    cells[places[far_first]] = depth[far_first]
    inverse = 1.0 / fill_depth(cells.reshape(rows, columns))
    wide = cv2.resize(inverse, (columns * cell, rows * cell), interpolation=cv2.INTER_LINEAR)
    return np.asarray(1.0 / wide[:height, :width])


class RefocusedSource:
    """Another source, seen through a lens.

    Frames keep their stamp and cloud; the picture is defocused, `lens` (what the recording said of its own lens) is gone. Until
    a position is known, and where a frame cannot be rendered (told to `on_problem`), the picture is as recorded.
    """

    def __init__(
        self,
        source: Source,
        lens: Lens,
        *,
        f_number: float | None = None,
        position_steps: float | None = None,
        kernel: str = "disk",
        gamma: float = DEFAULT_GAMMA,
        layers: int = DEFAULT_LAYERS,
        breathing: bool = False,
        on_problem: OnProblem = ignore_problem,
    ) -> None:
        """Wrap a source, which is then closed with this one.

        Args:
            source: frames with a depth image or a cloud.
            lens: its pixel pitch is replaced by the one that fits each frame's intrinsics.
            f_number: in place of the lens's, > 0.
            position_steps: where the lens stands at first; None: not known yet.
            kernel: 'disk' or 'gaussian'.
            gamma: of the pictures, 0.1 to 10.
            layers: see `defocus_scene`.
            breathing: also enlarge picture, depth and intrinsics as the sensor moves away from its place at infinity focus.
            on_problem: called with one line when a frame cannot be rendered; once as long as the reason stays the same.

        Raises:
            ConfigurationError: a source without depth, or a setting out of its range.
        """
        if not source.has_depth:
            raise ConfigurationError(f"'{source.name}' has neither depth images nor points: refocus needs one of them")
        try:
            check_kernel(kernel)
            check_gamma(gamma)
            check_layers(layers)
        except InputError as error:
            raise ConfigurationError(f"refocus: {error}") from error
        self._source = source
        self._lens = lens if f_number is None else replace(lens, f_number=f_number)
        self._position_steps: float | None = None
        self._kernel, self._gamma, self._layers, self._breathing = kernel, gamma, layers, breathing
        self._on_problem = on_problem
        self._told = ""
        self.name = source.name
        self.duration_s = source.duration_s
        self.rate_hz = source.rate_hz
        self.has_depth = True
        self.follows_lens = True
        self.counts = source.counts
        if position_steps is not None:
            self.set_lens_position(position_steps)

    def frames(self) -> Iterator[Frame]:
        """One pass of the wrapped source; each frame is rendered when it is asked for, with the position of that moment."""
        for frame in self._source.frames():
            position_steps = self._position_steps
            if position_steps is None:
                yield frame
                continue
            try:
                refocused = self.refocus(frame, position_steps)
            except (InputError, ConfigurationError) as error:
                self._tell(f"a picture is left as recorded: {error}")
                refocused = frame
            else:
                self._told = ""
            yield refocused

    def set_lens_position(self, position_steps: float) -> None:
        """Where the glass is now, motor steps. What is not finite is not a position and changes nothing."""
        if math.isfinite(position_steps):
            self._position_steps = float(position_steps)
            self._source.set_lens_position(position_steps)

    def close(self) -> None:
        """Close the wrapped source."""
        self._source.close()

    def refocus(self, frame: Frame, position_steps: float) -> Frame:
        """One frame as the lens at a position would have taken it.

        Raises:
            InputError: the frame has no depth, or the lens has no sensor distance at this position.
        """
        camera = frame.camera
        lens = replace(self._lens, pixel_pitch_m=self._lens.focal_length_m / camera.fx_px)
        picture, depth_m = frame.picture, _depth_of(frame)
        if self._breathing:
            scale, centre = breathing_scale(lens, position_steps), (camera.cx_px, camera.cy_px)
            picture = scale_about(picture, scale, centre)
            depth_m = scale_about(depth_m, scale, centre, cv2.INTER_NEAREST)
            camera = replace(camera, fx_px=camera.fx_px * scale, fy_px=camera.fy_px * scale)
        blurred = defocus_scene(picture, depth_m, lens, position_steps, self._kernel, self._gamma, self._layers)
        scaled_depth = depth_m if self._breathing and frame.depth_m is not None else frame.depth_m
        return replace(frame, picture=blurred, camera=camera, depth_m=scaled_depth, lens=None)

    def _tell(self, text: str) -> None:
        if text != self._told:
            self._told = text
            self._on_problem(text)


def _depth_of(frame: Frame) -> np.ndarray:
    """Depth for each pixel of the picture, holes and all, (H, W) float32."""
    if frame.depth_m is None:
        return depth_from_points(frame.optical_points_m(), frame.camera)
    if frame.depth_m.shape == frame.picture.shape[:2]:
        return frame.depth_m
    return cv2.resize(frame.depth_m, (frame.width_px, frame.height_px), interpolation=cv2.INTER_NEAREST)
