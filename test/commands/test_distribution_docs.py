"""docs/auxiliary-focus.md against the options as they are declared, the pictures, and the commands that make them."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from auxfocus_ros.declaration import fields_of
from auxfocus_ros.view import DistributionOptions, ViewOptions

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs" / "auxiliary-focus.md"


@pytest.fixture(scope="module")
def tool() -> Any:
    """The module `tools/draw_auxiliary_focus.py`."""
    spec = importlib.util.spec_from_file_location("draw_auxiliary_focus", ROOT / "tools" / "draw_auxiliary_focus.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_the_docs_list_every_option_as_it_is_declared(tool: Any) -> None:
    table = DOCS.read_text().partition("<!-- options -->")[2].partition("<!-- end of options -->")[0].strip()
    assert table == tool.options_table(), "run `python tools/draw_auxiliary_focus.py --options`"
    assert all(f"| `{name}` |" in table for name in [*fields_of(ViewOptions), *fields_of(DistributionOptions)])


def test_the_docs_show_every_picture_with_its_command_and_every_claim(tool: Any) -> None:
    text = DOCS.read_text()
    shown = {match.group(1) for match in re.finditer(r"images/(aux_\w+\.jpg)", text)}
    assert shown == {path.name for path in (ROOT / "docs" / "images").glob("aux_*.jpg")}
    assert shown == {f"aux_{drawing.name}.jpg" for drawing in tool.DRAWINGS} | {"aux_page.jpg"}
    for drawing in tool.DRAWINGS:
        options = drawing.commands[0].partition("--focus-distance ")[2]
        assert f"--focus-distance {options}".strip() in text, drawing
    claims = [line.split("|")[1].strip() for line in text.splitlines() if re.match(r"\| \d+ \|", line)]
    assert claims == [str(number) for number in range(1, 21)]
