"""Parts to workers, results to disk: on Dask, with the cores of this machine or with a cluster that is there already.

There is one path. Without a scheduler's address a cluster of processes, one thread each, is started here and ended again; with
one, that cluster is used. As many parts are under way as there are threads, so that results never pile up, and each is on disk
before it counts as done. A worker that is lost costs the part that it had: the scheduler gives it to another, and gives up
a part that has taken several workers with it (`distributed.scheduler.allowed-failures`, 3 further tries unless the cluster says
otherwise).
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from auxfocus_ros import __version__
from auxfocus_ros.analysis import worker
from auxfocus_ros.analysis.part import PartResult, PartTask, Problem
from auxfocus_ros.analysis.store import PartStore
from auxfocus_ros.errors import AuxfocusError, ConfigurationError, InputError

_CONNECT_S, _TOLD_EVERY_S = 10.0, 5.0
_TICK = "2s"
"""How often a worker measures how late its event loop is; Dask's 20 ms take the interpreter from the part again and again."""
_RESTARTED_WITHIN = "60s"
"""A worker of ours that is not back by then is replaced. Dask's 15 s are little on a busy machine."""
_WORKER_VARIABLES = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), 1)
"""Of our workers. Dask's own has MALLOC_TRIM_THRESHOLD_, too: memory goes back to the system after each array, which doubles a
frame's processor time."""


@dataclass(frozen=True)
class Progress:
    """How far a run is. done: parts that need no more work, of all. workers: threads that work on them now."""

    done: int
    of: int
    workers: int


@dataclass(frozen=True)
class Outcome:
    """What became of the parts. analysed: now. found: finished before. failed: for good, with the reason; the others are kept."""

    analysed: int
    found: int
    failed: tuple[tuple[PartTask, Problem], ...]


def run_parts(
    tasks: Sequence[PartTask],
    analyse: Callable[[PartTask], PartResult],
    stores: Mapping[Path, PartStore],
    *,
    scheduler: str = "",
    workers: int = 0,
    told: Callable[[Progress], None] = lambda progress: None,
) -> Outcome:
    """Analyse all parts that are not finished, of one recording or many, and keep each as soon as it is there.

    Ctrl-C, and any other end, leaves what is finished where it is: the same call goes on from there.

    Args:
        tasks: what there is to do, the first first.
        analyse: a function of a module that the workers can import; pure, since it may be called again.
        stores: recording -> where its parts are kept.
        scheduler: address of a Dask scheduler, `tcp://host:8786`; '': workers of our own, on this machine.
        workers: how many of our own, with one thread each; 0: as many as there are cores.
        told: progress, whenever a part ends, and every few seconds.

    Raises:
        ConfigurationError: no scheduler there, its workers cannot run this, or too few workers.
        InputError: a part cannot be kept, for instance because the disk is full; those before it are.
    """
    if workers < 0 or (workers and scheduler):
        raise ConfigurationError(
            f"{workers} workers{f' with the scheduler {scheduler}' if scheduler else ''}: "
            "wanted 0 (as many as there are cores) or more; a scheduler has workers of its own"
        )
    finished = {path: store.finished() for path, store in stores.items()}
    todo = [task for task in tasks if task.number not in finished[task.recording]]
    found, analysed = len(tasks) - len(todo), 0
    failed: list[tuple[PartTask, Problem]] = []
    told(Progress(found, len(tasks), 0))
    if todo:
        with _client(scheduler, workers, len(todo)) as (client, replace_lost), closing(_ended(client, todo, analyse)) as steps:
            for ended, threads in steps:
                replace_lost(threads)
                for task, result in ended:
                    if isinstance(result, PartResult):
                        stores[task.recording].keep(result)
                        analysed += 1
                    else:
                        failed.append((task, _problem(task, result)))
                told(Progress(found + analysed + len(failed), len(tasks), threads))
    return Outcome(analysed, found, tuple(failed))


_Ended = list[tuple[PartTask, PartResult | BaseException]]


