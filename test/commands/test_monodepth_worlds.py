"""Which worlds are filmed for trainings and benchmarks."""

from __future__ import annotations

from pathlib import Path

import pytest

from auxfocus_ros.commands.bench_monodepth_worlds import LEARNED, QUICK_TESTED, TESTED
from auxfocus_ros.commands.monodepth_worlds import GENERATION, SIZES_PX, WorldPlan, film_into, name_of, standing
from auxfocus_ros.learning.progress import Told
from auxfocus_ros.monodepth.sequence import read_sequence
from auxfocus_ros.rig.simulation.filmed_worlds import FilmOptions


def test_a_plan_mixes_kinds_and_worlds_that_stand() -> None:
    worlds = WorldPlan(100, 7, standing_share=0.3).options()
    assert [sum(world.kind == kind for world in worlds) for kind in SIZES_PX] == [45, 35, 20]
    assert sum(not world.moving for world in worlds) == 13 + 10 + 6
    assert min(world.seed for world in worlds) == 7 and all(world.living for world in worlds)
    assert len({name_of(world) for world in worlds}) == 100


def test_judged_worlds_are_not_learned_from() -> None:
    seeds = [{world.seed for world in plan.options()} for plan in (LEARNED, TESTED)]
    assert not seeds[0] & seeds[1]
    moving = QUICK_TESTED.options()
    assert [name_of(one).replace("moving", "standing") for one in moving] == [name_of(one) for one in standing(moving)]


def test_what_is_filmed_is_not_filmed_again(tmp_path: Path) -> None:
    pytest.importorskip("mujoco")
    worlds = [FilmOptions("yard", 3, 2, 96, 64), FilmOptions("yard", 4, 2, 96, 64, living=False)]
    told: list[Told] = []
    paths = film_into(tmp_path, worlds, 1, told.append)
    names = ("yard_000003_moving_2x96x64", "yard_000004_empty_2x96x64")
    assert [path.name for path in paths] == [f"{name}_{GENERATION}" for name in names]
    assert [(one.done, one.of) for one in told] == [(1, 2), (2, 2)]
    sequence = read_sequence(paths[0])
    assert sequence.pictures.shape == (2, 64, 96, 3) and sequence.world_from_thing is not None
    before = (paths[0] / "sequence.json").stat().st_mtime_ns
    assert film_into(tmp_path, worlds, 1, told.append) == paths
    assert (paths[0] / "sequence.json").stat().st_mtime_ns == before and len(told) == 2
