"""The part of `auxfocus bench autofocus` about continuous focus: a target that comes, goes, turns and stands.

In focus is what lies within half the depth of focus, at every hundredth of a second, on the way as well as at rest. A reversal is
a move against the direction of the one before; a move made to learn the target's side is a probe, and counted apart.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.autofocus.following import Follower, FollowSetup, FrameFollower
from auxfocus_ros.autofocus.plane_camera import LIGHTS, PlaneCamera
from auxfocus_ros.commands.bench_following_rivals import ContrastClimber, LastDepth
from auxfocus_ros.commands.bench_following_world import Conditions, Record, Scene, Seen, StandIn, path, simulate
from auxfocus_ros.optics import load_lens
from auxfocus_ros.optics.defocus_model import DefocusModel, ThinLensModel

LENS = "bench_25mm"
SECONDS = {"to_and_fro": 30.0, "coming": 7.5, "going": 7.5, "hold_and_go": 14.0, "still_0.6m": 10.0, "still_2m": 10.0}
WALKS = ("to_and_fro", "coming", "going")
"""From 0.5 to 8 m at 1 m/s: what the bars are about."""
BANDS_M = ((0.5, 1.0), (1.0, 2.0), (2.0, 4.0), (4.0, 8.01))
SHARE_BARS = {"depth": 0.9, "both": 0.9, "picture": 0.7}
REVERSALS_BAR = 1.0
SEEDS = 5
LASTING_ERROR = 0.02
PLANE_PX, REGION_PX = 768, 512


@dataclass(frozen=True)
class Way:
    """A way of following. use: as `FollowSetup.use`, or a rival's name. lasting: the depth has a lasting error besides."""

    name: str
    use: str
    lasting: bool = False


WAYS = (
    Way("depth", "depth"),
    Way("both", "both"),
    Way("picture", "picture"),
    Way("depth, lasting error", "depth", lasting=True),
    Way("both, lasting error", "both", lasting=True),
    Way("last depth", "last depth"),
    Way("contrast", "contrast"),
)


@dataclass(frozen=True)
class Trial:
    """One run. plane: a photograph's name; empty: a stand-in for pictures and network, with errors of 8 % and 1 px."""

    way: Way
    path: str
    seed: int
    plane: str


def run_part(arguments: argparse.Namespace) -> dict[str, Any]:
    """Every way on every path, with several seeds; takes `quick`, `seed` and `processes`, and draws a run beside `json`."""
    quick = bool(getattr(arguments, "quick", False))
    first = int(getattr(arguments, "seed", 0))
    trials = trials_of(range(first, first + (1 if quick else SEEDS)), WALKS if quick else tuple(SECONDS))
    runs = run_trials(trials, int(getattr(arguments, "processes", 1)))
    rows = [row for way in WAYS for name in SECONDS if (row := summary(way, name, runs))]
    json_file = getattr(arguments, "json", None)
    if json_file is not None:
        from auxfocus_ros.commands.bench_following_drawing import draw_run

        folder = Path(json_file).parent
        folder.mkdir(parents=True, exist_ok=True)
        for use in ("both", "picture"):
            trial = next(trial for trial in trials if trial.way.name == use and trial.path == "to_and_fro")
            draw_run(simulated(trial), folder / f"following_{use}.png", f"{use}, {trial.plane}")
    return {"lens": LENS, "conditions": conditions_of(False), "rows": rows, "bars": bars(runs), "runs": runs}


def trials_of(seeds: Sequence[int], paths: Sequence[str]) -> list[Trial]:
    """Each seed has a photograph of its own."""
    from auxfocus_ros.commands.bench_autofocus_cases import plane_names

    planes = plane_names()
    return [Trial(way, name, seed, planes[(7 * seed + 3) % len(planes)]) for way in WAYS for name in paths for seed in seeds]


