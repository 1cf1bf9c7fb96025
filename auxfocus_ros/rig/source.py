"""Where frames come from, behind one interface.

A source gives passes: `frames()` starts at the beginning, gives what can be read, and ends. What cannot be read is never silent
and never the end of everything: a single message that makes no sense is told to `on_problem` and skipped, and a recording that is
cut off gives all it has before it raises. Who wants frames at the recorded rate, looped, wraps a source in a `Pacer`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from auxfocus_ros.errors import ConfigurationError
from auxfocus_ros.optics.lens import Lens
from auxfocus_ros.rig.frame import Frame
from auxfocus_ros.rig.hold import HeldSource
from auxfocus_ros.rig.rig_file import RigDescription, load_rig

OnProblem = Callable[[str], None]


@dataclass
class SourceCounts:
    """What a source has given and lost since it was opened, over all passes.

    frames: frames given. unmatched_pictures, unmatched_clouds: pictures (clouds or depth images) that met no partner in time.
    unreadable: single messages or files that were skipped, each told to `on_problem`.
    """

    frames: int = 0
    unmatched_pictures: int = 0
    unmatched_clouds: int = 0
    unreadable: int = 0


@runtime_checkable
class Source(Protocol):
    """Frames of one rig.

    name: what to call it in a log. duration_s: length of one pass, seconds; inf: it does not end by itself.
    rate_hz: nominal frames a second, > 0. has_depth: frames carry points or a depth image.
    follows_lens: the picture depends on the lens's position, so frames must not be made long before they are shown.
    counts: what was given and lost so far.
    """

    name: str
    duration_s: float
    rate_hz: float
    has_depth: bool
    follows_lens: bool
    counts: SourceCounts

    def frames(self) -> Iterator[Frame]:
        """One pass from the start, finite. Raises InputError at a damaged place, after all frames that can be read."""
        ...

    def set_lens_position(self, position_steps: float) -> None:
        """Where the glass is now; may be called from another thread at any time. Sources of a fixed focus ignore it."""
        ...

    def close(self) -> None:
        """Let files go. May be called twice."""
        ...


def ignore_problem(text: str) -> None:
    """The `on_problem` of callers that do not care."""


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


Factory = Callable[[Path, RigDescription | None, Lens | None, dict[str, Any]], Source]

# A further kind of source is one more line here.
FACTORIES: Mapping[str, Factory] = {
    "recording": _open_recording,
    "focal_stack": _open_focal_stack,
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
        kind: 'recording' (rosbag2 `.mcap` or `.db3`, ROS 1 `.bag`, a folder with a `folder.yaml`) or 'focal_stack'.
        path: the file or folder.
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
