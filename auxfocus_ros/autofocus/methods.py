"""The ways of focusing by name, for commands, nodes and benchmarks.

What a method needs of a trained network is read when the method is asked for, once a process, and never by importing this.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import Any

from auxfocus_ros.autofocus.terms import Method, Search, Task
from auxfocus_ros.errors import ConfigurationError

DEFAULT_METHOD = "bayes"


@dataclass(frozen=True)
class Way:
    """A method that can be asked for by name.

    describe: one line, for help texts. make: gives the method; raises what reading its networks raises. patch_px: edge of the
    square that its networks look at, which a region must have; 0: any region of 64 px will do.
    """

    describe: str
    make: Callable[[], Method]
    patch_px: int = 0


def method(name: str) -> Method:
    """A way of focusing.

    Args:
        name: one of METHODS.

    Returns:
        A function of a task that gives a search; see `terms`.

    Raises:
        ConfigurationError: no such method; the message names them all.
        InputError: its networks' weights cannot be read.
    """
    return way(name).make()


def way(name: str) -> Way:
    """What METHODS says of a name. Raises ConfigurationError, naming them all, for one that is not there."""
    if name not in METHODS:
        raise ConfigurationError(f"there is no autofocus method '{name}': the methods are {', '.join(METHODS)}")
    return METHODS[name]


def describe_methods() -> str:
    """A line for each method, for a help text."""
    width = max(len(name) for name in METHODS)
    return "\n".join(f"  {name:<{width}}  {known.describe}" for name, known in METHODS.items())


@lru_cache(maxsize=1)
def _radius_estimator() -> Any:
    from auxfocus_ros.autofocus.networks import load_radius_estimator

    return load_radius_estimator()


@lru_cache(maxsize=1)
def _reference_networks() -> tuple[Any, Any]:
    from auxfocus_ros.autofocus.networks import load_reference_discriminator, load_reference_estimator

    return load_reference_estimator(), load_reference_discriminator()


def _bayes() -> Method:
    from auxfocus_ros.autofocus.controller import focus

    return partial(focus, estimator=_radius_estimator())


def _depth() -> Method:
    from auxfocus_ros.autofocus.controller import focus

    def by_depth(task: Task) -> Search:
        return focus(replace(task, use="depth"))

    return by_depth


def _source() -> Method:
    from auxfocus_ros.autofocus.controller import source_algorithm

    estimator, discriminator = _reference_networks()
    return partial(source_algorithm, estimator=estimator, discriminator=discriminator)


def _classical(name: str) -> Callable[[], Method]:
    def make() -> Method:
        from auxfocus_ros.autofocus import searches

        search: Method = getattr(searches, name)
        return search

    return make


METHODS: dict[str, Way] = {
    "bayes": Way("ours: what every frame, the depth and the lens say, weighed together; one or two moves", _bayes),
    "source": Way("Intelligent Autofocus, algorithm 1: step estimator and focus discriminator, with a cap", _source, 512),
    "full_sweep": Way("every position in turn, then the sharpest", _classical("full_sweep")),
    "fibonacci": Way("Fibonacci search for the sharpest position", _classical("fibonacci")),
    "rule_based": Way(
        "steps that grow and shrink with the sharpness (Initial 10, Coarse 40, Fine 10, Mid 30)", _classical("rule_based")
    ),
    "hill_climbing": Way("uphill in sharpness, with smaller steps after each turn", _classical("hill_climbing")),
    "curve_rol": Way("a rational curve through the sharpness of 4 to 7 samples, and to its peak", _classical("curve_rol")),
    "curve_bpic": Way("a bell curve through the sharpness of 4 to 7 samples, and to its peak", _classical("curve_bpic")),
    "depth": Way("by the depth of the target alone, without looking", _depth),
}
"""Name -> method, ours first."""
