"""Frames of sequences of several sizes as rows to learn from: in batches of one size, varied at random."""

from __future__ import annotations

from collections.abc import Sequence as Many
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from auxfocus_ros.monodepth.sequence import Sequence


@dataclass(frozen=True)
class Row:
    """Where a frame is: of which sequence, and which."""

    sequence: int
    frame: int


class Rows:
    """Frames in a fixed order, known by their number."""

    def __init__(self, sequences: Many[Sequence], rows: Many[Row], batch: int) -> None:
        """batch: rows at a time."""
        self.sequences, self.rows, self.batch = sequences, list(rows), max(1, min(batch, len(rows)))
        sizes: dict[tuple[int, int], list[int]] = {}
        for number, row in enumerate(self.rows):
            camera = sequences[row.sequence].camera
            sizes.setdefault((camera.height_px, camera.width_px), []).append(number)
        self._sizes = [np.array(numbers) for numbers in sizes.values()]

    def __len__(self) -> int:
        """How many."""
        return len(self.rows)

    def order(self, generator: torch.Generator) -> torch.Tensor:
        """All rows by lot, so that each batch is of one size; where a size does not fill its last batch, some come twice."""
        batches = []
        for numbers in self._sizes:
            drawn = numbers[torch.randperm(len(numbers), generator=generator).numpy()]
            short = -len(drawn) % self.batch
            drawn = np.concatenate([drawn, np.resize(drawn, short)])
            batches += list(drawn.reshape(-1, self.batch))
        mixed = torch.randperm(len(batches), generator=generator).tolist()
        return torch.from_numpy(np.concatenate([batches[index] for index in mixed]))

    def same_size(self, first: int, most: int) -> int:
        """How many rows from `first` on, at most so many, have its size."""
        camera, count = self.sequences[self.rows[first].sequence].camera, 1
        while count < most and first + count < len(self.rows):
            other = self.sequences[self.rows[first + count].sequence].camera
            if (other.width_px, other.height_px) != (camera.width_px, camera.height_px):
                break
            count += 1
        return count


def as_tensor(pictures: NDArray[np.uint8]) -> torch.Tensor:
    """(N, H, W, 3) uint8 BGR as (N, 3, H, W) float32 RGB in 0 to 1."""
    rgb = torch.from_numpy(np.ascontiguousarray(pictures[..., ::-1]))
    return rgb.permute(0, 3, 1, 2).float().div_(255.0)


def lot(generator: torch.Generator, count: int, low: float = 0.0, high: float = 1.0) -> NDArray[np.float32]:
    """(count,) even between two bounds."""
    return (torch.rand(count, generator=generator) * (high - low) + low).numpy()


def toned(pictures: NDArray[np.uint8], generator: torch.Generator) -> NDArray[np.uint8]:
    """(N, H, W, 3) pictures in other light, through other sensors and lenses: levels, colours, blur and noise by lot."""
    count = len(pictures)
    gain, gamma = lot(generator, count, 0.6, 1.35), lot(generator, count, 0.7, 1.4)
    colour = lot(generator, 3 * count, 0.8, 1.2).reshape(count, 3)
    pale, blurred = lot(generator, count), lot(generator, count)
    sigma_px, noise = lot(generator, count, 0.4, 2.2), lot(generator, count, 0.0, 8.0)
    seed = int(torch.randint(2**31 - 1, (1,), generator=generator))
    random = np.random.default_rng(seed)
    found = np.empty_like(pictures)
    level = np.arange(256, dtype=np.float32) / 255.0
    for number, picture in enumerate(pictures):
        table = np.clip(255.0 * (level[:, None] * gain[number] * colour[number]) ** gamma[number], 0, 255).astype(np.uint8)
        one = cv2.LUT(picture, table[None])
        if pale[number] < 0.1:
            one = cv2.cvtColor(cv2.cvtColor(one, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
        if blurred[number] < 0.3:
            one = cv2.GaussianBlur(one, (0, 0), float(sigma_px[number]))
        if noise[number] > 3.0:
            grain = random.integers(-128, 128, one.shape, np.int8).astype(np.int16)
            one = np.clip(one + grain * (noise[number] / 74.0), 0, 255).astype(np.uint8)
        found[number] = one
    return found
