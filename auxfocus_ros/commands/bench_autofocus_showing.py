"""What `auxfocus bench autofocus` prints: its figures as tables, and the bars with what came of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from auxfocus_ros.commands.bench_autofocus_source import STARTS_STEPS

WIDTH = 180
STARTS = ", ".join(f"{start:g}" for start in STARTS_STEPS)


def show_table_2(result: dict[str, Any]) -> None:
    """Where every run ended."""
    table = table_of(
        "object",
        "light",
        "the source printed",
        "its algorithm, our networks",
        "ours",
        title=f"table 2: final positions from {STARTS}",
    )
    for row in result["rows"]:
        ends = [" ".join(f"{end:.0f}" for end in row[column]) for column in result["columns"]]
        table.add_row(f"{row['object']} ({row['position_steps']:.0f})", row["light"], *ends)
    table.add_section()
    said = [result["summary"][column] for column in result["columns"]]
    for name, text in (("error_steps", "mean error"), ("within_10", "within 10 steps"), ("within_20", "within 20 steps")):
        form = "{:.1f} steps" if name == "error_steps" else "{:.0%}"
        table.add_row(text, "", *(form.format(figures[name]) for figures in said))
    print_table(table)


def show_tables_45(result: dict[str, Any]) -> None:
    """Time steps by target."""
    table = table_of(
        "target", "plane", "rule-based", "Fibonacci", "the source", "its algorithm", "its moves", "its captures", "ours, moves",
        "ours, captures", title=f"tables 4 and 5: time steps from {STARTS} (printed / measured; one move, one capture a step)",
    )  # fmt: skip
    last = result["rows"][0]["table"]
    for row in result["rows"]:
        if row["table"] != last:
            table.add_section()
        last = row["table"]
        printed = row["printed"]
        table.add_row(
            f"{row['target']} ({row['position_steps']:.0f})", row["plane"],
            f"{printed['rule-based']} / {row['rule_based_moves']}", f"{printed['Fibonacci']} / {row['fibonacci_moves']}",
            numbers(printed["proposed"]), numbers(row["source_steps"]), numbers(row["source_moves"]),
            numbers(row["source_captures"]), numbers(row["ours_moves"]), numbers(row["ours_captures"]),
        )  # fmt: skip
    table.add_section()
    said = result["summary"]
    table.add_row(
        "mean", "", f"{said['printed_rule_based']:.1f} / {said['rule_based_moves']:.1f}",
        f"{said['printed_fibonacci']:.1f} / {said['fibonacci_moves']:.1f}", f"{said['printed_proposed_steps']:.2f}",
        *(f"{said[name]:.2f}" for name in ("source_steps", "source_moves", "source_captures", "ours_moves", "ours_captures")),
    )  # fmt: skip
    print_table(table)
    print(f"mean error: its algorithm {said['source_error_steps']:.1f} steps, ours {said['ours_error_steps']:.1f} steps\n")


def show_runs(result: dict[str, Any]) -> None:
    """The main table, each light, and every run that went wrong."""
    table = table_of(
        "method", "runs", "moves", "captures", "steps", "mean error", "median", "worst", "in depths of field", "within 10",
        "within 20", "inside", "travel", "reversals", "time", "failed",
        title=f"{len(result['planes'])} planes, {len(result['lights'])} lights, starts {STARTS}; failed runs count at the cap",
    )  # fmt: skip
    for row in result["rows"]:
        steps = "-" if row["steps"] is None else f"{row['steps']:.2f}"
        table.add_row(
            row["setup"], str(row["runs"]), f"{row['moves']:.2f}", f"{row['captures']:.2f}", steps,
            f"{row['error_steps']:.2f} steps", f"{row['median_error_steps']:.1f}", f"{row['worst_error_steps']:.0f}",
            f"{row['error_depths']:.2f}",
            f"{row['within_10']:.1%}", f"{row['within_20']:.1%}", f"{row['inside']:.1%}", f"{row['travel_steps']:.0f}",
            f"{row['reversals']:.2f}", f"{row['duration_s']:.2f} s", str(row["failed"]),
        )  # fmt: skip
    print_table(table)
    by_light = table_of("method", "light", "moves", "mean error", "within 10", "within 20", "failed", title="by light")
    for row in result["rows"]:
        for light, figures in row["by_light"].items():
            by_light.add_row(
                row["setup"], light, f"{figures['moves']:.2f}", f"{figures['error_steps']:.2f}", f"{figures['within_10']:.1%}",
                f"{figures['within_20']:.1%}", str(figures["failed"]),
            )  # fmt: skip
    print_table(by_light)
    bad = table_of(
        "method", "plane", "light", "start", "true", "end", "error", "moves", "reason", title="ours: failed, or beyond 20 steps"
    )
    for row in result["rows"]:
        if row["method"] in ("bayes", "depth"):
            for entry in result["bad_runs"][row["setup"]]:
                bad.add_row(
                    row["setup"], entry["plane"], entry["light"], f"{entry['start_steps']:.0f}", f"{entry['best_steps']:.1f}",
                    f"{entry['end_steps']:.1f}", f"{entry['error_steps']:+.1f}", str(entry["moves"]), entry["reason"],
                )  # fmt: skip
    print_table(bad)


def show_cost(result: dict[str, Any]) -> None:
    """Table 3."""
    table = table_of(
        "what", "median", "quartiles", title=f"table 3: one {result['patch_px']} x {result['patch_px']} patch, one thread"
    )
    for row in result["rows"]:
        table.add_row(row["what"], f"{row['median_ms']:.2f} ms", f"{row['low_ms']:.2f} to {row['high_ms']:.2f} ms")
    table.add_section()
    for hardware, (tenengrad, estimator, discriminator, both) in result["printed_ms"].items():
        table.add_row(
            f"the source, {hardware}: Tenengrad, estimator, discriminator, both",
            f"{both:.2f} ms",
            f"{tenengrad:.2f}, {estimator:.2f}, {discriminator:.2f}, {both:.2f} ms: {both / tenengrad:.2f} of Tenengrad",
        )
    print_table(table)
    print(f"reference model over Tenengrad in this run: {result['reference_ratio']:.2f}\n")


def show_real(result: dict[str, Any]) -> None:
    """Each stack, and every run of ours that ended elsewhere."""
    table = table_of(
        "stack", "regions", "left out", "method", "runs", "within one frame", "exact", "off, mean", "moves", "captures",
        "reversals", "failed", title="real focal stacks, from every frame, no calibration, no tuning",
    )  # fmt: skip
    for stack in result["stacks"]:
        for name, row in stack["methods"].items():
            table.add_row(
                stack["stack"], str(len(stack["regions"])), str(len(stack["left_out"])), name, str(row["runs"]),
                f"{row['within']:.1%}", f"{row['exact']:.1%}", f"{row['mean_off']:.2f}", f"{row['moves']:.2f}",
                f"{row['captures']:.2f}",
                f"{row['reversals']:.2f}", str(row["failed"]),
            )  # fmt: skip
        table.add_section()
    print_table(table)
    for stack in result["stacks"]:
        for region in stack["left_out"]:
            peaks = " ".join(str(peak) for peak in region["peaks"].values())
            print(f"{stack['stack']}: left out {region['roi']}: its measures peak at {peaks}")
    bad = table_of(
        "stack", "region", "start", "sharpest", "end", "looked at", "reason", title="ours: every run that ended elsewhere"
    )
    for stack in result["stacks"]:
        for run in stack["failures"]:
            looked = " ".join(str(index) for index in run["looked_at"])
            bad.add_row(
                stack["stack"], str(run["roi"]), str(run["start"]), str(run["sharpest"]), str(run["end"]), looked, run["reason"]
            )
    print_table(bad)


def show_following(result: dict[str, Any]) -> None:
    """Continuous focus, by the way of following and the target's path."""
    from auxfocus_ros.commands.bench_following import show

    show(result)


