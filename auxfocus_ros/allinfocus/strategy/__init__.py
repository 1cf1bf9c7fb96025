"""Which positions a capture visits: the strategies by name, for commands, nodes and benchmarks.

A strategy's networks are read when it is asked for, once a process, and never by importing this.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from auxfocus_ros.allinfocus.strategy.options import CoverOptions
from auxfocus_ros.allinfocus.terms import CaptureTask, MakeStrategy, Strategy
from auxfocus_ros.errors import ConfigurationError

__all__ = ["DEFAULT_STRATEGY", "STRATEGIES", "CoverOptions", "Way", "describe_strategies", "strategy"]

DEFAULT_STRATEGY = "cover"


@dataclass(frozen=True)
class Way:
    """A strategy that can be asked for by name.

    describe: one line, for help texts. make: gives the strategy with settings of ours; raises what reading its networks raises.
    """

    describe: str
    make: Callable[[CoverOptions], MakeStrategy]


def strategy(name: str, options: CoverOptions = CoverOptions()) -> MakeStrategy:  # noqa: B008
    """A capture strategy, static or dynamic as its task says.

    Args:
        name: one of STRATEGIES.
        options: settings of 'cover'; the others have none.

    Returns:
        A function of a task that gives a strategy; see `terms`.

    Raises:
        ConfigurationError: no such strategy; the message names them all.
        InputError: its networks' weights cannot be read.
    """
    if name not in STRATEGIES:
        raise ConfigurationError(f"there is no capture strategy '{name}': the strategies are {', '.join(STRATEGIES)}")
    return STRATEGIES[name].make(options)


def describe_strategies() -> str:
    """A line for each strategy, for a help text."""
    width = max(len(name) for name in STRATEGIES)
    return "\n".join(f"  {name:<{width}}  {known.describe}" for name, known in STRATEGIES.items())


@lru_cache(maxsize=1)
def _blur_maps() -> Any:
    from auxfocus_ros.allinfocus.networks import load_blur_map_estimator

    return load_blur_map_estimator()


@lru_cache(maxsize=1)
def _global_steps() -> Any:
    from auxfocus_ros.allinfocus.networks.global_step import load_global_step_estimator

    return load_global_step_estimator()


def _cover(options: CoverOptions) -> MakeStrategy:
    from auxfocus_ros.allinfocus.strategy.cover import cover_strategy

    estimator = _blur_maps()

    def make(task: CaptureTask) -> Strategy:
        return cover_strategy(task, estimator, options)

    return make


def _source(options: CoverOptions) -> MakeStrategy:
    from auxfocus_ros.allinfocus.strategy.source import source_strategy

    def make(task: CaptureTask) -> Strategy:
        # its own network knows the steps of one lens, the bench's: for a calibrated one our blur maps are turned into steps
        return source_strategy(task, _global_steps() if task.model is None else _blur_maps())

    return make


STRATEGIES: dict[str, Way] = {
    "cover": Way("ours: beliefs over every cell's best position, and the fewest frames that cover them", _cover),
    "source": Way("Intelligent Autofocus, algorithm 2: signed deviations, activation, the fullest bin of a histogram", _source),
}
"""Name -> strategy, ours first."""
