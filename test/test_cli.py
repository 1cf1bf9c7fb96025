"""The `auxfocus` command as a user types it: real processes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from auxfocus_ros import __version__
from auxfocus_ros.cli import COMMANDS
from auxfocus_ros.graph import NODES


def auxfocus(*arguments: str, timeout_s: float = 60.0) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "auxfocus_ros.cli", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=timeout_s, check=False)


def test_help_names_every_command_and_an_example() -> None:
    result = auxfocus("--help")
    assert result.returncode == 0
    for name in COMMANDS:
        assert name in result.stdout
    assert "auxfocus move --distance" in result.stdout


def test_a_reader_who_has_seen_enough_ends_it_without_a_word() -> None:
    command = [sys.executable, "-m", "auxfocus_ros.cli", "parameters", "--json"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None and process.stderr is not None
    process.stdout.close()
    assert process.wait(timeout=60.0) == 141
    assert process.stderr.read() == b""


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_has_help_with_an_example(name: str) -> None:
    result = auxfocus(name, "--help")
    assert result.returncode == 0, result.stderr
    assert "example" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["up", "no_such_recording.mcap"], "no_such_recording.mcap is not there"),
        (["up", ".", "--replay", "--rate", "3", "--video", "a.mp4"], "as fast as that goes: leave --rate, --video out"),
        (["up", ".", "-p", "nonsense"], "'nonsense' is not a parameter: write NODE.NAME=VALUE"),
        (["up", ".", "-p", "toaster.heat=1"], "parameters for toaster, but the graph's nodes are"),
        (["parameters", "toaster"], "there is no node 'toaster'"),
        (["sequence", "no_such_recording"], "no_such_recording"),
        (["demo", "--samples", "no_such_folder"], "no samples in no_such_folder"),
    ],
)
def test_bad_input_ends_in_one_line_and_status_2(arguments: list[str], said: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "auxfocus_ros.cli", *arguments]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, cwd=tmp_path)
    assert result.returncode == 2
    lines = [line for line in result.stderr.splitlines() if line.startswith("auxfocus ")]
    assert len(lines) == 1 and said in lines[0]
    assert "Traceback" not in result.stderr


def test_parameters_as_json_and_in_the_docs() -> None:
    result = auxfocus("parameters", "--json")
    assert set(json.loads(result.stdout)) == set(NODES)
    docs = Path(__file__).resolve().parents[1] / "docs" / "parameters.md"
    assert docs.read_text() == auxfocus("parameters", "--markdown").stdout, "run `make docs`"


def test_the_command_is_quick_to_import_and_lean() -> None:
    code = "import sys, auxfocus_ros.cli; print([m for m in ('rclpy', 'torch', 'cv2', 'mujoco', 'aiohttp') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"


def test_the_command_is_of_what_is_installed(tmp_path: Path) -> None:
    """Even where the folder that it runs in holds the package's source."""
    package = tmp_path / "auxfocus_ros"
    package.mkdir()
    (package / "__init__.py").write_text("raise SystemExit('another copy')")
    command = Path(__file__).parents[1] / "bin/auxfocus"
    path = f"{Path(sys.executable).parent}:/usr/bin:/bin"
    result = subprocess.run(
        [command, "--version"], cwd=tmp_path, env={"PATH": path}, capture_output=True, text=True, timeout=60, check=False
    )
    assert (result.returncode, result.stderr) == (0, "")
    assert __version__ in result.stdout
