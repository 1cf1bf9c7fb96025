"""The operator's page: an HTTP server for one page, its states and its pictures, in a thread of its own.

It serves what it is handed and passes on what it is asked for (`Desk`); it knows neither ROS nor any other room. It gives
`PanelServer` with its `ServerOptions`, the requests that a page can make, and the `FaultBoard`, which says a fault once.
"""

from auxfocus_ros.panel.faults import FaultBoard
from auxfocus_ros.panel.options import ServerOptions
from auxfocus_ros.panel.requests import (
    Answer,
    AutofocusRequest,
    Desk,
    EnableRequest,
    FocusRequest,
    OptionValue,
    Request,
    SelectRequest,
    SetRequest,
    StopRequest,
)
from auxfocus_ros.panel.server import PanelServer
from auxfocus_ros.panel.viewers import LOST_HELM_RULE, STREAMS

__all__ = [
    "LOST_HELM_RULE",
    "STREAMS",
    "Answer",
    "AutofocusRequest",
    "Desk",
    "EnableRequest",
    "FaultBoard",
    "FocusRequest",
    "OptionValue",
    "PanelServer",
    "Request",
    "SelectRequest",
    "ServerOptions",
    "SetRequest",
    "StopRequest",
]
