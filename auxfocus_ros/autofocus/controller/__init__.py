"""The controller: focus in one or two moves, and the source's Algorithm 1 beside it."""

from auxfocus_ros.autofocus.controller.focusing import TRANSITIONS, Focusing, Phase, focus
from auxfocus_ros.autofocus.controller.options import ControllerOptions
from auxfocus_ros.autofocus.controller.regions import region_fault
from auxfocus_ros.autofocus.controller.source import source_algorithm

__all__ = ["TRANSITIONS", "ControllerOptions", "Focusing", "Phase", "focus", "region_fault", "source_algorithm"]