def show_bars(bars: Sequence[dict[str, Any]], title: str) -> None:
    """What is asked, what was reached, and whether that is met."""
    table = table_of("what", "reached", "bar", "met", title=f"bars: {title}")
    for entry in bars:
        unit = f" {entry['unit']}" if entry.get("unit") else ""
        reached = "not measured" if entry["figure"] is None else f"{entry['figure']:.4g}{unit}"
        goal = f" (goal {entry['goal']})" if entry.get("goal") else ""
        table.add_row(entry["what"], reached, f"{entry['sign']} {entry['bar']:g}{unit}{goal}", "yes" if entry["met"] else "no")
    print_table(table)


def numbers(values: Sequence[Any]) -> str:
    """For a cell."""
    return " ".join(f"{value:g}" for value in values)


def table_of(*columns: str, title: str) -> Any:
    """An empty table."""
    from rich.table import Table

    return Table(*columns, title=title)


def print_table(table: Any) -> None:
    """On standard output, unless it is empty."""
    from rich.console import Console

    if table.row_count:
        Console(width=WIDTH).print(table)


SHOW: dict[str, Callable[[dict[str, Any]], None]] = {
    "table2": show_table_2,
    "tables45": show_tables_45,
    "runs": show_runs,
    "cost": show_cost,
    "real": show_real,
    "following": show_following,
}
