"""`auxfocus bench transport`: pictures with clouds between two processes, the shipped Fast DDS profile against the defaults.

Four cells, each profile best effort and reliable, measured by turns so that whatever else the machine does meets all of them
alike. A pair counts as delivered when its picture and its cloud have both arrived; its latency runs from the picture's stamp, set
right before it was published, until then.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timezone
from importlib import metadata
from pathlib import Path
from statistics import median
from typing import Any
from xml.etree import ElementTree

from auxfocus_ros.commands.own_modules import own_module
from auxfocus_ros.errors import AuxfocusError, ConfigurationError

PROFILES = ("default", "shipped")
RELIABILITIES = ("best_effort", "reliable")
SMALLEST_RATIO = 3.0
SMALLEST_SHARE = 0.99
START_TIMEOUT_S = 45.0
END_TIMEOUT_S = 10.0
_RIVALS_OWN = ("RMW_", "FASTDDS_", "FASTRTPS_")  # settings of the user's that would make the two profiles alike


def add_parser(subparsers: Any) -> None:
    """Declare the benchmark."""
    line = (
        "1280 x 720 pictures with 100,000-point clouds between two processes: the shipped Fast DDS profile against the defaults"
    )
    parser = subparsers.add_parser(
        "transport", help=line, description=line, epilog="example: auxfocus bench transport --json out/bench/transport.json"
    )
    parser.add_argument("--seconds", type=float, default=20.0, help="measured time of each run (default: 20)")
    parser.add_argument("--rate", type=float, default=30.0, help="pairs a second (default: 30)")
    parser.add_argument("--width", type=int, default=1280, help="of the bgr8 picture, px (default: 1280)")
    parser.add_argument("--height", type=int, default=720, help="of the bgr8 picture, px (default: 720)")
    parser.add_argument("--points", type=int, default=100_000, help="of the cloud, 16 bytes each (default: 100000)")
    parser.add_argument("--repeats", type=int, default=3, help="runs of each of the four cells (default: 3)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="save every run")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Measure all cells by turns, print the table, save the runs; 1 when a bar is missed.

    Raises:
        ConfigurationError: a number that cannot be measured with.
        AuxfocusError: an end that did not start or did not end; the message has its last words.
    """
    from rich.console import Console

    from auxfocus_ros.commands.processes import private_domain
    from auxfocus_ros.ros.transport import check_shared_memory

    _check(args)
    domain = private_domain()
    errors = Console(stderr=True)
    if line := check_shared_memory():
        errors.print(f"[bench] {line}", markup=False, highlight=False, soft_wrap=True)
    cells = [(profile, reliability) for reliability in RELIABILITIES for profile in PROFILES]
    runs: list[dict[str, Any]] = []
    with _progress(errors, args.repeats * len(cells)) as advance:
        for repeat in range(args.repeats):
            for profile, reliability in cells:
                advance(f"{profile}, {_words(reliability)}, run {repeat + 1} of {args.repeats}")
                measured = measure(profile, reliability, args)
                runs.append({"profile": profile, "reliability": reliability, "repeat": repeat, **measured})
    report = {
        "command": "auxfocus bench transport",
        "date": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "machine": _machine(),
        "versions": versions(),
        "domain": domain,
        "stream": {name: getattr(args, name) for name in ("width", "height", "points", "rate", "seconds", "repeats")},
        "runs": runs,
        **summary(runs),
    }
    if args.json is not None:
        args.json.parent.mkdir(parents=True, exist_ok=True)
        args.json.write_text(json.dumps(report, indent=2) + "\n")
    _print(Console(width=150), report)
    return 0 if all(bar["met"] for bar in report["bars"]) else 1


def _check(args: argparse.Namespace) -> None:
    """Raises ConfigurationError that names the option and what would be right."""
    for name, least, most in (("seconds", 0.5, 3600), ("rate", 1, 1000), ("repeats", 1, 100)):
        if not least <= getattr(args, name) <= most:
            raise ConfigurationError(f"--{name} {getattr(args, name):g}: between {least:g} and {most} is wanted")
    for name, most in (("width", 16384), ("height", 16384), ("points", 10_000_000)):
        if not 1 <= getattr(args, name) <= most:
            raise ConfigurationError(f"--{name} {getattr(args, name)}: between 1 and {most} is wanted")


