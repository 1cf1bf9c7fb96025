"""What a page may ask for, as checked values, and who answers: the `Desk` that the server is handed.

The server knows neither ROS nor lenses. It turns texts from browsers into these requests, hands them over, and carries the
answers back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar, Protocol

OptionValue = bool | int | float | str
Answer = Callable[[bool, str], None]
"""Say how a request ended: whether it went well, and in words. Any thread may call it; the first call counts."""


@dataclass(frozen=True)
class Request:
    """A request with its number, which the answer carries back. `needs_helm`: only the viewer at the helm may ask for it."""

    request: int
    of: ClassVar[str] = ""
    needs_helm: ClassVar[bool] = True


@dataclass(frozen=True)
class FocusRequest(Request):
    """Move the focus. by: 'distance' (metres, inf allowed), 'position' (motor steps) or 'dioptre' (1 / metres)."""

    by: str
    value: float
    of: ClassVar[str] = "focus"


@dataclass(frozen=True)
class StopRequest(Request):
    """Stop the glass, and autofocus."""

    of: ClassVar[str] = "stop"


@dataclass(frozen=True)
class SelectRequest(Request):
    """Choose the target of interest; coordinates are pixels of the camera's picture.

    mode: 'point', 'box', 'identity', 'automatic', 'whole_frame' or 'clear'. point_px: (x, y) of 'point'. box_px: (left, top,
    width, height) of 'box'. identity: of 'identity'. stamp: (seconds, nanoseconds) of the picture looked at; zeros: the newest.
    """

    mode: str
    point_px: tuple[float, float] = (0.0, 0.0)
    box_px: tuple[int, int, int, int] = (0, 0, 0, 0)
    identity: int = 0
    stamp: tuple[int, int] = (0, 0)
    of: ClassVar[str] = "select"


@dataclass(frozen=True)
class SetRequest(Request):
    """Set display options by name."""

    values: Mapping[str, OptionValue]
    of: ClassVar[str] = "set"


@dataclass(frozen=True)
class EnableRequest(Request):
    """Switch the auxiliary focus image on or off."""

    value: bool
    of: ClassVar[str] = "enable"


@dataclass(frozen=True)
class AutofocusRequest(Request):
    """mode: 'once', 'continuous' or 'stop'. region: 'target' or 'whole_frame'."""

    mode: str
    region: str = "target"
    of: ClassVar[str] = "autofocus"


@dataclass(frozen=True)
class HelmRequest(Request):
    """Take the helm or lay it down (`take`), or hand it to the viewer `give`; one of the two is None."""

    take: bool | None = None
    give: int | None = None
    of: ClassVar[str] = "helm"
    needs_helm: ClassVar[bool] = False


@dataclass(frozen=True)
class PingRequest(Request):
    """To be sent back as it is: sent_ms is the sender's own clock."""

    sent_ms: float
    of: ClassVar[str] = "ping"
    needs_helm: ClassVar[bool] = False


class Desk(Protocol):
    """Who answers requests. Called in the server's thread: every method must return at once."""

    def ask(self, viewer: int, request: Request, answer: Answer) -> None:
        """Do what a viewer asks for, and call `answer` when that is done or has failed. Helm requests and pings do not come."""

    def left(self, viewer: int) -> None:
        """A viewer has gone: what it asked for and has not begun yet is not wanted any more."""

    def watched(self, streams: frozenset[str]) -> None:
        """These streams of pictures have a viewer from now on, and no others."""
