"""What moves the glass: an actuator behind one small interface, and what a goal means for it. Knows nothing of ROS.

`Actuator` is all that anybody needs of a motor: go there, stop, say where you are. `SimulatedStepper` is one (a pure function of
time, with speed, acceleration, backlash, lost steps and faults that can be switched on); hardware comes later beside it.
`resolve_goal` turns 'to 2 m' or 'half a dioptre nearer' into a motor position or into a refusal that names the limit; `Move`
watches over one move until it has ended one way or another, within a bound.
"""

from auxfocus_ros.lens.actuator import Actuator, ActuatorState
from auxfocus_ros.lens.faults import FAULT_NAMES, Fault
from auxfocus_ros.lens.goal import LensErrorCode, MoveBy, resolve_goal
from auxfocus_ros.lens.move import Move, MoveEnding
from auxfocus_ros.lens.stepper import SimulatedStepper
from auxfocus_ros.lens.stepper_config import StepperConfig

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
    "StepperConfig",
    "resolve_goal",
]