def _ended(
    client: Any, todo: Sequence[PartTask], analyse: Callable[[PartTask], PartResult]
) -> Generator[tuple[_Ended, int], None, None]:
    """What came of the tasks that have ended since the last time, maybe none, and how many threads there are.

    A result is fetched before its worker is given another part, so that a lost worker takes no finished part with it; the next
    are begun before the results are given, so that no worker waits for the disk.
    """
    from distributed import wait

    waiting = iter(todo)
    under_way: dict[Any, PartTask] = {}
    ended: _Ended = []
    try:
        while True:
            threads = sum(client.nthreads().values())
            for task in islice(waiting, max(0, max(1, threads) - len(under_way))):
                under_way[client.submit(worker.analysed, analyse, task, pure=False)] = task
            yield ended, threads
            if not under_way:
                return
            with suppress(TimeoutError):
                wait(list(under_way), timeout=_TOLD_EVERY_S, return_when="FIRST_COMPLETED")
            ended = [(under_way.pop(future), _fetched(future)) for future in [future for future in under_way if future.done()]]
    except (CancelledError, OSError) as error:
        raise InputError("the Dask scheduler went away; what is finished is kept: run the same again to go on") from error
    finally:
        client.cancel(list(under_way), force=True)


def _fetched(future: Any) -> PartResult | BaseException:
    """What a task that has ended gave; the cluster need not keep it any longer, nor make it again if the worker is lost."""
    result: PartResult | BaseException = future.exception() or future.result()
    future.release()
    return result


def _problem(task: PartTask, error: BaseException) -> Problem:
    from distributed import KilledWorker

    if isinstance(error, KilledWorker):
        why = f"{error.allowed_failures + 1} workers were lost while they had it (not enough memory?)"
    elif isinstance(error, AuxfocusError):
        why = str(error)
    else:
        why = f"{type(error).__name__}: {' '.join(str(error).split())}"
    return Problem(f"could not be analysed: {why}", f"{task.start_s:g} s to {task.end_s:g} s (part {task.number})")


@contextmanager
def _client(scheduler: str, workers: int, parts: int) -> Iterator[tuple[Any, Callable[[int], None]]]:
    """A client of a cluster, and what to call with the number of threads that are left of it."""
    import dask
    from dask.system import CPU_COUNT
    from distributed import Client, LocalCluster

    if scheduler:
        try:
            client = Client(scheduler, timeout=_CONNECT_S)
        except (OSError, ValueError) as error:
            raise ConfigurationError(f"scheduler {scheduler}: no Dask scheduler answers there; wanted tcp://host:port") from error
        with client:
            _demand_our_version(client, scheduler)
            yield client, lambda threads: None
        return
    count = min(workers or CPU_COUNT, parts)
    options = {
        "n_workers": count,
        "threads_per_worker": 1,
        "preload": [worker.__name__],
        "silence_logs": logging.CRITICAL,  # a lost worker is no news: its part is told of if it fails for good
        "dashboard_address": None,
        "scheduler_kwargs": {"dashboard": False, "dashboard_address": "127.0.0.1:0"},
    }
    with (
        _environment_kept(),
        dask.config.set(
            {
                "distributed.worker.profile.enabled": False,
                "distributed.admin.tick.interval": _TICK,
                "distributed.deploy.lost-worker-timeout": _RESTARTED_WITHIN,
                "distributed.nanny.pre-spawn-environ": _WORKER_VARIABLES,
            }
        ),
        LocalCluster(**options) as cluster,
        Client(cluster) as client,
    ):
        yield client, lambda threads: None if threads == count else cluster.scale(count)


def _demand_our_version(client: Any, scheduler: str) -> None:
    try:
        others = {address: version for address, version in client.run(worker.version).items() if version != __version__}
    except (ImportError, AttributeError) as error:
        raise ConfigurationError(f"scheduler {scheduler}: its workers have no auxfocus_ros {__version__}: {error}") from error
    if others:
        address, version = next(iter(others.items()))
        raise ConfigurationError(f"scheduler {scheduler}: worker {address} has auxfocus_ros {version}; wanted {__version__}")


@contextmanager
def _environment_kept() -> Iterator[None]:
    """Dask sets variables for its workers in this process too, and leaves them there."""
    before = dict(os.environ)
    try:
        yield
    finally:
        for name in os.environ.keys() - before.keys():
            del os.environ[name]
        os.environ.update(before)