def measure(profile: str, reliability: str, args: argparse.Namespace) -> dict[str, Any]:
    """One run of one cell: taker and giver up, the stream through, both down.

    Returns:
        sent and delivered pairs, the delivered share, and what both ends reported; `load` is the machine's at the start.

    Raises:
        AuxfocusError: as `run`.
    """
    environ = environment(profile)
    common = ["--reliability", reliability]
    stream = [
        word for name in ("seconds", "rate", "width", "height", "points") for word in (f"--{name}", str(getattr(args, name)))
    ]
    load = os.getloadavg()[0]
    with _peer("take", common, environ) as taker, _peer("give", [*common, *stream], environ) as giver:
        given = _answer(giver, "give", args.seconds + START_TIMEOUT_S)
        taker.terminate()
        taken = _answer(taker, "take", END_TIMEOUT_S)
    return {
        "sent": given["pairs"],
        "delivered": taken["pairs"],
        "share": taken["pairs"] / max(1, given["pairs"]),
        "latency_ms": taken["latency_ms"],
        "load": load,
        "give": given,
        "take": taken,
    }


def environment(profile: str) -> dict[str, str]:
    """The environment of both ends: Fast DDS's settings are the profile's alone, whatever the user has set."""
    from auxfocus_ros.ros.transport import profile_environment

    environ = {name: value for name, value in os.environ.items() if not name.startswith(_RIVALS_OWN)}
    environ["RMW_IMPLEMENTATION"] = "rmw_fastrtps_cpp"
    return environ | (profile_environment(environ) if profile == "shipped" else {})


