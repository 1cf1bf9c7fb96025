"""Simulated samples on disk: made once by several processes, read by rows, so that memory holds no more than a batch.

Arrays of rows are plain `.npy` files that are mapped into memory; a shard of rows is made from a seed of its own, and what was
made is marked, so that an interrupted simulation goes on where it was.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np

from auxfocus_ros.autofocus.networks.features import COPY_PX, FACTS, FREQUENCY_BINS, SPECTRUM_CHANNELS, features
from auxfocus_ros.autofocus.training.simulate import PATCH_PX, Recipe, simulate
from auxfocus_ros.autofocus.training.sources import Sources
from auxfocus_ros.errors import ConfigurationError
from auxfocus_ros.optics.defocus_model import ThinLensModel
from auxfocus_ros.optics.lens_file import load_lens

SHARD_ROWS = 250
SECONDS = "seconds.txt"
NEAR_STEPS = 30.0
"""Of the reference model's samples half lie within this: its discriminator has to see as many in focus as not."""
TRUTH = {"radius_px": ((), np.float32), "steps": ((), np.float32)}
FEATURES = {
    "spectrum": ((SPECTRUM_CHANNELS, FREQUENCY_BINS), np.float16),
    "facts": ((FACTS,), np.float32),
    "copy": ((COPY_PX, COPY_PX), np.float16),
}
PICTURES = {"picture": ((PATCH_PX, PATCH_PX), np.uint8)}


class Plan(Protocol):
    """What is simulated: a frozen dataclass, by whose fields the rows on disk are known again."""

    @property
    def photos(self) -> tuple[str, ...]:
        """Paths as text; none: drawn textures alone."""

    @property
    def rows(self) -> int:
        """How many."""

    @property
    def seed(self) -> int:
        """Of all that is random."""

    @property
    def procedural_share(self) -> float:
        """Of drawn textures."""

    def arrays(self) -> dict[str, tuple[tuple[int, ...], Any]]:
        """Name -> (shape of a row, type)."""

    def values(self, seed: list[int], sources: Sources, count: int) -> Iterator[Mapping[str, Any]]:
        """Rows, name -> value, for ever the same by their seed."""


@dataclass(frozen=True)
class PatchPlan:
    """Of evenly blurred patches.

    plain: samples as the reference model needs them, kept as pictures; else kept as features. lens: by whose positions. The rest
    as of `Plan`.
    """

    photos: tuple[str, ...]
    rows: int
    seed: int
    lens: str
    plain: bool
    procedural_share: float

    def arrays(self) -> dict[str, tuple[tuple[int, ...], Any]]:
        """Name -> (shape of a row, type)."""
        return {**(PICTURES if self.plain else FEATURES), **TRUTH}

    def values(self, seed: list[int], sources: Sources, count: int) -> Iterator[Mapping[str, Any]]:
        """Rows, name -> value, for ever the same by their seed."""
        recipe = Recipe(ThinLensModel(load_lens(self.lens)), self.plain, NEAR_STEPS if self.plain else 0.0)
        for sample in simulate(seed, sources, recipe, count):
            truth = {"radius_px": sample.radius_px, "steps": sample.steps}
            if self.plain:
                yield {"picture": sample.picture, **truth}
                continue
            found = features(sample.picture)
            yield {"spectrum": found.spectrum, "facts": found.facts, "copy": found.copy, **truth}


def simulated(folder: Path, plan: Plan, workers: int, progress: Callable[[int, int], None]) -> dict[str, np.ndarray]:
    """Rows of a plan, made or read.

    Args:
        folder: where they lie; made where it is missing.
        plan: what they are. Rows of another plan in the folder are no use and are made again.
        workers: processes, at least 1.
        progress: told how many rows there are, and of how many.

    Returns:
        Name -> (rows, ...) array, mapped from disk, read only.
    """
    folder.mkdir(parents=True, exist_ok=True)
    about = folder / "plan.json"
    text = json.dumps(vars(plan), sort_keys=True)
    mode = "r+" if about.is_file() and about.read_text(encoding="utf-8") == text else "w+"
    shards = -(-plan.rows // SHARD_ROWS)
    done = _map(folder, "done", (shards,), np.uint8, mode)
    for name, (shape, kind) in plan.arrays().items():
        _map(folder, name, (plan.rows, *shape), kind, mode)
    about.write_text(text, encoding="utf-8")
    missing = np.flatnonzero(done == 0).tolist()
    progress(plan.rows - _rows(plan, missing), plan.rows)
    begun, before = time.monotonic(), seconds_spent(folder) if mode == "r+" else 0.0
    for shard in _run(folder, plan, missing, workers):
        done[shard] = 1
        done.flush()
        missing.remove(shard)
        (folder / SECONDS).write_text(f"{before + time.monotonic() - begun:.1f}\n", encoding="utf-8")
        progress(plan.rows - _rows(plan, missing), plan.rows)
    return {name: np.load(folder / f"{name}.npy", mmap_mode="r") for name in plan.arrays()}


def seconds_spent(folder: Path) -> float:
    """How long the simulation of a folder's rows took, all its runs together."""
    return float((folder / SECONDS).read_text(encoding="utf-8")) if (folder / SECONDS).is_file() else 0.0


def _rows(plan: Plan, shards: list[int]) -> int:
    return sum(min(SHARD_ROWS, plan.rows - shard * SHARD_ROWS) for shard in shards)


def _map(folder: Path, name: str, shape: tuple[int, ...], kind: Any, mode: Any) -> np.memmap:
    path = folder / f"{name}.npy"
    try:
        return np.lib.format.open_memmap(path, mode, kind, shape)
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{path}: cannot be made or read: {' '.join(str(error).split())}") from error


def _run(folder: Path, plan: Plan, shards: list[int], workers: int) -> Iterator[int]:
    if not shards:
        return
    if workers == 1:
        _start(plan)
        for shard in list(shards):
            yield _make(str(folder), plan, shard)
        return
    with ProcessPoolExecutor(workers, get_context("spawn"), _start, (plan,)) as pool:
        futures = [pool.submit(_make, str(folder), plan, shard) for shard in shards]
        try:
            for future in as_completed(futures):
                yield future.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


_SOURCES: dict[tuple[str, ...], Sources] = {}


def _start(plan: Plan) -> None:
    cv2.setNumThreads(1)
    os.environ["OMP_NUM_THREADS"] = "1"
    _SOURCES.clear()
    _SOURCES[plan.photos] = Sources.read([Path(photo) for photo in plan.photos], plan.procedural_share)


def _make(folder: str, plan: Plan, shard: int) -> int:
    """Make the rows of one shard; its number."""
    first = shard * SHARD_ROWS
    last = min(first + SHARD_ROWS, plan.rows)
    maps = {name: np.load(Path(folder) / f"{name}.npy", mmap_mode="r+") for name in plan.arrays()}
    for row, values in enumerate(plan.values([plan.seed, shard], _SOURCES[plan.photos], last - first), start=first):
        for name, value in values.items():
            maps[name][row] = value
    for array in maps.values():
        array.flush()
    return shard
