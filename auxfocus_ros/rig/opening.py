"""Opening a source by its kind: the one place where a new kind is added."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from auxfocus_ros.errors import ConfigurationError
from auxfocus_ros.optics.lens import Lens
from auxfocus_ros.rig.hold import HeldSource
from auxfocus_ros.rig.rig_file import RigDescription, load_rig
from auxfocus_ros.rig.source import OnProblem, Source, ignore_problem


def _open_recording(path: Path, rig: RigDescription | None, lens: Lens | None, options: dict[str, Any]) -> Source:
    from auxfocus_ros.rig.folder import FolderSource, folder_file_of
    from auxfocus_ros.rig.recording import RecordingSource

    folder_file = folder_file_of(path)
    if folder_file is not None:
        return FolderSource(folder_file, rig, **options)
    return RecordingSource(path, rig, **options)


def _open_focal_stack(path: Path, rig: RigDescription | None, lens: Lens | None, options: dict[str, Any]) -> Source:
    from auxfocus_ros.rig.focal_stack import FocalStackSource

    return FocalStackSource(path, lens, rig, **options)


def _open_simulation(path: Path, rig: RigDescription | None, lens: Lens | None, options: dict[str, Any]) -> Source:
    from auxfocus_ros.rig.simulation.source import SimulationSource

    return SimulationSource(path, lens, **options)


Factory = Callable[[Path, RigDescription | None, Lens | None, dict[str, Any]], Source]

# A further kind of source is one more line here.
FACTORIES: Mapping[str, Factory] = {
    "recording": _open_recording,
    "focal_stack": _open_focal_stack,
    "simulation": _open_simulation,
}


SOURCE_KINDS = tuple(FACTORIES)


def open_source(
    kind: str,
    path: str | Path,
    rig: RigDescription | str | Path | None = None,
    lens: Lens | str | Path | None = None,
    *,
    hold: tuple[float, float] | None = None,
    refocus: bool = False,
    refocus_options: Mapping[str, Any] | None = None,
    on_problem: OnProblem = ignore_problem,
    **options: Any,
) -> Source:
    """Open frames of any kind.

    Args:
        kind: 'recording' (rosbag2 `.mcap` or `.db3`, ROS 1 `.bag`, a folder with a `folder.yaml`), 'focal_stack' or 'simulation'.
        path: the file or folder; of a simulation the scene, a shipped name or a file.
        rig: what the recording does not say itself: a description, a shipped rig's name, or a rig file's path.
        lens: the lens, a shipped lens's name, or a lens file's path; without it, the lens that the rig names.
        hold: (seconds, hertz): let each frame stand for so long, given at so many frames a second (`HeldSource`).
        refocus: render the defocus that the lens's present position would give; wants a source with depth, and a lens.
        refocus_options: further arguments of `RefocusedSource`.
        on_problem: called with one line for every message that is skipped, and for whatever else a person should know.
        options: further arguments of the source of that kind; those that are None are left out.

    Returns:
        The source, opened: a wrong path, file or topic is said here and not at the first frame.

    Raises:
        ConfigurationError: an unknown kind, option, rig or lens. InputError: a file that cannot be read.
    """
    factory = FACTORIES.get(kind)
    if factory is None:
        raise ConfigurationError(f"there is no source of kind '{kind}': the kinds are {', '.join(FACTORIES)}")
    description = rig if isinstance(rig, RigDescription) or rig is None else load_rig(rig)
    lens_wanted = lens if lens is not None else (description.lens if description is not None else None)
    if lens_wanted is not None and not isinstance(lens_wanted, Lens):
        from auxfocus_ros.optics.lens_file import load_lens

        lens_wanted = load_lens(lens_wanted)
    given = {name: value for name, value in options.items() if value is not None}
    try:
        source = factory(Path(path), description, lens_wanted, {"on_problem": on_problem, **given})
    except TypeError as error:
        if "unexpected keyword argument" not in str(error):
            raise
        option = str(error).rpartition(" ")[2]
        raise ConfigurationError(f"a source of kind '{kind}' has no option {option}") from error
    try:
        if hold is not None:
            source = HeldSource(source, *hold)
        if not refocus:
            return source
        return _refocused(source, lens_wanted, {"on_problem": on_problem, **(refocus_options or {})})
    except BaseException:
        source.close()
        raise


def _refocused(source: Source, lens: Lens | None, options: dict[str, Any]) -> Source:
    from auxfocus_ros.rig.refocus import RefocusedSource

    if lens is None:
        raise ConfigurationError("refocus needs a lens: name one ('bench_25mm', 'phone_4mm52', or a lens file)")
    return RefocusedSource(source, lens, **options)
