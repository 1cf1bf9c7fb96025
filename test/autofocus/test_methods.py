"""Ways of focusing by name."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from auxfocus_ros.autofocus.driving import drive
from auxfocus_ros.autofocus.methods import DEFAULT_METHOD, METHODS, describe_methods, method, way
from auxfocus_ros.autofocus.terms import Reason, Task
from auxfocus_ros.errors import ConfigurationError

NAMES = ["bayes", "source", "full_sweep", "fibonacci", "rule_based", "hill_climbing", "curve_rol", "curve_bpic", "depth"]


class Fading:
    """Stripes whose contrast falls with the distance from a best position: sharpness without optics."""

    def __init__(self, best: float, start: float) -> None:
        self.best, self.position_steps = best, start

    def move(self, position_steps: float) -> None:
        self.position_steps = position_steps

    def capture(self) -> np.ndarray:
        contrast = 100.0 / (1.0 + ((self.position_steps - self.best) / 60.0) ** 2)
        row = 128.0 + contrast * np.where(np.arange(64) % 8 < 4, 1.0, -1.0)
        return np.tile(np.rint(row).astype(np.uint8), (64, 1))

    def depth(self) -> None:
        return None


def test_the_names_are_these_ours_first() -> None:
    assert list(METHODS) == NAMES
    assert NAMES[0] == DEFAULT_METHOD


def test_an_unknown_method_names_them_all_in_one_line() -> None:
    with pytest.raises(ConfigurationError) as caught:
        method("contrast")
    said = str(caught.value)
    assert "'contrast'" in said and all(name in said for name in NAMES) and "\n" not in said


def test_every_method_has_a_line_for_the_help() -> None:
    lines = describe_methods().splitlines()
    assert [line.split()[0] for line in lines] == NAMES
    assert all(len(line) <= 130 for line in lines)


def test_only_the_reference_networks_ask_for_a_patch_of_their_own() -> None:
    assert {name: way(name).patch_px for name in NAMES if way(name).patch_px} == {"source": 512}


@pytest.mark.parametrize("name", ["full_sweep", "fibonacci", "rule_based", "hill_climbing"])
def test_the_classical_ones_find_a_peak(name: str) -> None:
    task = Task(0.0, 400.0, 50.0, half_depth_of_focus_steps=10.0)
    run = drive(method(name)(task), Fading(230.0, 50.0), task)
    assert run.outcome.reason == Reason.NONE and run.outcome.in_focus
    assert abs(run.outcome.position_steps - 230.0) <= 10.0


def test_a_network_that_cannot_be_read_is_an_error_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    """The loader's word reaches the caller of `method`, not of the search."""
    from auxfocus_ros.autofocus import networks

    def missing() -> None:
        raise ConfigurationError("weights are cut short")

    monkeypatch.setattr(networks, "load_radius_estimator", missing)
    from auxfocus_ros.autofocus import methods

    methods._radius_estimator.cache_clear()
    with pytest.raises(ConfigurationError, match="cut short"):
        method("bayes")
    methods._radius_estimator.cache_clear()


def test_naming_the_methods_imports_no_networks() -> None:
    code = (
        "import sys, auxfocus_ros.autofocus.methods as m; m.describe_methods(); m.method('fibonacci'); "
        "assert 'torch' not in sys.modules"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0
