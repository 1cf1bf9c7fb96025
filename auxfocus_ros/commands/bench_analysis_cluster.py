"""A Dask cluster that is there already, for `auxfocus bench analysis`: a scheduler and workers in processes of their own.

Each worker is `dask worker` with one thread, held to a core of its own, without a nanny: one that is killed stays away.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from auxfocus_ros.commands.own_modules import own_module
from auxfocus_ros.errors import AuxfocusError

START_TIMEOUT_S, STOP_TIMEOUT_S = 60.0, 10.0
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")


class Cluster:
    """A context manager that ends what it started. address: of the scheduler. workers: name -> process."""

    def __init__(self, workers: int) -> None:
        """Nothing is started yet. workers: how many."""
        self.address = ""
        self.workers: dict[str, subprocess.Popen[bytes]] = {}
        self._count = workers
        self._stack = ExitStack()

    def __enter__(self) -> Cluster:
        """Start all, and wait until the scheduler knows every worker. Raises AuxfocusError where it does not in time."""
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="auxfocus-dask-")))
            file = folder / "scheduler.json"
            local = ["--host", "127.0.0.1"]
            self._start(stack, ["scheduler", *local, "--port", "0", "--no-dashboard", "--scheduler-file", str(file)])
            cores = sorted(os.sched_getaffinity(0))
            for number in range(self._count):
                name = f"worker-{number}"
                which = [*local, "--name", name, "--scheduler-file", str(file), "--local-directory", str(folder)]
                self.workers[name] = self._start(stack, ["worker", *which, "--nthreads", "1", "--no-nanny", "--no-dashboard"])
                os.sched_setaffinity(self.workers[name].pid, {cores[number % len(cores)]})
            self.address = self._ready(file)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        """End all."""
        self._stack.close()

    def client(self) -> Any:
        """A client of it, to be closed."""
        from distributed import Client

        return Client(self.address, timeout=START_TIMEOUT_S)

    def _start(self, stack: ExitStack, words: list[str]) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [*own_module("dask"), *words],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            stdin=subprocess.DEVNULL,
            env={**os.environ, **ONE_THREAD},
        )
        stack.callback(_end, process)
        return process

    def _ready(self, file: Path) -> str:
        from distributed import Client

        ends = time.monotonic() + START_TIMEOUT_S
        while not file.exists():
            if time.monotonic() > ends:
                raise AuxfocusError(f"`dask scheduler` did not start within {START_TIMEOUT_S:g} s ({sys.executable})")
            time.sleep(0.1)
        with Client(scheduler_file=str(file), timeout=START_TIMEOUT_S) as client:
            try:
                client.wait_for_workers(self._count, timeout=START_TIMEOUT_S)
            except TimeoutError as error:
                raise AuxfocusError(f"{self._count} `dask worker` were not there within {START_TIMEOUT_S:g} s") from error
            return str(client.scheduler.address)


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
    try:
        process.wait(STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(STOP_TIMEOUT_S)
