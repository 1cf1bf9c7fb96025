"""Autofocus in `auxfocus bench monodepth`: by the picture alone, with depth from the picture, and with the rig's range sensor.

The same runs for each: the same scenes at the same instants, targets, starts and noise, the same controller (`bayes`); what
differs is what it is told of the target's depth. Depth from the picture is that of the picture just taken, defocused as it is;
its metres come from the rangefinder's one beam, which points at something else. Where the beam has no reading there are no
metres, and the picture is alone. A move is one commanded position; a run that fails counts at the cap.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.allinfocus.scene_camera import SceneCamera
from auxfocus_ros.autofocus.plane_camera import LIGHTS
from auxfocus_ros.autofocus.terms import DepthReading, Reason, Task
from auxfocus_ros.commands.bench_autofocus_counting import Record, bar, summary
from auxfocus_ros.commands.bench_monodepth_rig import SCENES, RigCamera, RigTarget, RigView, region_of, views_of
from auxfocus_ros.commands.bench_monodepth_scenes import DepthOf, beam_scale, load_depth
from auxfocus_ros.distribution.targets.region_depth import region_depth

PICTURE, MONO, LIDAR = "picture alone", "depth from the picture", "range sensor"
WAYS = (PICTURE, MONO, LIDAR)
NONE_FAILED = "runs that none failed"
START_SHARES = (0.05, 0.33, 0.62, 0.9)
"""Of the lens's range, as the source's 1100 to 2000 of 1050 to 2100."""
EVERY_S, VIEWS, QUICK_VIEWS, TARGETS = 3.0, 5, 1, 2
CAP_MOVES, CAP_CAPTURES = 20, 120
LIGHT = LIGHTS[1]
BEAM_SIGMA_M = 0.03
"""The simulated rangefinder's, as its data sheet would say."""
LEAST_SHARE = 0.02
"""Error of a range sensor's depth, at least: the node's default."""
Told = Callable[[NDArray[np.uint8]], DepthReading | None]


@dataclass(frozen=True)
class Piece:
    """What one process does: a scene at its first `views` instants. network: a depth network in place of ours."""

    scene: str
    views: int
    seed: int
    network: Path | None = None


@dataclass(frozen=True)
class Start:
    """Where the lens stands, as a share of its range, and the seed of the noise."""

    share: float
    seed: int


def run_part(part: str, options: argparse.Namespace) -> dict[str, Any]:
    """Make the runs. options: quick, seed, processes, network."""
    from auxfocus_ros.commands.bench_autofocus_runs import in_processes, show_progress

    views = QUICK_VIEWS if options.quick else VIEWS
    pieces = [Piece(scene, views, options.seed, options.network) for scene in SCENES]
    made = in_processes(runs_of, pieces, options.processes, show_progress("autofocus"))
    return result_of([record for records in made for record in records])


def result_of(records: Sequence[Record]) -> dict[str, Any]:
    """The table, by way and by scene, and the bar."""
    rows = [row_of(way, "all", [r for r in records if r.setup == way]) for way in WAYS]
    scenes = list(dict.fromkeys(record.plane for record in records))
    succeeded = without_failures(records)
    by_scene = [
        row_of(way, scene, [r for r in records if (r.setup, r.plane) == (way, scene)]) for scene in scenes for way in WAYS
    ]
    rows += [row_of(way, NONE_FAILED, [r for r in succeeded if r.setup == way]) for way in WAYS if succeeded]
    moves = {(row["scene"], row["way"]): row["moves"] for row in rows}
    return {
        "rows": rows,
        "by_scene": by_scene,
        "fewer_moves": paired(succeeded, MONO, PICTURE),
        "bars": [
            bar(
                f"autofocus, mean moves, {runs}: {MONO}, against {PICTURE}",
                moves.get((runs, MONO)),
                moves.get((runs, PICTURE), 0.0),
                "<",
            )
            for runs in ("all", NONE_FAILED)
        ],
        "records": [asdict(record) for record in records],
    }


def without_failures(records: Sequence[Record]) -> list[Record]:
    """Those of the runs that no way failed: what failures at the cap do to a mean is left out."""

    def run(record: Record) -> tuple[str, str, float]:
        return record.plane, record.light, record.start_steps

    failed = {run(record) for record in records if record.failed}
    return [record for record in records if run(record) not in failed]


def row_of(way: str, scene: str, records: Sequence[Record]) -> dict[str, Any]:
    """`summary`, and how moves spread."""
    moves = [record.moves for record in records]
    low, middle, high = np.percentile(moves, [25, 50, 75]).tolist()
    spread = {"median_moves": middle, "low_moves": low, "high_moves": high, "std_moves": float(np.std(moves))}
    return {"way": way, "scene": scene, **summary(records), **spread}


def paired(records: Sequence[Record], way: str, other: str) -> dict[str, float]:
    """Moves of a way less those of another, run by run: mean, its standard error, shares of runs with fewer and with more."""
    moves = [np.array([record.moves for record in records if record.setup == name]) for name in (way, other)]
    less = moves[0] - moves[1]
    if not len(less):
        return dict.fromkeys(("mean", "standard_error", "fewer", "more"), float("nan"))
    return {
        "mean": float(less.mean()),
        "standard_error": float(less.std(ddof=1) / np.sqrt(len(less))) if len(less) > 1 else float("nan"),
        "fewer": float(np.mean(less < 0)),
        "more": float(np.mean(less > 0)),
    }


