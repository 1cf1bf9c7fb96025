"""Print docs/analysis-tables.md: columns, keys and options of an analysis, from where they are declared.

python tools/analysis_tables.py > docs/analysis-tables.md
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from auxfocus_ros.analysis.analyse import SUMMED_UP
from auxfocus_ros.analysis.columns import DEPTH_BINS, FRAME_COLUMNS, TARGET_FIELDS, Column
from auxfocus_ros.analysis.health import HEALTH_KEYS
from auxfocus_ros.analysis.joining import HEAD_KEYS
from auxfocus_ros.analysis.options import AnalysisOptions
from auxfocus_ros.analysis.summary import SUMMARY_KEYS, Key
from auxfocus_ros.commands.option_flags import default_text
from auxfocus_ros.declaration import fields_of
from auxfocus_ros.view import DistributionOptions

HEAD = (
    "# Tables of an analysis",
    "Made by `make docs` from the declarations that the analysis uses. How it works, and how to read its results: "
    "[analysis.md](analysis.md).",
)
KINDS = {"counts": f"list of {DEPTH_BINS} uint32", "targets": "list of structs"}


def page() -> str:
    """The whole page."""
    sections = (
        *HEAD,
        "## Columns of `frames.parquet`",
        "A row for each picture that can be read, in their order. What is not known is null; infinity is `inf`. "
        "Each field's unit and text stand in the file's schema, too.",
        table(("column", "type", "unit", "what it says"), column_rows(FRAME_COLUMNS)),
        "### `targets`",
        "Each entry of the list:",
        table(("field", "type", "unit", "what it says"), column_rows(TARGET_FIELDS)),
        "## Keys of `summary.json`",
        "A dot leads into an object, `[]` to each entry of a list, `*` stands for any name. Shares are from 0 to 1; what is not "
        "known (or infinite) is null, and `not_known` says why.",
        table(("key", "unit", "what it says"), key_rows([*HEAD_KEYS, *summary_keys()])),
        "Of several recordings the outer `summary.json` has `format`, `version`, `recordings[]` (`name`, `folder`, "
        + ", ".join(f"`{name}`" for name in SUMMED_UP)
        + ", `problems`: how many) and `not_analysed[]` (`recording`, `why`).",
        "## Options",
        "As flags of `auxfocus analyze` the names have hyphens, and two before them: `--part-s 20`, `--no-estimator`.",
        table(("option", "default", "values", "what it does"), option_rows(AnalysisOptions)),
        "Of the depth distribution and the targets, as the node `aux_focus` has them:",
        table(("option", "default", "values", "what it does"), option_rows(DistributionOptions)),
    )
    return "\n\n".join(sections) + "\n"


def summary_keys() -> Iterator[Key]:
    """Those of the figures, with the streams' in their place."""
    for key in SUMMARY_KEYS:
        if key.name == "streams":
            yield from (Key(f"streams.{name}", unit, text) for name, (unit, text) in HEALTH_KEYS.items())
        else:
            yield key


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table in Markdown."""
    names = list(head)
    lines = [names, ["---"] * len(names), *(list(row) for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def column_rows(columns: Iterable[Column]) -> Iterator[tuple[str, ...]]:
    """Name, type, unit, text."""
    return ((f"`{one.name}`", KINDS.get(one.kind, one.kind), one.unit, one.text) for one in columns)


def key_rows(keys: Iterable[Key]) -> Iterator[tuple[str, ...]]:
    """Name, unit, text."""
    return ((f"`{key.name}`", key.unit, key.text) for key in keys)


def option_rows(options: type) -> Iterator[tuple[str, ...]]:
    """Name, default, values, text."""
    for name, (kind, default, info) in fields_of(options).items():
        values = "on, off" if kind is bool else ", ".join(info.choices) or f"{info.range_text()} {info.unit}".strip()
        yield f"`{name}`", default_text(default), values, info.description


if __name__ == "__main__":
    print(page(), end="")
