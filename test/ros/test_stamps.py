"""Stamps in nanoseconds and as messages."""

import pytest
from builtin_interfaces.msg import Time
from hypothesis import given, settings
from hypothesis import strategies as st

from auxfocus_ros.errors import InputError
from auxfocus_ros.ros.stamps import from_ns, seconds_between, to_ns


@settings(deadline=None, max_examples=100)
@given(st.integers(-(2**31) * 10**9, (2**31) * 10**9 - 1))
def test_round_trip(stamp_ns):
    message = from_ns(stamp_ns)
    assert 0 <= message.nanosec < 10**9
    assert to_ns(message) == stamp_ns


def test_golden():
    assert to_ns(Time(sec=1_700_000_000, nanosec=123_456_789)) == 1_700_000_000_123_456_789  # a float would lose the end
    assert from_ns(-1) == Time(sec=-1, nanosec=999_999_999)
    assert seconds_between(1_000_000_000, 900_000_000) == -0.1


def test_a_stamp_beyond_the_message_says_so():
    with pytest.raises(InputError, match="does not fit"):
        from_ns(2**31 * 10**9)
