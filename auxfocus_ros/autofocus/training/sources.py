"""Where sharp pictures come from: crops of photographs that are sharp to the pixel, drawn textures, and both put together."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from auxfocus_ros.autofocus.training import procedural
from auxfocus_ros.errors import ConfigurationError, InputError
from auxfocus_ros.optics.config_path import config_dir

SUFFIXES = (".jpg", ".jpeg", ".png", ".tif", ".tiff", ".bmp", ".webp")
TILE_PX = 64
LEAST_REBLUR_RATIO = 2.3
"""A Gaussian of 0.8 px takes this much of the Laplacian of a picture that is sharp to the pixel; blurred by 0.6 px before, it
takes less: 1.6 to 2.1 of the photographs that this was set by, which have 2.5 to 4 at half their size."""
LEAST_SHARP_SHARE = 0.75
LEAST_TEXTURE = 0.01
TRIES = 12
PROCEDURAL_SHARE = 0.35


def sharp_share(linear: np.ndarray, least_textured: float = 0.08) -> float:
    """Share of a picture's fine structure that lies in tiles that are sharp to the pixel.

    Args:
        linear: (H, W) float32, linear light.
        least_textured: share of the tiles that must have structure at all.

    Returns:
        0 to 1; 0 where too few tiles have structure.
    """
    height, width = (edge // TILE_PX * TILE_PX for edge in linear.shape)
    energies = []
    for picture in (linear, cv2.GaussianBlur(linear, (0, 0), 0.8)):
        square = cv2.Laplacian(np.asarray(picture, np.float32), cv2.CV_32F)[:height, :width] ** 2
        energies.append(square.reshape(height // TILE_PX, TILE_PX, width // TILE_PX, TILE_PX).mean(axis=(1, 3)))
    textured = energies[0] > LEAST_TEXTURE**2
    if textured.mean() < least_textured:
        return 0.0
    sharp = textured & (energies[0] > LEAST_REBLUR_RATIO**2 * energies[1])
    weight = np.sqrt(energies[0])
    return float(weight[sharp].sum() / weight[textured].sum())


def training_photos(folder: Path) -> list[Path]:
    """The photographs of a folder that may be trained on: all but those that the shipped split keeps for tests.

    Raises:
        ConfigurationError: no such folder, or no photograph in it.
    """
    if not folder.is_dir():
        raise ConfigurationError(f"--photos {folder}: no such folder")
    with (config_dir() / "autofocus" / "photos_split.csv").open(encoding="utf-8", newline="") as lines:
        kept = {row["file"] for row in csv.DictReader(lines) if row["part"] == "test"}
    photos = sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES and path.name not in kept)
    if not photos:
        raise ConfigurationError(f"--photos {folder}: no photograph there ({', '.join(SUFFIXES)}) that may be trained on")
    return photos


@dataclass(frozen=True, eq=False)
class Sources:
    """Sharp pictures by lot.

    photos: (H, W, 3) uint8 each; none: drawn textures alone. procedural_share: of drawn textures among the rest, 0 to 1.
    """

    photos: tuple[np.ndarray, ...] = ()
    procedural_share: float = PROCEDURAL_SHARE

    @classmethod
    def read(cls, paths: list[Path], procedural_share: float = PROCEDURAL_SHARE) -> Sources:
        """Read the photographs. Raises InputError where one cannot be read."""
        photos = []
        for path in paths:
            photo = cv2.imread(str(path), cv2.IMREAD_COLOR)
            if photo is None:
                raise InputError(f"photograph {path} cannot be read")
            photos.append(np.asarray(photo))
        return cls(tuple(photos), procedural_share)

    def draw(self, rng: np.random.Generator, size_px: int) -> np.ndarray:
        """A sharp picture: (size, size) float32 in linear light, 0 to 1 (glints above 1)."""
        if not self.photos or rng.random() < self.procedural_share:
            return self._finished(rng, procedural.draw_texture(rng, size_px))
        picture, kind = self.crop(rng, size_px), rng.random()
        if kind < 0.15:
            other = self.crop(rng, size_px) if rng.random() < 0.6 else procedural.draw_texture(rng, size_px)
            share = np.float32(rng.uniform(0.2, 0.8))
            picture = share * picture + (1 - share) * other if rng.random() < 0.6 else picture * (0.2 + 0.8 * other)
        elif kind < 0.30:
            picture = procedural.dead_leaves(rng, size_px, [picture, self.crop(rng, size_px)])
        return self._finished(rng, np.asarray(picture, np.float32))

    def crop(self, rng: np.random.Generator, size_px: int) -> np.ndarray:
        """A crop of a photograph at its own size or, mostly, smaller; sharp to the pixel unless none is found in some tries."""
        best, best_share = None, -1.0
        least_textured = 0.08 if rng.random() < 0.3 else 0.4
        for _ in range(TRIES):
            cut = self._cut(rng, size_px)
            share = sharp_share(cut, least_textured)
            if share > best_share:
                best, best_share = cut, share
            if share >= LEAST_SHARP_SHARE:
                break
        if best is None or best_share < 0.5 * LEAST_SHARP_SHARE:
            return procedural.draw_texture(rng, size_px)
        return best

    def _cut(self, rng: np.random.Generator, size_px: int) -> np.ndarray:
        photo = self.photos[rng.integers(len(self.photos))]
        height, width = photo.shape[:2]
        smallest = min(1.0, size_px / min(height, width))
        scale = 1.0 if rng.random() < 0.12 else rng.uniform(max(smallest, 0.25), max(smallest, 0.55))
        edge = min(round(size_px / scale), height, width)
        x, y = int(rng.integers(0, width - edge + 1)), int(rng.integers(0, height - edge + 1))
        piece = photo[y : y + edge, x : x + edge]
        if edge != size_px:
            way = cv2.INTER_AREA if edge > size_px else cv2.INTER_CUBIC
            piece = cv2.resize(piece, (size_px, size_px), interpolation=way)
        weights = rng.dirichlet([1.0, 2.0, 1.0]).astype(np.float32)
        grey = cv2.transform(piece, weights[None, :])
        table = np.linspace(0, 1, 256, dtype=np.float32) ** np.float32(rng.uniform(1.7, 2.7))
        linear = np.asarray(cv2.LUT(grey, table), np.float32)
        if rng.random() < 0.5:
            linear = linear[:, ::-1]
        return np.ascontiguousarray(np.rot90(linear, int(rng.integers(4))))

    @staticmethod
    def _finished(rng: np.random.Generator, picture: np.ndarray) -> np.ndarray:
        if rng.random() < 0.2:  # weak textures
            picture = picture.mean() + np.float32(np.exp(rng.uniform(np.log(0.08), 0))) * (picture - picture.mean())
        if rng.random() < 0.3:
            picture = picture * np.float32(np.exp(rng.uniform(-1.2, 0.7)))
        return np.ascontiguousarray(np.clip(picture, 0.0, None), np.float32)
