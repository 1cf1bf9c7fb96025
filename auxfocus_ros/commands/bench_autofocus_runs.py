"""Making simulated autofocus runs, in several processes, and how long a real lens would have taken."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from auxfocus_ros.commands.bench_autofocus_cases import (
    CLASSICAL_CAP,
    WITHOUT_NETWORK,
    Case,
    Setup,
    depth_reading,
    load_plane,
    model,
)
from auxfocus_ros.commands.bench_autofocus_counting import Record

Item = TypeVar("Item")
Made = TypeVar("Made")

PATCH_PX = 512
FRAME_S = 1.0 / 30.0
SOURCE_STEPS_CAP = 20


def run_case(setup: Setup, case: Case) -> Record:
    """Make one run."""
    from auxfocus_ros.autofocus.driving import drive
    from auxfocus_ros.autofocus.plane_camera import LIGHTS, PlaneCamera
    from auxfocus_ros.autofocus.terms import Reason, Task

    lens_model = model()
    depth = depth_reading(case) if setup.depth else None
    light = next(light for light in LIGHTS if light.name == case.light)
    camera = PlaneCamera(
        load_plane(case.plane), lens_model, case.best_steps, case.start_steps,
        size_px=PATCH_PX, light=light, depth=depth, seed=case.seed, blades=setup.blades,
    )  # fmt: skip
    task = Task(
        lens_model.min_position_steps,
        lens_model.max_position_steps,
        case.start_steps,
        model=lens_model,
        depth=depth,
        max_moves=setup.cap_moves,
        max_captures=max(setup.cap_moves, CLASSICAL_CAP),
        seed=case.seed % 2**16,
    )
    run = drive(method_of(setup.method)(task), camera, task)
    journal, outcome = run.journal, run.outcome
    failed = outcome.reason != Reason.NONE or not outcome.in_focus
    moves = setup.cap_moves if failed else journal.moves
    steps = outcome.steps if not failed or outcome.steps is None else SOURCE_STEPS_CAP
    return Record(
        setup.name, case.plane, case.light, case.start_steps, case.best_steps, camera.position_steps,
        camera.position_steps - case.best_steps, float(lens_model.half_depth_of_focus_steps(case.best_steps)), moves,
        setup.cap_moves if failed else journal.captures, steps, journal.travel_steps, journal.reversals,
        duration_s(case.start_steps, [position for position, _ in journal.trace], camera.position_steps), failed,
        Reason(outcome.reason).name.lower(),
    )  # fmt: skip


def method_of(name: str) -> Any:
    """A method by name, and ours by the spectra alone."""
    if name == WITHOUT_NETWORK:
        from auxfocus_ros.autofocus.controller import focus

        return focus
    from auxfocus_ros.autofocus.methods import method

    return method(name)


def duration_s(start_steps: float, looked_at_steps: Sequence[float], end_steps: float) -> float:
    """How long the simulated stepper and a camera of 30 Hz take, without computing: each look waits for the lens to settle.

    Args:
        start_steps: where the lens stands, its play taken up.
        looked_at_steps: position of each frame, in order.
        end_steps: where it is left.
    """
    from auxfocus_ros.lens import SimulatedStepper, StepperConfig

    stepper = SimulatedStepper(StepperConfig(), start_steps, 0.0)
    now_s, at = 0.0, start_steps
    for position, looks in [*((position, True) for position in looked_at_steps), (end_steps, False)]:
        if abs(position - at) > 1e-6:
            stepper.move_to(position, now_s)
            now_s += stepper.state(now_s).settles_in_s
            at = position
        now_s += FRAME_S if looks else 0.0
    return now_s


# In several processes


def run_all(
    work: Sequence[tuple[Setup, Sequence[Case]]], processes: int, progress: Callable[[int, int], None] = lambda done, of: None
) -> list[Record]:
    """Make all runs; the records come in the order of the work, each piece of which is made by one process."""
    return [record for records in in_processes(run_piece, work, processes, progress) for record in records]


def run_piece(piece: tuple[Setup, Sequence[Case]]) -> list[Record]:
    """The runs of one setup."""
    setup, cases = piece
    return [run_case(setup, case) for case in cases]


def in_processes(
    make: Callable[[Item], Made],
    items: Sequence[Item],
    processes: int,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> list[Made]:
    """What `make` makes of each item, in their order, in processes of one thread each.

    Args:
        make: a function of a module.
        items: what can be sent to another process.
        processes: 1: in this one.
        progress: is told how many of how many are done.
    """
    if processes == 1:
        made = []
        for item in items:
            made.append(make(item))
            progress(len(made), len(items))
        return made
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor, as_completed

    from auxfocus_ros.commands.bench_distribution import THREAD_NUMBERS

    before = {name: os.environ.get(name) for name in THREAD_NUMBERS}
    os.environ.update(dict.fromkeys(THREAD_NUMBERS, "1"))  # which a new process inherits
    try:
        with ProcessPoolExecutor(processes, multiprocessing.get_context("spawn"), initializer=one_thread) as pool:
            futures = [pool.submit(make, item) for item in items]
            for done, future in enumerate(as_completed(futures), 1):
                future.result()
                progress(done, len(futures))
            return [future.result() for future in futures]
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def one_thread() -> None:
    """In a process of the pool: OpenCV works in the thread that calls it."""
    import cv2

    cv2.setNumThreads(1)


def show_progress(title: str) -> Callable[[int, int], None]:
    """Says on standard error how far the runs are, each tenth."""
    said = [0]

    def progress(done: int, of: int) -> None:
        tenth = 10 * done // of
        if tenth > said[0]:
            said[0] = tenth
            print(f"[bench] {title}: {done} of {of}", file=sys.stderr, flush=True)

    return progress
