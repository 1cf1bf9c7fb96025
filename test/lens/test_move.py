"""A move has an ending, whatever the actuator does."""

import math

import pytest

from auxfocus_ros.lens import ActuatorState, Fault, LensErrorCode, Move, MoveEnding, SimulatedStepper, StepperConfig


class Stuck:
    """An actuator that says it moves, for ever."""

    def __init__(self) -> None:
        self.stopped_at_s: float | None = None

    def move_to(self, position_steps: float, now_s: float, max_speed_steps_per_s: float = 0.0) -> float:
        return 0.5

    def stop(self, now_s: float) -> None:
        self.stopped_at_s = now_s

    def state(self, now_s: float) -> ActuatorState:
        return ActuatorState(1234.0, 1500.0, 10.0, True, None, 1.0, now_s)


def run(move: Move, begin_s: float, end_s: float) -> tuple[float, MoveEnding | None]:
    """Poll at 50 Hz; when it ended and how."""
    now = begin_s
    while now <= end_s:
        _, ending = move.poll(now)
        if ending is not None:
            return now, ending
        now += 0.02
    return now, None


def test_reached() -> None:
    stepper = SimulatedStepper(StepperConfig(), 1500.0, 0.0)
    move = Move(stepper, 1700.0, 0.0)
    assert move.poll(0.0)[1] is None
    ended_s, ending = run(move, 0.0, 5.0)
    assert ending == MoveEnding(LensErrorCode.NONE)
    # 100 steps up and 100 down at 20000 steps/s^2: 0.2 s, and 0.02 s to settle
    assert ended_s == pytest.approx(0.22, abs=0.021)


def test_already_there() -> None:
    stepper = SimulatedStepper(StepperConfig(), 1500.0, 0.0)
    assert Move(stepper, 1500.0, 0.0).poll(0.0)[1] == MoveEnding(LensErrorCode.NONE)


def test_canceled_once_at_rest() -> None:
    stepper = SimulatedStepper(StepperConfig(), 1100.0, 0.0)
    move = Move(stepper, 2000.0, 0.0)
    move.cancel(0.3)
    move.cancel(0.31)
    assert move.poll(0.32)[1] is None
    _, ending = run(move, 0.32, 5.0)
    # 1600 at 0.3 s, and 100 steps to brake
    assert ending == MoveEnding(LensErrorCode.CANCELED, "canceled by the client; the glass rests at 1700.0 steps")


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("stall", LensErrorCode.STALL),
        ("connection_lost", LensErrorCode.CONNECTION_LOST),
        ("lost_steps", LensErrorCode.LOST_STEPS),
    ],
)
@pytest.mark.parametrize("when_s", [-1.0, 0.1])
def test_faults_end_it_in_their_own_words(fault: str, code: LensErrorCode, when_s: float) -> None:
    stepper = SimulatedStepper(StepperConfig(), 1100.0, -1.0)
    if when_s < 0:
        stepper.set_fault(fault, when_s)
    move = Move(stepper, 1700.0, 0.0)
    if when_s > 0:
        stepper.set_fault(fault, when_s)
    _, ending = run(move, max(when_s, 0.0), 2.0)
    assert ending is not None
    assert ending.code is code
    assert ending.message == stepper.state(2.0).fault_text or fault == "connection_lost"


def test_a_fault_ends_a_cancel_too() -> None:
    stepper = SimulatedStepper(StepperConfig(), 1100.0, 0.0)
    move = Move(stepper, 2000.0, 0.0)
    stepper.set_fault("connection_lost", 0.3)
    move.cancel(0.31)
    _, ending = run(move, 0.31, 2.0)
    assert ending is not None and ending.code is LensErrorCode.CONNECTION_LOST


@pytest.mark.parametrize("canceled", [False, True])
def test_a_hang_ends_in_a_timeout(canceled: bool) -> None:
    stuck = Stuck()
    move = Move(stuck, 1500.0, 0.0)
    if canceled:
        move.cancel(0.1)
    ended_s, ending = run(move, 0.0, 10.0)
    assert ending is not None and ending.code is LensErrorCode.TIMEOUT
    assert "1500.0" in ending.message and "1234.0" in ending.message
    assert ended_s == pytest.approx(1.5, abs=0.05)
    assert stuck.stopped_at_s is not None


def test_stall_shorter_than_its_detection_still_ends() -> None:
    stepper = SimulatedStepper(StepperConfig(), 1100.0, 0.0)
    move = Move(stepper, 1200.0, 0.0)
    stepper.set_fault("stall", 0.13)  # short of the end
    _, ending = run(move, 0.13, 2.0)
    assert ending is not None and ending.code is LensErrorCode.STALL
    assert math.isnan(stepper.state(2.0).goal_steps)
    assert stepper.state(2.0).fault is Fault.STALL
