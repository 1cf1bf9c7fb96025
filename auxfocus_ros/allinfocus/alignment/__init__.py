"""Bringing the frames of a focal stack onto each other: focus breathing, hand shake, exposure and white balance."""

from auxfocus_ros.allinfocus.alignment.applying import apply
from auxfocus_ros.allinfocus.alignment.finding import find_alignment
from auxfocus_ros.allinfocus.alignment.result import Alignment

__all__ = ["Alignment", "apply", "find_alignment"]