def run_trials(trials: Sequence[Trial], processes: int) -> list[dict[str, Any]]:
    """The figures of each; in processes with one thread each."""
    from auxfocus_ros.commands.bench_distribution import THREAD_NUMBERS

    if processes <= 1:
        return [_told(index, len(trials), figures(trial)) for index, trial in enumerate(trials)]
    before = {name: os.environ.get(name) for name in THREAD_NUMBERS}
    os.environ.update(dict.fromkeys(THREAD_NUMBERS, "1"))
    try:
        with ProcessPoolExecutor(processes, multiprocessing.get_context("spawn"), initializer=_one_thread) as pool:
            return [_told(index, len(trials), found) for index, found in enumerate(pool.map(figures, trials))]
    finally:
        for name, value in before.items():
            os.environ.pop(name, None) if value is None else os.environ.__setitem__(name, value)


def _told(index: int, of: int, found: dict[str, Any]) -> dict[str, Any]:
    if 10 * (index + 1) // of > 10 * index // of:
        print(f"[bench] following: {index + 1} of {of} runs", file=sys.stderr, flush=True)
    return found


def _one_thread() -> None:
    import cv2

    cv2.setNumThreads(1)


def bench_model() -> DefocusModel:
    """Of the bench lens."""
    return ThinLensModel(load_lens(LENS))


def conditions_of(lasting: bool) -> dict[str, Any]:
    """For the report."""
    return asdict(Conditions(depth_lasting_error=LASTING_ERROR if lasting else 0.0))


def simulated(trial: Trial) -> Record:
    """Make one run."""
    model = bench_model()
    use = trial.way.use
    sees = use not in ("depth", "last depth")
    estimator: Any = None
    seen: Seen | None = None
    if sees and trial.plane:
        seen = plane_pictures(trial.plane, model, trial.seed)
        if use != "contrast":
            from auxfocus_ros.autofocus.networks import load_radius_estimator

            estimator = load_radius_estimator()
    elif sees:
        estimator = StandIn(model, trial.seed)
        seen = estimator.seen
    hz = 0.0 if use in ("picture", "contrast") else Conditions().depth_hz
    conditions = Conditions(depth_hz=hz, depth_lasting_error=LASTING_ERROR if trial.way.lasting else 0.0)
    scene = Scene(path(trial.path), model, SECONDS[trial.path], trial.seed, conditions, seen)
    return simulate(policy_of(use, model, estimator), scene)


def policy_of(use: str, model: DefocusModel, estimator: Any) -> FrameFollower:
    """The follower, or a rival."""
    if use == "last depth":
        return LastDepth(model)
    if use == "contrast":
        return ContrastClimber(model)
    setup = FollowSetup(model.min_position_steps, model.max_position_steps, model, use=use)  # type: ignore[arg-type]
    return Follower(setup, estimator)


def plane_pictures(name: str, model: DefocusModel, seed: int) -> Seen:
    """Pictures of a photograph as a plane that keeps its size, by lamplight, grey."""
    import cv2

    from auxfocus_ros.commands.bench_autofocus_cases import load_plane

    plane = load_plane(name)
    if plane.ndim == 3:
        plane = np.asarray(cv2.cvtColor(plane, cv2.COLOR_BGR2GRAY))
    top, left = (plane.shape[0] - PLANE_PX) // 2, (plane.shape[1] - PLANE_PX) // 2
    plane = np.ascontiguousarray(plane[top : top + PLANE_PX, left : left + PLANE_PX])
    camera = PlaneCamera(plane, model, 1500.0, 1500.0, size_px=REGION_PX, light=LIGHTS[1], seed=seed)

    def seen(position_steps: float, best_position_steps: float) -> NDArray[Any]:
        camera.best_position_steps = best_position_steps
        camera.move(position_steps)
        return camera.capture()

    return seen


# Figures


