"""The simulated parts of `auxfocus bench autofocus`: tables 2, 4 and 5 of the source beside ours, and the main table."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from auxfocus_ros.commands.bench_autofocus_cases import Case, Setup, cases_of, pieces, plane_names
from auxfocus_ros.commands.bench_autofocus_counting import Record, bad_runs, bar, summary
from auxfocus_ros.commands.bench_autofocus_runs import SOURCE_STEPS_CAP, run_all, show_progress
from auxfocus_ros.commands.bench_autofocus_source import SOURCE_LIGHTS, STARTS_STEPS, TABLE_2, TABLE_4, TABLE_5

LIGHTS = ("bright", "indoor", "dim")
OURS, FUSED, FUSED_METRES = "ours", "ours with depth", "ours with depth, uniform in metres"
SOURCE, FIBONACCI, RULE_BASED = "the source's algorithm", "Fibonacci", "rule-based"
SETUPS = (
    Setup(OURS, "bayes"),
    Setup(FUSED, "bayes", depth=True),
    Setup(FUSED_METRES, "bayes", depth=True, placing="metres"),
    Setup("ours by depth alone", "depth", depth=True),
    Setup("ours, 7 blades", "bayes", blades=7),
    Setup("ours without its network", "bayes_without_network"),
    Setup(SOURCE, "source"),
    Setup("hill climbing", "hill_climbing"),
    Setup("curve, ROL-like", "curve_rol"),
    Setup("curve, BPIC-like", "curve_bpic"),
    Setup(FIBONACCI, "fibonacci"),
    Setup(RULE_BASED, "rule_based", every=3),
    Setup("full sweep", "full_sweep", every=12),
)
LIGHT_OF = {"table 4": "bright", "table 5": "indoor"}
FIBONACCI_STEPS, RULE_STEPS, RULE_TOLERANCE = 13, 54, 0.2


# The main table


def runs_part(arguments: argparse.Namespace) -> dict[str, Any]:
    """Every setup on every plane, in every light, from every start."""
    planes = plane_names()[:: 5 if arguments.quick else 1]
    lights = LIGHTS[1:2] if arguments.quick else LIGHTS
    setups = chosen_setups(arguments)
    by_placing = {placing: cases_of(planes, lights, arguments.seed, placing) for placing in ("steps", "metres")}
    work = pieces(setups, lambda setup: by_placing[setup.placing])
    records = run_all(work, arguments.processes, show_progress("runs"))
    rows = []
    for setup in setups:
        of_setup = [record for record in records if record.setup == setup.name]
        of_light = {light: summary([r for r in of_setup if r.light == light]) for light in {r.light for r in of_setup}}
        rows.append({"setup": setup.name, "method": setup.method, "cap_moves": setup.cap_moves, **summary(of_setup),
                     "by_light": dict(sorted(of_light.items()))})  # fmt: skip
    return {
        "planes": planes,
        "lights": list(lights),
        "starts_steps": list(STARTS_STEPS),
        "rows": rows,
        "bars": run_bars(rows, records),
        "bad_runs": {setup.name: bad_runs(r for r in records if r.setup == setup.name) for setup in setups},
        "records": [asdict(record) for record in records],
    }


def chosen_setups(arguments: argparse.Namespace) -> list[Setup]:
    """The setups of the command line's --setup, else all; those that a quick run is too short for are left out of it."""
    if arguments.setup:
        return [setup for setup in SETUPS if setup.name in arguments.setup]
    return [setup for setup in SETUPS if not arguments.quick or setup.name not in (RULE_BASED, "full sweep", "hill climbing")]


def run_bars(rows: Sequence[dict[str, Any]], records: Sequence[Record]) -> list[dict[str, Any]]:
    """What the main table's figures must come to; of setups that were run."""
    by_setup = {row["setup"]: row for row in rows}
    bars = []
    if OURS in by_setup:
        ours = by_setup[OURS]
        bars += [
            bar("moves, no depth", ours["moves"], 2.0, "<=", goal="1.6"),
            bar("within 20 steps", 100.0 * ours["within_20"], 98.0, ">=", unit="%"),
            bar("within 10 steps", 100.0 * ours["within_10"], 85.0, ">=", unit="%"),
            bar("mean error", ours["error_steps"], 5.0, "<=", unit="steps"),
        ]
    if FUSED in by_setup:
        bars.append(bar("moves, depth fused", by_setup[FUSED]["moves"], 1.4, "<="))
    if FUSED_METRES in by_setup:
        bars.append(bar("moves, depth fused, uniform in metres", by_setup[FUSED_METRES]["moves"], 1.1, "<="))
    if FIBONACCI in by_setup:
        off = max(abs(record.moves - FIBONACCI_STEPS) for record in records if record.setup == FIBONACCI)
        bars.append(bar(f"Fibonacci: moves off {FIBONACCI_STEPS}, at most", float(off), 0.0, "<="))
    if RULE_BASED in by_setup:
        off_share = abs(by_setup[RULE_BASED]["moves"] - RULE_STEPS) / RULE_STEPS
        bars.append(bar(f"rule-based: mean moves off {RULE_STEPS}", 100.0 * off_share, 100.0 * RULE_TOLERANCE, "<=", unit="%"))
    return bars


# Table 2