def runs_of(piece: Piece) -> list[Record]:
    """All runs of a scene, each by every way."""
    sees = load_depth(piece.network)
    records = []
    for number, view in enumerate(views_of(piece.scene, EVERY_S, piece.views)):
        rng = np.random.default_rng([piece.seed, number])
        chosen = sorted(rng.permutation(len(view.targets))[:TARGETS])
        for target in (view.targets[index] for index in chosen):
            for share in START_SHARES:
                seed = int(rng.integers(2**31))
                told = {way: told_of(way, view, target, sees) for way in WAYS}
                records += [run_of(view, target, Start(share, seed), way, told[way]) for way in WAYS]
    return records


def run_of(view: RigView, target: RigTarget, begin: Start, way: str, told: Told) -> Record:
    """One run."""
    from auxfocus_ros.autofocus.driving import drive
    from auxfocus_ros.autofocus.methods import method
    from auxfocus_ros.commands.bench_autofocus_runs import duration_s
    from auxfocus_ros.optics.defocus_model import ThinLensModel

    lens, model = view.lens, ThinLensModel(view.lens)
    low, high = lens.min_position_steps, lens.max_position_steps
    start, best = low + begin.share * (high - low), float(model.best_position_steps(target.depth_m))
    scene = SceneCamera(view.picture, view.depth_m, lens, start, light=LIGHT, seed=begin.seed)
    camera = RigCamera(scene, target, told)
    depth = camera.depth() if way == LIDAR else None
    task = Task(
        low, high, start, model=model, depth=depth, max_moves=CAP_MOVES, max_captures=CAP_CAPTURES, seed=begin.seed % 2**16
    )  # fmt: skip
    run = drive(method("bayes")(task), camera, task)
    journal, outcome = run.journal, run.outcome
    failed = outcome.reason != Reason.NONE or not outcome.in_focus
    return Record(
        way, view.scene, f"{target.name}, {view.time_s:.1f} s", start, best, camera.position_steps, camera.position_steps - best,
        float(model.half_depth_of_focus_steps(best)), CAP_MOVES if failed else journal.moves,
        CAP_MOVES if failed else journal.captures, None, journal.travel_steps, journal.reversals,
        duration_s(start, [position for position, _ in journal.trace], camera.position_steps), failed,
        Reason(outcome.reason).name.lower(),
    )  # fmt: skip


def told_of(way: str, view: RigView, target: RigTarget, sees: DepthOf) -> Told:
    """What a way knows of the target's depth once a picture has been taken."""
    if way == PICTURE:
        return lambda picture: None
    if way == LIDAR:
        region = region_of(target.box_px)
        found = region_depth(np.asarray(region(view.measured_m), np.float32))
        reading = None if found is None else DepthReading(found.depth_m, max(found.sigma_m, LEAST_SHARE * found.depth_m))
        return lambda picture: reading
    return lambda picture: reading_of(sees(picture, view.camera), view, target)


def reading_of(seen: NDArray[np.float32], view: RigView, target: RigTarget) -> DepthReading | None:
    """Of depth up to a factor, (H, W): the target's, in the metres that the rangefinder gives; None where it gives none."""
    from auxfocus_ros.monodepth.scale import ScaleOptions

    scale = beam_scale(seen, view.beam_at(), view.beam_m, BEAM_SIGMA_M)
    found = region_depth(np.asarray(region_of(target.box_px)(seen), np.float32))
    if not scale.metric or found is None:
        return None
    share = float(np.hypot(scale.sigma_relative, ScaleOptions().depth_error))
    return DepthReading(scale.scale * found.depth_m, scale.scale * float(np.hypot(share * found.depth_m, found.sigma_m)))


def show(result: Mapping[str, Any], console: Any) -> None:
    """The table."""
    from auxfocus_ros.commands.bench_autofocus_showing import table_of

    table = table_of(
        "scene", "depth by", "runs", "moves, mean", "median", "quartiles", "spread", "in focus", "mean error", "median",
        "in depths of field", "captures", "failed",
        title=f"autofocus on the simulated rig, the same runs; starts at {START_SHARES} of the range",
    )  # fmt: skip
    for row in [*result["rows"], *result["by_scene"]]:
        if row["way"] == PICTURE and table.row_count:
            table.add_section()
        table.add_row(
            row["scene"], row["way"], str(row["runs"]), f"{row['moves']:.2f}", f"{row['median_moves']:g}",
            f"{row['low_moves']:g} to {row['high_moves']:g}", f"{row['std_moves']:.2f}", f"{row['inside']:.1%}",
            f"{row['error_steps']:.1f} steps", f"{row['median_error_steps']:.1f}", f"{row['error_depths']:.2f}",
            f"{row['captures']:.2f}", str(row["failed"]),
        )  # fmt: skip
    console.print(table)
    less = result["fewer_moves"]
    console.print(
        f"{MONO} against {PICTURE}, {NONE_FAILED}, one by one: {less['mean']:+.2f} moves (standard error "
        f"{less['standard_error']:.2f}), fewer in {less['fewer']:.0%}, more in {less['more']:.0%}"
    )
