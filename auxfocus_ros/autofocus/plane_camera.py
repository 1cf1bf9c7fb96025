"""A camera that looks at one plane through a lens: what the searches and networks are tried on where the truth is known."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from scipy import fft
from scipy.special import j1

from auxfocus_ros.autofocus.terms import DepthReading
from auxfocus_ros.errors import ConfigurationError
from auxfocus_ros.optics.defocus import from_linear, to_linear
from auxfocus_ros.optics.defocus_model import DefocusModel


@dataclass(frozen=True)
class Light:
    """How much noise there is: standard deviations in linear light, of 1.

    read: of a black pixel. shot: of a white one, growing with the root of the light. exposure: factor on the light.
    """

    name: str
    read: float
    shot: float
    exposure: float = 1.0


LIGHTS = (Light("bright", 0.001, 0.005), Light("indoor", 0.004, 0.02), Light("dim", 0.01, 0.05))
"""Signal over noise of about 46, 34 and 26 dB at white: small sensors in daylight, under lamps, and under a bulb."""


class PlaneCamera:
    """A sharp picture of a plane, seen through a lens that stands elsewhere."""

    def __init__(
        self,
        sharp: np.ndarray,
        model: DefocusModel,
        best_position_steps: float,
        position_steps: float,
        *,
        size_px: int = 512,
        light: Light = LIGHTS[0],
        gamma: float = 2.2,
        depth: DepthReading | None = None,
        seed: int = 0,
        blades: int = 0,
    ) -> None:
        """Point it.

        Args:
            sharp: (H, W) or (H, W, 3) uint8, the plane in focus, wider and higher than `size_px` by twice the largest blur, or
                what is missing is continued by reflection.
            model: of the lens.
            best_position_steps: where the plane is in focus.
            position_steps: where the lens stands.
            size_px: edge of the square in the picture's middle that `capture` gives.
            light: the noise.
            gamma: of `sharp` and of what is captured.
            depth: what `depth` says, always the same.
            seed: of the noise.
            blades: of the aperture, at least 3; 0: round. A polygon has the area of the disk.
        """
        if sharp.shape[0] < size_px or sharp.shape[1] < size_px:
            raise ConfigurationError(
                f"the plane is {sharp.shape[1]} x {sharp.shape[0]}: it must be at least {size_px} px each way"
            )
        self.position_steps = float(position_steps)
        self.best_position_steps = float(best_position_steps)
        self._model, self._size_px, self._light, self._gamma = model, size_px, light, gamma
        self._depth, self._blades = depth, blades
        self._rng = np.random.default_rng(seed)
        linear = to_linear(sharp, gamma)
        self._planes = [linear] if linear.ndim == 2 else [np.ascontiguousarray(linear[..., c]) for c in range(3)]
        self._colour = linear.ndim == 3
        height, width = linear.shape[:2]
        self._spectra = [fft.rfft2(plane) for plane in self._planes]
        self._frequency_y = fft.fftfreq(height).astype(np.float32)[:, None]
        self._frequency_x = fft.rfftfreq(width).astype(np.float32)[None, :]
        self._frequency = np.hypot(self._frequency_y, self._frequency_x)
        self._shape = (height, width)

    def move(self, position_steps: float) -> None:
        """The lens goes exactly there."""
        self.position_steps = float(position_steps)

    def depth(self) -> DepthReading | None:
        """As given."""
        return self._depth

    def capture(self) -> np.ndarray:
        """(size, size) or (size, size, 3) uint8: blurred, scaled, noisy, rounded."""
        scale = float(self._model.scale(self.position_steps, self.best_position_steps))
        radius_px = float(self._model.radius_px(self.position_steps, self.best_position_steps)) / scale
        transfer = self._transfer(radius_px)
        seen = [self._finish(fft.irfft2(spectrum * transfer, s=self._shape), scale) for spectrum in self._spectra]
        return from_linear(np.stack(seen, axis=-1) if self._colour else seen[0], self._gamma)

    def _transfer(self, radius_px: float) -> np.ndarray:
        """The blur's Fourier transform: `2 J1(x) / x` with `x = 2 pi r f` of a disk (Goodman, Introduction to Fourier Optics)."""
        if self._blades:
            return _polygon_transfer(self._frequency_x, self._frequency_y, radius_px, self._blades)
        x = np.maximum(2.0 * np.pi * radius_px * self._frequency, np.float32(1e-6))
        return np.asarray(2.0 * j1(x) / x, np.float32)

    def _finish(self, blurred: np.ndarray, scale: float) -> np.ndarray:
        size, (height, width) = self._size_px, self._shape
        # from a pixel of the cut to one of the plane, about the plane's middle
        x, y = 0.5 * (width - 1) - 0.5 * (size - 1) / scale, 0.5 * (height - 1) - 0.5 * (size - 1) / scale
        warp = np.array([[1.0 / scale, 0.0, x], [0.0, 1.0 / scale, y]])
        flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
        cut = cv2.warpAffine(np.asarray(blurred, np.float32), warp, (size, size), flags=flags, borderMode=cv2.BORDER_REFLECT)
        light = np.clip(cut * self._light.exposure, 0.0, None)
        noise = np.sqrt(self._light.read**2 + self._light.shot**2 * light)
        return np.asarray(light + noise * self._rng.standard_normal(light.shape, dtype=np.float32), np.float32)


def _polygon_transfer(fx: np.ndarray, fy: np.ndarray, radius_px: float, blades: int) -> np.ndarray:
    """Fourier transform of an even regular polygon with the area of the disk; it is drawn finer than the pixels and averaged."""
    if radius_px < 0.05:
        return np.ones(np.broadcast_shapes(fx.shape, fy.shape), np.float32)
    corner_px = radius_px * np.sqrt(2.0 * np.pi / (blades * np.sin(2.0 * np.pi / blades)))
    half = int(np.ceil(corner_px)) + 1
    over = 8 if radius_px < 40 else 2
    angles = 2.0 * np.pi * np.arange(blades) / blades + 0.3
    corners = (corner_px * np.stack([np.cos(angles), np.sin(angles)], axis=1) + half + 0.5) * over - 0.5
    mask = np.zeros(((2 * half + 1) * over,) * 2, np.uint8)
    cv2.fillPoly(mask, [np.rint(corners * 16).astype(np.int32)], 255, shift=4)
    kernel = np.asarray(cv2.resize(mask.astype(np.float32), (2 * half + 1,) * 2, interpolation=cv2.INTER_AREA), np.float32)
    kernel = kernel / kernel.sum()
    height, width = fy.shape[0], 2 * (fx.shape[1] - 1)
    padded = np.zeros((height, width), np.float32)
    rows, columns = np.meshgrid(np.arange(-half, half + 1), np.arange(-half, half + 1), indexing="ij")
    np.add.at(padded, (rows % height, columns % width), kernel)
    return np.asarray(fft.rfft2(padded))
