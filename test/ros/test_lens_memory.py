"""What is known of the lens: the last word, while it holds."""

from rclpy.time import Time

from auxfocus_interfaces.msg import LensState
from auxfocus_ros.ros.lens_memory import LensMemory


def at(seconds: float) -> Time:
    return Time(nanoseconds=round(seconds * 1e9))


def test_nothing_is_known_before_the_first_word() -> None:
    word = LensMemory().say(at(5), 2.0)
    assert (word.state, word.stamp) == (None, None)
    assert "no lens state yet" in word.problem


def test_a_word_holds_for_its_time_and_no_longer() -> None:
    memory, message = LensMemory(), LensState(focus_distance_m=3.0)
    memory.hear(message, at(5))
    assert memory.say(at(7), 2.0).state is message
    assert memory.say(at(7), 2.0).problem == ""
    assert memory.say(at(3), 2.0).state is message
    assert memory.say(at(2.5), 2.0).state is None  # the clock was set back
    late = memory.say(at(7.5), 2.0)
    assert late.state is None
    assert late.problem == "the last lens state is 2.5 s old: the focus is unknown"


def test_a_lens_that_does_not_answer_leaves_its_stamp_alone() -> None:
    memory = LensMemory()
    message = LensState(fault_code=LensState.FAULT_CONNECTION_LOST, fault_text="no cable")
    message.header.stamp.sec = 4
    memory.hear(message, at(5))
    word = memory.say(at(5), 2.0)
    assert word.state is None
    assert word.stamp.sec == 4
    assert word.problem == "the lens does not answer (no cable): the focus is unknown"
