"""`auxfocus parameters`: every node's parameters, from the same declarations that the nodes use."""

from __future__ import annotations

import argparse
import importlib
import json
import math
from typing import Any

from auxfocus_ros.declaration import fields_of
from auxfocus_ros.errors import ConfigurationError
from auxfocus_ros.graph import NODES


def add_parser(subparsers: Any, line: str) -> None:
    """Declare the command."""
    parser = subparsers.add_parser("parameters", help=line, description=line, epilog="example: auxfocus parameters aux_focus")
    parser.add_argument("node", nargs="*", help=f"one or more of {', '.join(NODES)} (default: all)")
    parser.add_argument("--markdown", action="store_true", help="as the tables in docs/parameters.md")
    parser.add_argument("--json", action="store_true", help="as JSON")
    parser.set_defaults(run=run)


def table_of(node: str) -> type:
    """The parameter table of a node. Raises ConfigurationError for a node that there is not."""
    if node not in NODES:
        raise ConfigurationError(f"there is no node '{node}': the nodes are {', '.join(NODES)}")
    module = importlib.import_module(f"auxfocus_ros.nodes.{node}")
    name = "".join(word.capitalize() for word in node.split("_")) + "Parameters"
    table: type = getattr(module, name)
    return table


def rows_of(node: str) -> list[dict[str, Any]]:
    """A node's parameters as plain values: name, type, default, range, unit, description, read_only."""
    return [
        {
            "name": name,
            "type": kind.__name__,
            "default": default if not isinstance(default, float) or math.isfinite(default) else str(default),
            "range": info.range_text(),
            "unit": info.unit,
            "description": info.description,
            "read_only": info.read_only,
        }
        for name, (kind, default, info) in fields_of(table_of(node)).items()
    ]


def markdown(nodes: list[str]) -> str:
    """The reference tables of docs/parameters.md."""
    lines = [
        "# Parameters",
        "",
        "Made by `auxfocus parameters --markdown` from the declarations that the nodes use. *Fixed* parameters are read",
        "when the node is configured; the others can be changed while it runs.",
    ]
    for node in nodes:
        lines += ["", f"## {node}", "", "| name | type | default | range | unit | fixed | what it does |"]
        lines.append("| --- | --- | --- | --- | --- | --- | --- |")
        for row in rows_of(node):
            default = json.dumps(row["default"])
            choices = row["range"].replace("|", "\\|")
            fixed = "yes" if row["read_only"] else ""
            lines.append(
                f"| `{row['name']}` | {row['type']} | `{default}` | {choices} | {row['unit']} | {fixed} | {row['description']} |"
            )
    return "\n".join(lines) + "\n"


def run(arguments: argparse.Namespace) -> int:
    """Print the tables."""
    nodes = arguments.node or list(NODES)
    if arguments.json:
        print(json.dumps({node: rows_of(node) for node in nodes}, indent=2))
    elif arguments.markdown:
        print(markdown(nodes), end="")
    else:
        from rich.console import Console
        from rich.table import Table

        for node in nodes:
            table = Table("name", "default", "range", "unit", "what it does", title=node)
            for row in rows_of(node):
                table.add_row(row["name"], json.dumps(row["default"]), row["range"], row["unit"], row["description"])
            Console().print(table)
    return 0
