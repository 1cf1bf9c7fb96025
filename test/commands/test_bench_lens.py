"""`auxfocus bench lens`: its own figures against the bars that it prints."""

import json
import subprocess
import sys
from pathlib import Path


def test_the_bars_are_met_and_the_figures_saved(tmp_path: Path) -> None:
    file = tmp_path / "lens.json"
    command = [sys.executable, "-m", "auxfocus_ros.cli", "bench", "lens", "--seed", "3", "--json", str(file)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    figures = json.loads(file.read_text())["largest_error_steps"]
    assert any(what.startswith("round trip, bench_25mm") for what in figures)
    assert all(0 <= error <= 0.5 for error in figures.values())
