"""docs/analysis.md and docs/analysis-tables.md against what is declared, and what they tell a reader to type."""

from __future__ import annotations

import importlib.util
import re
import shlex
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from auxfocus_ros.analysis.columns import NAMES
from auxfocus_ros.analysis.facts import look_at
from auxfocus_ros.analysis.frame.asking import IN_FOCUS, LOOKS, UNSURE
from auxfocus_ros.analysis.frame.autofocuser import NO_NETWORK, TOO_SMALL
from auxfocus_ros.analysis.joining import Job, join
from auxfocus_ros.analysis.options import AnalysisOptions
from auxfocus_ros.analysis.part_run import analyse_part
from auxfocus_ros.analysis.parts import plan_parts
from auxfocus_ros.analysis.store import PartStore
from auxfocus_ros.cli import make_parser

ROOT = Path(__file__).resolve().parents[2]
GUIDE, TABLES = ROOT / "docs" / "analysis.md", ROOT / "docs" / "analysis-tables.md"


def tool(name: str) -> ModuleType:
    """A module of `tools/`."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "tools" / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", GUIDE.read_text(), re.DOTALL | re.MULTILINE)


def test_the_tables_are_those_of_the_declarations() -> None:
    text = tool("analysis_tables").page()
    assert TABLES.read_text() == text, "run `make docs`"
    assert all(f"| `{name}` |" in text for name in NAMES)


def test_every_measure_and_every_word_of_the_methods_is_explained() -> None:
    text = GUIDE.read_text()
    named = [name for name in NAMES if name.startswith("sharpness_")]
    assert [name for name in (*named, LOOKS, IN_FOCUS, UNSURE, TOO_SMALL, NO_NETWORK) if f"`{name}`" not in text] == []


def test_every_link_leads_somewhere() -> None:
    for page in (GUIDE, TABLES):
        for target in re.findall(r"\]\(([^)]+)\)", page.read_text()):
            file, _, part = target.partition("#")
            linked = page.parent / file if file else page
            assert linked.is_file(), target
            if part and linked in (GUIDE, TABLES):
                titles = re.findall(r"^#+ (.*)$", linked.read_text(), re.MULTILINE)
                assert part in {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}, target


def test_every_command_can_be_typed() -> None:
    typed = [line for block in blocks("bash") for line in block.splitlines() if line.startswith("auxfocus ")]
    assert len(typed) > 5
    for line in typed:
        words = shlex.split(line, comments=True)[1:]
        assert make_parser(words[0]).parse_args(words).command == words[0]  # ends the test where it cannot be
    drawn = tool("draw_analysis").COMMANDS
    assert [shlex.split(line, comments=True)[1:] for line in typed[: len(drawn)]] == [shlex.split(line) for line in drawn]


def test_what_the_guide_says_of_reading_runs(flight: Callable[..., Path], tmp_path: Path, monkeypatch: Any, capsys: Any) -> None:
    (tmp_path / "out").mkdir()
    facts = look_at(flight(tmp_path / "out" / "walk.mcap", 8), AnalysisOptions())
    tasks = plan_parts(facts, AnalysisOptions(lens="bench_25mm", estimator=False))
    folder = tmp_path / "out" / "walk"
    store = PartStore(folder / "work", tasks[0].key)
    for task in tasks:
        store.keep(analyse_part(task))
    join(Job(facts, tuple(tasks), folder), store)
    monkeypatch.chdir(tmp_path)
    plain, with_other_libraries = blocks("python")
    exec(compile(plain, str(GUIDE), "exec"), {})
    said = capsys.readouterr().out
    assert all(f"\n{name}; " in said for name in NAMES)
    compile(with_other_libraries, str(GUIDE), "exec")  # they are not the package's
