"""The dynamic-object gate: decides for a pair of pictures whether what could move does, and so what of the first picture counts.

Things that can move are masked out: what is left is the static image, they themselves are the dynamic image. The camera's motion
is told from each. Where the things stand still both tell the same; where any element of the two 4 x 4 matrices differs by more
than its threshold they move: then the static image is the target and what they cover is cut from the projection. Else the whole
picture is used.

`masking` makes static and dynamic images, `threshold` holds the matrix of thresholds, `judging` puts a pair through both,
`gate_file` reads what the user may change, `decision_log` and `drawing` show every choice.

Source: US 12,387,354 B2, blocks 103 to 105 and 107, claims 2 to 5.
"""

from auxfocus_ros.monodepth.gate.decision_log import GateLog
from auxfocus_ros.monodepth.gate.drawing import draw_decision
from auxfocus_ros.monodepth.gate.gate_file import GateSettings, load_gate
from auxfocus_ros.monodepth.gate.judging import PairDecision, judge, judge_pair
from auxfocus_ros.monodepth.gate.masking import (
    InitialObject,
    StaticAndDynamic,
    initial_objects,
    seen_movable,
    static_and_dynamic,
)
from auxfocus_ros.monodepth.gate.options import GateOptions, MaskPolicy, TargetFrom, Unsure
from auxfocus_ros.monodepth.gate.threshold import ELEMENTS, Decision, Gate

__all__ = [
    "ELEMENTS",
    "Decision",
    "Gate",
    "GateLog",
    "GateOptions",
    "GateSettings",
    "InitialObject",
    "MaskPolicy",
    "PairDecision",
    "StaticAndDynamic",
    "TargetFrom",
    "Unsure",
    "draw_decision",
    "initial_objects",
    "judge",
    "judge_pair",
    "load_gate",
    "seen_movable",
    "static_and_dynamic",
]
