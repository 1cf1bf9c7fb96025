"""Methods for live runs where torch or the weights are missing, and the settings' way to the follower."""

from __future__ import annotations

import builtins
from pathlib import Path
from typing import Any

import pytest

from auxfocus_ros.autofocus.live.choosing import Networks, choose_method, make_follower
from auxfocus_ros.autofocus.live.settings import LiveSettings, bounds_of, follower_options
from auxfocus_ros.autofocus.terms import Task
from auxfocus_ros.errors import ConfigurationError


def test_missing_weights_are_said_once_and_done_without(tmp_path: Path) -> None:
    said: list[str] = []
    networks = Networks(str(tmp_path / "none.safetensors"), said.append)
    assert networks.estimator() is None and networks.estimator() is None
    assert len(said) == 1 and "none.safetensors" in said[0] and said[0].endswith("without the blur estimator")


def test_missing_torch_is_said_once_and_done_without(monkeypatch: pytest.MonkeyPatch) -> None:
    imported = builtins.__import__

    def without_torch(name: str, *rest: Any, **named: Any) -> Any:
        if name.partition(".")[0] == "torch":
            raise ModuleNotFoundError("No module named 'torch'")
        return imported(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", without_torch)
    said: list[str] = []
    assert Networks("", said.append).estimator() is None
    assert len(said) == 1 and "torch" in said[0]


class Without(Networks):
    def __init__(self) -> None:
        super().__init__("", lambda _: None)

    def estimator(self) -> None:
        return None


@pytest.mark.parametrize("name", ["bayes", "fibonacci", "depth"])
def test_methods_by_name_are_ready_for_a_task(name: str) -> None:
    look = next(choose_method(name, Without())(Task(0.0, 1000.0, 500.0, use="picture")))
    assert 0.0 <= look.position_steps <= 1000.0


def test_an_unknown_method_names_the_known_ones() -> None:
    with pytest.raises(ConfigurationError, match="bayes, source"):
        choose_method("guess", Without())


def test_following_by_picture_needs_the_estimator() -> None:
    with pytest.raises(ConfigurationError, match="need an estimator"):
        make_follower(Task(0.0, 1000.0, 500.0, use="picture"), Without(), follower_options(LiveSettings()))


def test_settings_reach_the_bounds_and_the_follower() -> None:
    settings = LiveSettings(start_wait_s=7.0, follow_worth=0.8, follow_coast_s=1.5)
    assert bounds_of(settings).start_s == 7.0
    options = follower_options(settings)
    assert (options.worth, options.coast_s) == (0.8, 1.5)
