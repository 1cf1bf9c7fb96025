"""Pictures out of focus as cameras take them, with the truth: blur in linear light by a known radius, and what comes after it.

The order is that of light: the scene, the lens (defocus, its own blur, movement), the sensor (vignetting, exposure, noise that
follows brightness), the image processor (noise reduction, sharpening, gamma, 8 bits), JPEG.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from scipy import fft

from auxfocus_ros.autofocus.radius_estimate import LARGEST_RADIUS_PX
from auxfocus_ros.autofocus.training import apertures
from auxfocus_ros.autofocus.training.sources import Sources
from auxfocus_ros.optics.defocus import from_linear
from auxfocus_ros.optics.defocus_model import DefocusModel

FIELD_PX = 768
"""Edge of the sharp pictures; the blur takes the light that a patch lacks at its edges from the rest of the field."""
SAMPLES_PER_SOURCE = 8
PATCH_PX = 512
MOST_RADIUS_PX = 215.0


@dataclass(frozen=True, eq=False)
class Sample:
    """A picture and its truth.

    picture: (h, w) uint8. radius_px: of the blur on the sensor. steps: distance to focus of the lens that made it; NaN where the
    radius was drawn and not a position.
    """

    picture: np.ndarray
    radius_px: float
    steps: float = float("nan")


@dataclass(frozen=True)
class Recipe:
    """How samples are made.

    plain: as the reference model's source has it: the lens's own pairs of positions, patches of 512 px. The rest of the samples
    draw their radius and their size at random.
    """

    model: DefocusModel
    plain: bool = False
    near_steps: float = 0.0
    """With `plain`: half of the samples are drawn within this distance; 0: positions are even over the range."""


def simulate(seed: int | list[int], sources: Sources, recipe: Recipe, count: int) -> Iterator[Sample]:
    """Samples, for ever the same by their seed."""
    rng = np.random.default_rng(seed)
    behind: np.ndarray | None = None
    made = 0
    while made < count:
        sharp = sources.draw(rng, FIELD_PX)
        if float(sharp.std()) < 0.004 * max(float(sharp.mean()), 0.02):
            continue
        spectrum = fft.rfft2(sharp)
        for _ in range(min(SAMPLES_PER_SOURCE, count - made)):
            yield _sample(rng, sharp, spectrum, behind, recipe)
            made += 1
        behind = spectrum


def _sample(
    rng: np.random.Generator, sharp: np.ndarray, spectrum: np.ndarray, behind: np.ndarray | None, recipe: Recipe
) -> Sample:
    steps, scale = float("nan"), float(np.exp(rng.normal(0, 0.02)))
    if recipe.plain or rng.random() < 0.3:
        radius_px, scale, steps = _positions(rng, recipe)
    else:
        radius_px = _radius(rng)
    size = (PATCH_PX, PATCH_PX) if recipe.plain else _size(rng)
    wild = rng.random() < 0.5
    transfer = lens_transfer(rng, radius_px / scale, wild)
    light = fft.irfft2(spectrum * transfer, s=(FIELD_PX, FIELD_PX))
    if behind is not None and not recipe.plain and rng.random() < 0.07:
        light, radius_px = _two_depths(rng, sharp, behind, transfer, radius_px)
    light = _cut(rng, light, size, scale)
    return Sample(camera_picture(rng, light, wild), radius_px, steps)


def _positions(rng: np.random.Generator, recipe: Recipe) -> tuple[float, float, float]:
    """Radius on the sensor, scale and distance in steps of a pair of positions."""
    low, high = recipe.model.min_position_steps, recipe.model.max_position_steps
    best = float(rng.uniform(low, high))
    position = float(rng.uniform(low, high))
    if recipe.near_steps and rng.random() < 0.5:
        position = float(np.clip(best + rng.uniform(-recipe.near_steps, recipe.near_steps), low, high))
    radius_px = float(recipe.model.radius_px(position, best))
    scale = float(recipe.model.scale(position, best))
    return min(radius_px, LARGEST_RADIUS_PX), scale, abs(position - best)


def _radius(rng: np.random.Generator) -> float:
    kind = rng.random()
    if kind < 0.02:
        return 0.0
    if kind < 0.22:
        return float(rng.uniform(0, 5))
    if kind < 0.60:
        return float(rng.uniform(0, MOST_RADIUS_PX))
    return float(np.exp(rng.uniform(np.log(0.5), np.log(MOST_RADIUS_PX + 0.5))) - 0.5)


def _size(rng: np.random.Generator) -> tuple[int, int]:
    kind = rng.random()
    if kind < 0.65:
        return PATCH_PX, PATCH_PX
    if kind < 0.85:
        return (int(rng.choice([64, 96, 128, 160, 192, 256, 320, 384])),) * 2
    return int(rng.integers(64, 640)), int(rng.integers(64, 640))


def lens_transfer(rng: np.random.Generator, radius_px: float, wild: bool) -> np.ndarray:
    """Fourier transform on the grid of `rfft2` of a field of FIELD_PX: of an even disk, or with `wild` of what lenses make of it.

    wild: other apertures, softness of the lens and movement too, by lot.
    """
    kind = rng.random() if wild else 0.0
    drawn = 0.35 < kind <= 0.95 and radius_px > 0.7
    if drawn and 2.7 * radius_px + 6 < FIELD_PX:
        transfer = apertures.drawn_transfer(rng, FIELD_PX, radius_px)
    elif kind > 0.95:
        transfer = apertures.gaussian_transfer(FIELD_PX, 0.5 * radius_px)
    else:
        transfer = apertures.disk_transfer(FIELD_PX, radius_px)
    softness_px = 0.0
    if wild and rng.random() < 0.6:
        softness_px = rng.uniform(0.2, 0.7)
    if wild and rng.random() < 0.3:
        softness_px = float(np.hypot(softness_px, rng.uniform(0.02, 0.12) * radius_px))
    if softness_px:
        transfer = transfer * apertures.gaussian_transfer(FIELD_PX, softness_px)
    if wild and rng.random() < 0.12:
        length, angle = np.exp(rng.uniform(0, np.log(20))), rng.uniform(0, np.pi)
        transfer = transfer * apertures.motion_transfer(FIELD_PX, length * np.cos(angle), length * np.sin(angle))
    return transfer


def _two_depths(
    rng: np.random.Generator,
    sharp: np.ndarray,
    behind: np.ndarray,
    transfer: np.ndarray,
    radius_px: float,
) -> tuple[np.ndarray, float]:
    """A depth edge through the patch: the sharp picture in front, with its own blur over the mask, another one behind it."""
    y, x = np.mgrid[-0.5 : 0.5 : FIELD_PX * 1j, -0.5 : 0.5 : FIELD_PX * 1j].astype(np.float32)
    angle, away = rng.uniform(0, 2 * np.pi), rng.uniform(-0.3, 0.3)
    bend = np.float32(rng.uniform(-2, 2))
    along = -np.sin(angle) * x + np.cos(angle) * y
    edge = (np.cos(angle) * x + np.sin(angle) * y + bend * along**2 + away) * FIELD_PX
    mask = np.asarray(np.clip(edge + 0.5, 0, 1), np.float32)
    other_px = _radius(rng)
    field = (FIELD_PX, FIELD_PX)
    far = fft.irfft2(behind * apertures.disk_transfer(FIELD_PX, other_px), s=field)
    front = fft.irfft2(fft.rfft2(sharp * mask) * transfer, s=field)
    cover = fft.irfft2(fft.rfft2(mask) * transfer, s=field)
    quarter = (FIELD_PX - PATCH_PX) // 2
    share = float(mask[quarter:-quarter, quarter:-quarter].mean())
    return np.asarray(front + (1 - cover) * far, np.float32), radius_px if share >= 0.5 else other_px


def _cut(rng: np.random.Generator, light: np.ndarray, size: tuple[int, int], scale: float) -> np.ndarray:
    height, width = size
    room_y, room_x = 0.5 * (FIELD_PX - height / scale) - 3, 0.5 * (FIELD_PX - width / scale) - 3
    x = 0.5 * (FIELD_PX - 1) - 0.5 * (width - 1) / scale + rng.uniform(-1, 1) * max(room_x, 0)
    y = 0.5 * (FIELD_PX - 1) - 0.5 * (height - 1) / scale + rng.uniform(-1, 1) * max(room_y, 0)
    if rng.random() < 0.25:
        x, y, scale = np.rint(x), np.rint(y), 1.0
    warp = np.array([[1.0 / scale, 0.0, x], [0.0, 1.0 / scale, y]])
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(light, warp, (width, height), flags=flags, borderMode=cv2.BORDER_REFLECT), np.float32)


def camera_picture(rng: np.random.Generator, light: np.ndarray, wild: bool) -> np.ndarray:
    """What a camera makes of light (h, w) float32: (h, w) uint8. wild: with vignetting, sharpening and the like, by lot."""
    height, width = light.shape
    if wild and rng.random() < 0.2:
        y = np.linspace(-1, 1, height, dtype=np.float32)[:, None] + np.float32(rng.uniform(-1, 1))
        x = np.linspace(-1, 1, width, dtype=np.float32)[None, :] + np.float32(rng.uniform(-1, 1))
        light = light * (1 - np.float32(rng.uniform(0.02, 0.15)) * (x * x + y * y))
    if rng.random() < 0.4:
        light = light * np.float32(np.exp(rng.uniform(np.log(0.25), np.log(2.0))))
    light = np.clip(light, 0.0, None)
    shot = np.exp(rng.uniform(np.log(0.002), np.log(0.07)))
    read = shot * rng.uniform(0.1, 0.4)
    grain = rng.standard_normal(light.shape, dtype=np.float32)
    light = light + np.sqrt(np.float32(read**2) + np.float32(shot**2) * light) * grain
    if wild and rng.random() < 0.35:  # demosaicing and noise reduction
        sigma = rng.uniform(0.3, 0.6)
        light = cv2.GaussianBlur(light, (0, 0), sigma)
    if wild and rng.random() < 0.15:
        light = light + np.float32(rng.uniform(0.2, 1.0)) * (light - cv2.GaussianBlur(light, (0, 0), rng.uniform(0.6, 1.5)))
    gamma = float(rng.uniform(1.8, 2.5)) if wild else 2.2
    picture = from_linear(np.clip(light, 0.0, 1.0), gamma)
    if rng.random() < (0.5 if wild else 0.1):
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(70, 101))]
        picture = np.asarray(cv2.imdecode(cv2.imencode(".jpg", picture, quality)[1], cv2.IMREAD_GRAYSCALE))
    return np.asarray(picture)
