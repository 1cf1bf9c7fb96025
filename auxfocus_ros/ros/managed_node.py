"""The base of every node here: a managed (lifecycle) node that can start itself, with one parameter table and its health.

rclpy swallows an exception in a transition; here its cause is logged in one line and the process's exit status is set. A node
fills in `configure`, `activate`, `deactivate` and `cleanup`, each of which may raise an `AuxfocusError`.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn

from auxfocus_ros.declaration import parameter
from auxfocus_ros.errors import AuxfocusError
from auxfocus_ros.ros import upstream
from auxfocus_ros.ros.health import Health
from auxfocus_ros.ros.parameters import Parameters
from auxfocus_ros.ros.picture_publisher import PicturePublisher


@dataclass(frozen=True)
class CommonParameters:
    """What every node has."""

    autostart: bool = parameter(True, "configure and activate without waiting for a lifecycle manager", read_only=True)


P = TypeVar("P", bound=CommonParameters)


class ManagedNode(LifecycleNode, Generic[P]):
    """A lifecycle node with parameters, health and an exit status.

    Attributes:
        exit_status: 0, or 2 once a transition has failed for a reason that a person can mend.
        active: true between activation and deactivation.
    """

    def __init__(self, name: str, table: type[P], **node_options: Any) -> None:
        """Raises ConfigurationError for parameter overrides that cannot be, naming all of them."""
        super().__init__(name, **node_options)
        self.exit_status = 0
        self.active = False
        self._parameters_of_table = Parameters(self, table, self.parameters_changed)
        self.health = Health(self, self.figures)
        for line in upstream.problems():
            self.health.problem("upstream", line)

    @property
    def parameters(self) -> P:
        """The present parameters as one frozen value."""
        return self._parameters_of_table.values

    # What a node fills in.

    def configure(self) -> None:
        """Open what the node needs and create its publishers, subscriptions and services."""

    def activate(self) -> None:
        """Start to work."""

    def deactivate(self) -> None:
        """Stop to work; abort goals with a reason."""

    def cleanup(self) -> None:
        """Undo `configure`; called also after a failure in the middle of it."""

    def parameters_changed(self, old: P, new: P) -> None:
        """Take a change at run time, or refuse it by raising an AuxfocusError."""

    def figures(self) -> Mapping[str, str]:
        """Key-value pairs for the diagnostics."""
        return {}

    def shutting_down(self, reason: str) -> None:
        """Abort goals with this reason; the executor then spins on so that clients hear it."""

    # Lifecycle

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Lifecycle transition."""
        if self._run_transition("configure", self.configure) is TransitionCallbackReturn.SUCCESS:
            return super().on_configure(state)
        self._run_transition("cleanup", self.cleanup)
        return TransitionCallbackReturn.FAILURE

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Lifecycle transition."""
        # The publishers first: what `activate` starts may publish at once.
        super().on_activate(state)
        result = self._run_transition("activate", self.activate)
        self.active = result is TransitionCallbackReturn.SUCCESS
        return result

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Lifecycle transition."""
        self.active = False
        result = self._run_transition("deactivate", self.deactivate)
        super().on_deactivate(state)
        return result

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Lifecycle transition."""
        result = self._run_transition("cleanup", self.cleanup)
        super().on_cleanup(state)
        return result

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Lifecycle transition."""
        if self.active:
            self.active = False
            self._run_transition("deactivate", self.deactivate)
        result = self._run_transition("cleanup", self.cleanup)
        super().on_shutdown(state)
        return result

    def destroy_outputs(self, publishers: Iterable[Any]) -> None:
        """Destroy publishers, rclpy's own and picture publishers, which have a thread to end."""
        for publisher in publishers:
            if isinstance(publisher, PicturePublisher):
                publisher.destroy()
            else:
                self.destroy_publisher(publisher)

    def start(self) -> bool:
        """Configure and activate when `autostart` says so; False when that failed."""
        if not self.parameters.autostart:
            return True
        if self.trigger_configure() is not TransitionCallbackReturn.SUCCESS:
            return False
        return self.trigger_activate() is TransitionCallbackReturn.SUCCESS

    def _run_transition(self, name: str, work: Callable[[], None]) -> TransitionCallbackReturn:
        try:
            work()
        except AuxfocusError as error:
            self.exit_status = 2
            self.health.problem(f"cannot_{name}", f"cannot {name}: {error}", error=True, lasting=True)
            return TransitionCallbackReturn.FAILURE
        except Exception as error:
            self.exit_status = 1
            text = f"cannot {name}: {type(error).__name__}: {error}"
            self.health.problem(f"cannot_{name}", text, error=True, lasting=True)
            self.get_logger().error(traceback.format_exc())
            return TransitionCallbackReturn.FAILURE
        self.health.clear(f"cannot_{name}")
        if name == "activate":  # what failed before has been mended
            self.exit_status = 0
        return TransitionCallbackReturn.SUCCESS
