"""A benchmark that is made of parts: those that are asked for, one after the other, then its bars, and all of it as JSON."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable
from datetime import date
from typing import Any


def run_parts(name: str, parts: Iterable[str], arguments: argparse.Namespace, measure: Callable[[str], dict[str, Any]]) -> int:
    """Measure; 1 when a bar is missed.

    Args:
        name: of the benchmark, as it is typed.
        parts: all that there are, in their order.
        arguments: part, quick, seed, repeats, processes (if it has them) and json.
        measure: gives what a part found, its `bars` among it, and prints its tables.

    Raises:
        ConfigurationError: a number that cannot be.
    """
    from auxfocus_ros.commands.bench_autofocus_showing import show_bars
    from auxfocus_ros.commands.bench_stream import machine
    from auxfocus_ros.json_values import json_value

    require_numbers(arguments)
    wanted = arguments.part or ["all"]
    results: dict[str, Any] = {}
    for part in parts:
        if part in wanted or "all" in wanted:
            print(f"[bench] {part}", file=sys.stderr, flush=True)
            results[part] = measure(part)
    bars = [entry for result in results.values() for entry in result.get("bars", ())]
    about = {"date": date.today().isoformat(), "machine": machine(), "command": f"auxfocus bench {name}", "seed": arguments.seed}
    show_bars(bars, f"{about['machine']}, {about['date']}, seed {arguments.seed}{', quick' if arguments.quick else ''}")
    if arguments.json is not None:
        arguments.json.parent.mkdir(parents=True, exist_ok=True)
        said = {**about, "quick": arguments.quick, "bars": bars, "results": results}
        arguments.json.write_text(json.dumps(json_value(said), indent=1, allow_nan=False))
    return 0 if all(entry["met"] for entry in bars) else 1


def require_numbers(arguments: argparse.Namespace) -> None:
    """Raise ConfigurationError for repeats, processes or a seed that cannot be."""
    from auxfocus_ros.errors import ConfigurationError

    for flag in ("repeats", "processes"):
        if getattr(arguments, flag, 1) < 1:
            raise ConfigurationError(f"--{flag} {getattr(arguments, flag)}: wanted at least 1")
    if arguments.seed < 0:
        raise ConfigurationError(f"--seed {arguments.seed}: wanted at least 0")
