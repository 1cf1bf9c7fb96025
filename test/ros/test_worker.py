"""The worker behind a slot for the latest item."""

import threading
import time

from auxfocus_ros.ros.worker import LatestWorker


def test_the_latest_item_wins_and_replaced_ones_are_counted() -> None:
    done: list[int] = []
    begun, go_on, last_done = threading.Event(), threading.Event(), threading.Event()

    def work(item: int) -> None:
        begun.set()
        assert go_on.wait(5.0)
        done.append(item)
        if item == 4:
            last_done.set()

    worker = LatestWorker("test", work, failed=lambda error: None)
    worker.offer(0)
    assert begun.wait(5.0)  # 0 is being worked on, so that 1 to 4 meet in the slot
    for item in (1, 2, 3, 4):
        worker.offer(item)
    go_on.set()
    assert last_done.wait(5.0)
    assert done == [0, 4]
    assert worker.replaced == 3
    assert worker.stop()


def test_an_error_is_told_and_the_worker_lives_on() -> None:
    errors: list[Exception] = []
    second_done = threading.Event()

    def work(item: int) -> None:
        if item == 1:
            raise ValueError("no")
        second_done.set()

    told = threading.Event()

    def failed(error: Exception) -> None:
        errors.append(error)
        told.set()

    worker = LatestWorker("test", work, failed)
    worker.offer(1)
    assert told.wait(5.0)
    worker.offer(2)
    assert second_done.wait(5.0)
    assert worker.stop()
    assert [str(error) for error in errors] == ["no"]


def test_a_few_may_wait_in_their_order_and_the_oldest_goes() -> None:
    begun, go = threading.Event(), threading.Event()
    done: list[int] = []

    def work(item: int) -> None:
        begun.set()
        go.wait(5.0)
        done.append(item)

    worker = LatestWorker("test", work, failed=lambda error: None, waiting=3)
    worker.offer(0)
    assert begun.wait(5.0)
    for item in range(1, 6):
        worker.offer(item)
    assert worker.replaced == 2
    go.set()
    ends = time.monotonic() + 5.0
    while len(done) < 4 and time.monotonic() < ends:
        time.sleep(0.005)
    assert done == [0, 3, 4, 5]
    assert worker.stop()
