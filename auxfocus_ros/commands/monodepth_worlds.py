"""Filmed worlds as sequences in a folder: what `auxfocus train monodepth` and `auxfocus bench monodepth` learn from and judge
by.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from auxfocus_ros.learning.progress import Told
    from auxfocus_ros.rig.simulation.filmed_worlds import FilmOptions
    from auxfocus_ros.rig.simulation.filmed_worlds.filming import Kind

SIZES_PX: dict[Kind, tuple[int, int]] = {"street": (320, 96), "room": (224, 160), "yard": (224, 160)}
GENERATION = "g3"
"""Of the rules by which worlds are drawn: another one where the same seed draws another world, so that none is taken for one."""
SHARES: dict[Kind, float] = {"street": 0.45, "room": 0.35, "yard": 0.2}


@dataclass(frozen=True)
class WorldPlan:
    """Which worlds. seeds follow each other from `first_seed` in each kind; see FilmOptions for the rest. standing_share: how
    many of them, mixed among the others, stand still. times: larger than SIZES_PX.
    """

    count: int
    first_seed: int
    frames: int = 6
    standing_share: float = 0.3
    living: bool = True
    times: int = 1

    def options(self) -> list[FilmOptions]:
        """Of every sequence."""
        from auxfocus_ros.rig.simulation.filmed_worlds import FilmOptions

        found: list[FilmOptions] = []
        for kind, share in SHARES.items():
            for number in range(round(self.count * share)):
                standing = int((number + 1) * self.standing_share) > int(number * self.standing_share)
                width_px, height_px = (self.times * side for side in SIZES_PX[kind])
                found.append(
                    FilmOptions(kind, self.first_seed + number, self.frames, width_px, height_px, not standing, self.living)
                )
        return found


def film_into(folder: Path, worlds: Sequence[FilmOptions], workers: int, told: Callable[[Told], None]) -> list[Path]:
    """Film what is not there yet; the folders of all sequences, in the order of `worlds`."""
    from auxfocus_ros.learning.progress import Told

    paths = [folder / name_of(world) for world in worlds]
    missing = [(world, path) for world, path in zip(worlds, paths, strict=True) if not (path / "sequence.json").is_file()]
    done = len(worlds) - len(missing)
    for _ in _each_filmed(missing, min(workers or os.cpu_count() or 1, len(missing))):
        done += 1
        told(Told("filming worlds", done, len(worlds)))
    return paths


def name_of(world: FilmOptions) -> str:
    """Of the folder of its sequence."""
    what = "empty" if not world.living else "moving" if world.moving else "standing"
    return f"{world.kind}_{world.seed:06d}_{what}_{world.frames}x{world.width_px}x{world.height_px}_{GENERATION}"


def standing(worlds: Sequence[FilmOptions]) -> list[FilmOptions]:
    """The same worlds in which nothing moves."""
    return [replace(world, moving=False) for world in worlds]


def _each_filmed(tasks: list[tuple[FilmOptions, Path]], workers: int) -> Iterator[None]:
    """One after the other here, or several at a time in processes that begin afresh: a fork of threads would hang."""
    if workers < 2:
        yield from map(_film_one, tasks)
        return
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        yield from pool.map(_film_one, tasks)


def _film_one(task: tuple[FilmOptions, Path]) -> None:
    from auxfocus_ros.monodepth.sequence import Sequence as Pictures
    from auxfocus_ros.monodepth.sequence import write_sequence
    from auxfocus_ros.rig.simulation.filmed_worlds import film_world

    world, path = task
    filmed = film_world(world)
    write_sequence(
        Pictures(
            path.name, filmed.pictures, filmed.camera, filmed.stamps_s, filmed.world_from_camera, filmed.depth_m, filmed.classes,
            filmed.moved_px, filmed.things, filmed.world_from_thing,
        ),
        path,
    )  # fmt: skip
