"""What moves the glass: an actuator behind one small interface, and what a goal means for it. Knows nothing of ROS.

`Actuator` is all that anybody needs of a motor: go there, stop, say where you are. Two are simulated, both as pure functions of
time with faults that can be switched on: `SimulatedStepper` (speed, acceleration, backlash, lost steps) and `SimulatedVoiceCoil`
(a glass on springs, with ringing, hysteresis and sag); hardware comes later beside them.
`resolve_goal` turns 'to 2 m' or 'half a dioptre nearer' into a motor position or into a refusal that names the limit; `Move`
watches over one move until it has ended one way or another, within a bound.
"""

from auxfocus_ros.lens.actuator import Actuator, ActuatorState
from auxfocus_ros.lens.faults import FAULT_NAMES, Fault
from auxfocus_ros.lens.goal import LensErrorCode, MoveBy, resolve_goal
from auxfocus_ros.lens.move import Move, MoveEnding
from auxfocus_ros.lens.stepper import SimulatedStepper
from auxfocus_ros.lens.stepper_config import StepperConfig
from auxfocus_ros.lens.voice_coil import SimulatedVoiceCoil
from auxfocus_ros.lens.voice_coil_config import VoiceCoilConfig

__all__ = [
    "FAULT_NAMES",
    "Actuator",
    "ActuatorState",
    "Fault",
    "LensErrorCode",
    "Move",
    "MoveBy",
    "MoveEnding",
    "SimulatedStepper",
    "SimulatedVoiceCoil",
    "StepperConfig",
    "VoiceCoilConfig",
    "resolve_goal",
]
