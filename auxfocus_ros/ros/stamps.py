"""Stamps as whole nanoseconds and back: our rooms count in `int` nanoseconds (`stamp_ns`), messages do not."""

from typing import Any

from builtin_interfaces.msg import Time

from auxfocus_ros.errors import InputError

__all__ = ["NS_PER_S", "from_ns", "seconds_between", "to_ns"]

NS_PER_S = 1_000_000_000
_FIRST_S, _LAST_S = -(2**31), 2**31 - 1


def to_ns(stamp: Any) -> int:
    """Nanoseconds of a `builtin_interfaces/Time` (or of anything with `sec` and `nanosec`)."""
    return int(stamp.sec) * NS_PER_S + int(stamp.nanosec)


def from_ns(stamp_ns: int) -> Time:
    """The message of a stamp.

    Args:
        stamp_ns: nanoseconds; its whole seconds must fit 32 bits (until January 2038).

    Raises:
        InputError: it does not fit.
    """
    sec, nanosec = divmod(int(stamp_ns), NS_PER_S)
    if not _FIRST_S <= sec <= _LAST_S:
        raise InputError(f"a stamp of {sec} s does not fit a ROS message, which holds {_FIRST_S} to {_LAST_S} s")
    return Time(sec=sec, nanosec=nanosec)


def seconds_between(earlier_ns: int, later_ns: int) -> float:
    """Seconds from one stamp to another; negative where the second is the older one."""
    return (later_ns - earlier_ns) / NS_PER_S