@contextmanager
def _peer(end: str, options: list[str], environ: Mapping[str, str]) -> Iterator[subprocess.Popen[str]]:
    command = [*own_module("auxfocus_ros.commands.transport_peer"), end, *options]
    process = subprocess.Popen(
        command, env=environ, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.communicate(timeout=END_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()


def _answer(process: subprocess.Popen[str], end: str, timeout_s: float) -> dict[str, Any]:
    """The JSON that an end closes with."""
    try:
        said, complaint = process.communicate(timeout=timeout_s)
    except subprocess.TimeoutExpired:
        raise AuxfocusError(f"the process that should {end} did not end within {timeout_s:g} s") from None
    if process.returncode != 0:
        lines = [line for line in complaint.splitlines() if line.strip()]
        last = lines[-1].strip() if lines else "without a word"
        raise AuxfocusError(f"the process that should {end} ended with exit status {process.returncode}: {last}")
    return dict(json.loads(said))


def summary(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """Medians and spread of each cell, and the bars.

    Args:
        runs: as `measure` gives them, with profile and reliability.

    Returns:
        `cells`: for each cell the pooled share and, over its runs, median, least and greatest of p50 and p95 latency (None where
        nothing arrived); `bars`: text, figure and whether it is met. A default that delivers nothing is no latency to be beaten:
        the ratio is infinite.
    """
    cells = []
    for reliability in RELIABILITIES:
        for profile in PROFILES:
            mine = [run for run in runs if run["profile"] == profile and run["reliability"] == reliability]
            cell: dict[str, Any] = {"profile": profile, "reliability": reliability, "runs": len(mine)}
            cell["sent"], cell["delivered"] = sum(run["sent"] for run in mine), sum(run["delivered"] for run in mine)
            shares = [run["share"] for run in mine]
            cell["share"], cell["share_spread"] = cell["delivered"] / max(1, cell["sent"]), [min(shares), max(shares)]
            for name in ("p50", "p95"):
                values = [run["latency_ms"][name] for run in mine if run["latency_ms"]]
                cell[f"{name}_ms"] = median(values) if values else None
                cell[f"{name}_spread_ms"] = [min(values), max(values)] if values else None
            cells.append(cell)
    found = {(cell["profile"], cell["reliability"]): cell for cell in cells}
    ours, theirs = found["shipped", "reliable"], found["default", "reliable"]
    share = found["shipped", "best_effort"]["share"]
    bars = [
        {
            "text": "best effort, shipped profile: delivered",
            "figure": share,
            "wanted": SMALLEST_SHARE,
            "met": share >= SMALLEST_SHARE,
        }
    ]
    for name in ("p50", "p95"):
        ratio = _ratio(theirs[f"{name}_ms"], ours[f"{name}_ms"])
        text = f"reliable, {name} latency: default over shipped profile"
        bars.append({"text": text, "figure": ratio, "wanted": SMALLEST_RATIO, "met": ratio is None or ratio >= SMALLEST_RATIO})
    if ours["p50_ms"] is None:
        bars.append({"text": "reliable, shipped profile: pairs delivered", "figure": 0.0, "wanted": SMALLEST_SHARE, "met": False})
    return {"cells": cells, "bars": bars}


def _ratio(theirs_ms: float | None, ours_ms: float | None) -> float | None:
    """None where one of them delivered nothing: JSON knows no infinity."""
    return theirs_ms / ours_ms if theirs_ms and ours_ms else None


def versions() -> dict[str, str]:
    """Of what the figures depend on: by the packages' own descriptions, or by their wheels, which leave some of those out."""
    from auxfocus_ros import __version__

    found = {"auxfocus_ros": __version__, "python": sys.version.split()[0]}
    installed = {name: _version(name) for name in ("rclpy", "rmw_fastrtps_cpp", "fastdds", "fastrtps")}
    return found | {name: version for name, version in installed.items() if version}


def _version(package: str) -> str | None:
    prefixes = [*os.environ.get("AMENT_PREFIX_PATH", "").split(os.pathsep), sys.prefix]
    for prefix in filter(None, prefixes):
        description = Path(prefix) / "share" / package / "package.xml"
        if description.is_file():
            return ElementTree.parse(description).getroot().findtext("version", "").strip()
    try:
        return metadata.version(f"ros-{package.replace('_', '-')}")
    except metadata.PackageNotFoundError:
        return None


def _machine() -> str:
    from auxfocus_ros.commands.bench_stream import machine

    return machine()


def _words(reliability: str) -> str:
    return reliability.replace("_", " ")


@contextmanager
def _progress(console: Any, total: int) -> Iterator[Any]:
    """Gives `advance(what comes now)`; on standard error, so that the table alone is the output."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("[progress.description]{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("", total=total)
        begun = False

        def advance(what: str) -> None:
            nonlocal begun
            progress.update(task, description=what, advance=1 if begun else 0)
            begun = True
            if not console.is_terminal:
                console.print(f"[bench] {what}", markup=False, highlight=False, soft_wrap=True)

        yield advance


def _print(console: Any, report: Mapping[str, Any]) -> None:
    """The table of the cells, and a line for each bar."""
    from rich.table import Table

    stream = report["stream"]
    size = f"{stream['width']} x {stream['height']} pictures with {stream['points']:,} points"
    table = Table(title=f"{size} at {stream['rate']:g} Hz, two processes")
    for column in (
        "reliability",
        "profile",
        "runs",
        "pairs delivered",
        "of them in a run",
        "latency p50 (spread)",
        "p95 (spread)",
    ):
        table.add_column(column, justify="left" if column in ("reliability", "profile") else "right")
    for cell in report["cells"]:
        low, high = cell["share_spread"]
        table.add_row(
            _words(cell["reliability"]),
            cell["profile"],
            str(cell["runs"]),
            f"{cell['delivered']} of {cell['sent']}: {100 * cell['share']:.1f} %",
            f"{100 * low:.1f} to {100 * high:.1f} %",
            _latency(cell["p50_ms"], cell["p50_spread_ms"]),
            _latency(cell["p95_ms"], cell["p95_spread_ms"]),
        )
    console.print(table)
    for bar in report["bars"]:
        share = bar["wanted"] < 1
        figure = (
            "no latency to compare"
            if bar["figure"] is None
            else f"{100 * bar['figure']:.2f} %"
            if share
            else f"{bar['figure']:.1f} x"
        )
        wanted = f"{100 * bar['wanted']:g} %" if share else f"{bar['wanted']:g} x"
        console.print(f"{'met' if bar['met'] else 'missed':6}  {bar['text']}: {figure} (at least {wanted})", markup=False)
    console.print(
        f"{report['machine']}; " + ", ".join(f"{name} {value}" for name, value in report["versions"].items()), markup=False
    )


def _latency(middle_ms: float | None, spread_ms: list[float] | None) -> str:
    if middle_ms is None or spread_ms is None:
        return "-"
    return f"{middle_ms:.1f} ms ({spread_ms[0]:.1f} to {spread_ms[1]:.1f})"
