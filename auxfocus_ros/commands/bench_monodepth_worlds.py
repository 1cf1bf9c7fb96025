"""The filmed worlds of `auxfocus bench monodepth`: those that are learned from, and others that are judged by."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence as Many
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from auxfocus_ros.commands.monodepth_worlds import WorldPlan, film_into, standing

if TYPE_CHECKING:
    from auxfocus_ros.learning.progress import Told
    from auxfocus_ros.monodepth.sequence import Sequence
    from auxfocus_ros.rig.simulation.filmed_worlds import FilmOptions

LEARNED = WorldPlan(count=300, first_seed=300_000, frames=6, standing_share=0.5)
TESTED = WorldPlan(count=60, first_seed=400_000, frames=4, standing_share=0.0)
SEEN = WorldPlan(count=100, first_seed=450_000, frames=2, standing_share=0.0, times=2)
QUICK_LEARNED = WorldPlan(count=9, first_seed=300_000, frames=4, standing_share=0.35)
QUICK_TESTED = WorldPlan(count=6, first_seed=400_000, frames=3, standing_share=0.0)
QUICK_SEEN = WorldPlan(count=6, first_seed=450_000, frames=2, standing_share=0.0, times=2)


@dataclass(frozen=True, eq=False)
class BenchWorlds:
    """learned: what trainings see. moving, standing: the same worlds in the same order, in which things move, and in which none
    does.
    """

    learned: list[Sequence]
    moving: list[Sequence]
    standing: list[Sequence]


def bench_worlds(options: argparse.Namespace, *, learned: bool = True) -> BenchWorlds:
    """Film what is not there yet in `options.work`. options: quick, processes, work."""
    learn, test = (QUICK_LEARNED, QUICK_TESTED) if options.quick else (LEARNED, TESTED)
    moving = test.options()
    return BenchWorlds(
        _filmed(options, learn.options() if learned else []), _filmed(options, moving), _filmed(options, standing(moving))
    )


def seen_worlds(options: argparse.Namespace) -> list[Sequence]:
    """Worlds at the size at which classes are told; options as for `bench_worlds`."""
    return _filmed(options, (QUICK_SEEN if options.quick else SEEN).options())


def _filmed(options: argparse.Namespace, worlds: Many[FilmOptions]) -> list[Sequence]:
    from auxfocus_ros.monodepth.sequence import read_sequence

    folder: Path = options.work / "worlds"
    return [read_sequence(path) for path in film_into(folder, worlds, options.processes, _told)]


def _told(one: Told) -> None:
    if one.done % 20 == 0 or one.done == one.of:
        print(f"[bench] {one.what}: {one.done} of {one.of}", file=sys.stderr, flush=True)
