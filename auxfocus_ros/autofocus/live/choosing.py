"""What drives a live run, with networks that may be missing: what cannot be loaded is said, and done without."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

from auxfocus_ros.autofocus.following import Follower, FollowerOptions, FollowSetup
from auxfocus_ros.autofocus.radius_estimate import RadiusEstimator
from auxfocus_ros.autofocus.terms import Method, Task
from auxfocus_ros.errors import AuxfocusError

OURS = "bayes"


class Networks:
    """The blur estimator of a file, loaded when first asked for and then kept."""

    def __init__(self, weights: str, say: Callable[[str], None]) -> None:
        """weights: a path; empty: the shipped ones. say: told once, in one line, why there is no estimator."""
        self._weights = weights
        self._say = say
        self._lock = threading.Lock()
        self._loaded = False
        self._estimator: RadiusEstimator | None = None

    def estimator(self) -> RadiusEstimator | None:
        """The estimator; None where torch or the weights are missing."""
        with self._lock:
            if not self._loaded:
                self._loaded = True
                self._estimator = self._load()
        return self._estimator

    def _load(self) -> RadiusEstimator | None:
        try:
            import torch

            torch.set_num_threads(1)
            from auxfocus_ros.autofocus.networks import load_radius_estimator

            return load_radius_estimator(Path(self._weights).expanduser() if self._weights else None)
        except ImportError as error:
            self._say(f"the blur estimator cannot be loaded ({error}): focusing goes on without it")
        except AuxfocusError as error:
            self._say(f"{error}: focusing goes on without the blur estimator")
        return None


def choose_method(name: str, networks: Networks) -> Method:
    """A way of focusing, ours with these networks.

    Raises:
        ConfigurationError: no such method. InputError: its networks' weights cannot be read.
    """
    if name == OURS:
        from auxfocus_ros.autofocus.controller import focus

        return partial(focus, estimator=networks.estimator())
    from auxfocus_ros.autofocus.methods import method

    return method(name)


def make_follower(task: Task, networks: Networks, options: FollowerOptions) -> Follower:
    """What keeps a target in focus, on the lens that a task names. Raises ConfigurationError where the task's `use` cannot be."""
    setup = FollowSetup(
        task.min_position_steps,
        task.max_position_steps,
        task.model,
        task.half_depth_of_focus_steps,
        task.use,
        task.backlash_steps,
    )
    return Follower(setup, None if task.use == "depth" else networks.estimator(), options)
