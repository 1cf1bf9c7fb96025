"""What waits between the executor and the thread that works."""

import threading
import time

from auxfocus_ros.ros.inbox import Inbox


def test_the_oldest_of_a_role_goes_and_is_counted() -> None:
    now = iter(range(100))
    inbox = Inbox({"image": 2, "points": 3}, clock=lambda: next(now))
    for n in range(4):
        inbox.put("image", f"picture {n}")
        inbox.put("points", f"cloud {n}")
    assert [arrival.message for arrival in inbox.take()] == ["cloud 1", "picture 2", "cloud 2", "picture 3", "cloud 3"]
    assert inbox.dropped == 3 and inbox.take() == []


def test_a_message_ends_the_wait_and_so_does_waking() -> None:
    inbox = Inbox({"image": 2})
    for end in (lambda: inbox.put("image", 1), inbox.wake):
        timer = threading.Timer(0.05, end)
        timer.start()
        began_s = time.monotonic()
        inbox.wait(30.0)
        assert time.monotonic() - began_s < 20.0
        inbox.take()
        timer.join()
    inbox.put("image", 1)
    inbox.wait(30.0)  # what is there already is not waited for