def table_2_part(arguments: argparse.Namespace) -> dict[str, Any]:
    """Five planes at the places of the source's objects, in three lights, from four starts."""
    planes = dict(zip(TABLE_2, plane_names()[2::3], strict=False))
    setups = (Setup(OURS, "bayes"), Setup(SOURCE, "source"))
    cases = [
        Case(planes[target], SOURCE_LIGHTS[light], start, target[1], seed_of(arguments.seed, number, column))
        for number, (target, light) in enumerate((target, light) for target in TABLE_2 for light in SOURCE_LIGHTS)
        for column, start in enumerate(STARTS_STEPS)
    ]
    records = run_all(pieces(setups, lambda setup: cases), arguments.processes, show_progress("table 2"))
    rows = []
    for target, by_light in TABLE_2.items():
        for light, theirs in by_light.items():
            ended = {
                setup.name: ends_of(records, setup.name, planes[target], SOURCE_LIGHTS[light], target[1]) for setup in setups
            }
            rows.append({"object": target[0], "position_steps": target[1], "plane": planes[target], "light": light,
                         "printed": list(theirs), **ended})  # fmt: skip
    return {"rows": rows, "columns": ["printed", SOURCE, OURS], "summary": table_2_summary(rows, ["printed", SOURCE, OURS])}


def ends_of(records: Sequence[Record], setup: str, plane: str, light: str, best_steps: float) -> list[float]:
    """Where a setup's runs ended, by start."""
    found = {
        r.start_steps: r.end_steps
        for r in records
        if (r.setup, r.plane, r.light) == (setup, plane, light) and r.best_steps == best_steps
    }
    return [found[start] for start in STARTS_STEPS]


def table_2_summary(rows: Sequence[dict[str, Any]], columns: Sequence[str]) -> dict[str, dict[str, float]]:
    """Mean error, and the shares within 10 and 20 steps, of each column over all rows and starts."""
    said = {}
    for column in columns:
        errors = np.array([abs(end - row["position_steps"]) for row in rows for end in row[column]])
        said[column] = {
            "error_steps": float(errors.mean()),
            "within_10": float(np.mean(errors <= 10.0)),
            "within_20": float(np.mean(errors <= 20.0)),
        }
    return said


# Tables 4 and 5


def tables_45_part(arguments: argparse.Namespace) -> dict[str, Any]:
    """The source's images and objects, with planes in their places: time steps, moves and captures.

    Its rule-based and Fibonacci searches do not depend on the start, ours neither: one run each.
    """
    planes = plane_names()
    targets = [("table 4", *item) for item in TABLE_4.items()] + [("table 5", *item) for item in TABLE_5.items()]
    placed = list(zip(targets, planes * 2, strict=False))[:: 4 if arguments.quick else 1]
    all_starts, one_start = (
        (Setup(OURS, "bayes"), Setup(SOURCE, "source")),
        (Setup(FIBONACCI, "fibonacci"), Setup(RULE_BASED, "rule_based")),
    )

    def cases(setup: Setup) -> list[Case]:
        starts = STARTS_STEPS if setup in all_starts else STARTS_STEPS[:1]
        return [
            Case(plane, LIGHT_OF[table], start, target[1], seed_of(arguments.seed, 100 + number, column))
            for number, ((table, target, _), plane) in enumerate(placed)
            for column, start in enumerate(starts)
        ]  # fmt: skip

    records = run_all(pieces((*all_starts, *one_start), cases), arguments.processes, show_progress("tables 4 and 5"))
    rows = []
    for (table, (name, position), (rule, fibonacci, proposed)), plane in placed:
        mine = {
            setup.name: sorted((r for r in records if r.setup == setup.name and r.plane == plane and r.best_steps == position),
                               key=lambda record: record.start_steps)
            for setup in (*all_starts, *one_start)
        }  # fmt: skip
        rows.append({
            "table": table, "target": name, "position_steps": position, "plane": plane,
            "printed": {"rule-based": rule, "Fibonacci": fibonacci, "proposed": list(proposed)},
            "rule_based_moves": mine[RULE_BASED][0].moves,
            "fibonacci_moves": mine[FIBONACCI][0].moves,
            "source_steps": [r.steps if r.steps is not None else SOURCE_STEPS_CAP for r in mine[SOURCE]],
            "source_moves": [r.moves for r in mine[SOURCE]],
            "source_captures": [r.captures for r in mine[SOURCE]],
            "ours_moves": [r.moves for r in mine[OURS]],
            "ours_captures": [r.captures for r in mine[OURS]],
            "ours_error_steps": [abs(r.error_steps) for r in mine[OURS]],
            "source_error_steps": [abs(r.error_steps) for r in mine[SOURCE]],
        })  # fmt: skip
    return {"rows": rows, "summary": tables_45_summary(rows)}


def tables_45_summary(rows: Sequence[dict[str, Any]]) -> dict[str, float]:
    """Means over targets and starts."""

    def mean(values: Sequence[Any]) -> float:
        return float(np.mean(np.concatenate([np.atleast_1d(value) for value in values])))

    about = ("table", "target", "position_steps", "plane", "printed")
    return {
        "printed_rule_based": mean([row["printed"]["rule-based"] for row in rows]),
        "printed_fibonacci": mean([row["printed"]["Fibonacci"] for row in rows]),
        "printed_proposed_steps": mean([row["printed"]["proposed"] for row in rows]),
        **{name: mean([row[name] for row in rows]) for name in rows[0] if name not in about},
    }


def seed_of(seed: int, *place: int) -> int:
    """A run's own seed."""
    return int(np.random.default_rng([seed, *place]).integers(2**31))