def figures(trial: Trial) -> dict[str, Any]:
    """What one run came to. A share of a band that the target never was in is None."""
    record = simulated(trial)
    off = np.abs(record.lens_steps - record.best_steps) / record.half_steps
    sharp = off <= 1.0
    fives = SECONDS[trial.path] / 5.0
    shares = {}
    for near, far in BANDS_M:
        there = (record.depth_m >= near) & (record.depth_m < far)
        shares[f"{near:g} to {far:.0f} m"] = float(sharp[there].mean()) if there.any() else None
    probes = sum(probe for *_, probe in record.moves)
    return {
        "way": trial.way.name, "path": trial.path, "seed": trial.seed, "plane": trial.plane, "in_focus": float(sharp.mean()),
        "in_focus_by_depth": shares, "mean_error": 0.5 * float(off.mean()), "median_error": 0.5 * float(np.median(off)),
        "moves_per_s": len(record.moves) / SECONDS[trial.path], "probes_per_5s": probes / fives,
        "reversals_per_5s": reversals(record.moves) / fives, "pictures": record.pictures, "states": record.states,
    }  # fmt: skip


def reversals(moves: Sequence[tuple[float, float, float, bool]]) -> int:
    """Moves, probes apart, against the direction of the last one; moves are (time, from, to, probe)."""
    count, last = 0, 0.0
    for _, begin, end, probe in moves:
        direction = float(np.sign(round(end - begin, 6)))
        if probe or direction == 0.0:
            continue
        count += last not in (0.0, direction)
        last = direction
    return count


def summary(way: Way, name: str, runs: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """The median over the seeds, and their spread; None: there were no such runs."""
    chosen = [run for run in runs if run["way"] == way.name and run["path"] == name]
    if not chosen:
        return None
    shares = np.array([run["in_focus"] for run in chosen])
    row: dict[str, Any] = {"way": way.name, "path": name, "runs": len(chosen), "in_focus": _round(np.median(shares))}
    row["lowest"], row["highest"] = _round(shares.min()), _round(shares.max())
    for band in chosen[0]["in_focus_by_depth"]:
        known = [run["in_focus_by_depth"][band] for run in chosen if run["in_focus_by_depth"][band] is not None]
        row[band] = _round(np.median(known)) if known else None
    for what in ("mean_error", "median_error", "moves_per_s", "reversals_per_5s", "probes_per_5s"):
        row[what] = _round(np.median([run[what] for run in chosen]))
    return row


def _round(value: Any) -> float:
    return round(float(value), 3)


def bars(runs: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """In focus, and reversals, over all the walks together: the mean over time, the median over seeds."""
    from auxfocus_ros.commands.bench_autofocus_counting import bar

    found = []
    for way, limit in SHARE_BARS.items():
        walks = [run for run in runs if run["way"] == way and run["path"] in WALKS]
        by_seed = [[run for run in walks if run["seed"] == seed] for seed in sorted({run["seed"] for run in walks})]
        for what, key, sign, at in (
            ("share of time in focus", "in_focus", ">=", limit),
            ("reversals in 5 s, probes apart", "reversals_per_5s", "<=", REVERSALS_BAR),
        ):
            means = [_mean_over_time(group, key) for group in by_seed]
            found.append(bar(f"following by {way}: {what}", _round(np.median(means)) if means else None, at, sign))
    return found


def _mean_over_time(runs: Sequence[dict[str, Any]], key: str) -> float:
    seconds = [SECONDS[run["path"]] for run in runs]
    return float(np.average([run[key] for run in runs], weights=seconds))


def show(result: dict[str, Any]) -> None:
    """The rows as a table on standard output."""
    from rich.console import Console
    from rich.table import Table

    bands = [f"{near:g} to {far:.0f} m" for near, far in BANDS_M]
    table = Table(
        "way", "path", "in focus", "lowest", *bands, "mean error", "moves/s", "reversals in 5 s", "probes in 5 s",
        title=f"continuous focus, {result['lens']}: medians over the seeds; errors in depths of field",
    )  # fmt: skip
    before = ""
    for row in result["rows"]:
        if before and row["way"] != before:
            table.add_section()
        before = row["way"]
        shares = ["-" if row[band] is None else f"{row[band]:.1%}" for band in bands]
        table.add_row(
            row["way"], row["path"], f"{row['in_focus']:.1%}", f"{row['lowest']:.1%}", *shares, f"{row['mean_error']:.2f}",
            f"{row['moves_per_s']:.1f}", f"{row['reversals_per_5s']:.1f}", f"{row['probes_per_5s']:.1f}",
        )  # fmt: skip
    Console(width=160).print(table)
