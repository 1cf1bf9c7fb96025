"""A recording of any container as one stream of messages, read through `rosbags`, and by scanning where it breaks.

A recording may be a rosbag2 folder, one of its files alone, or a ROS 1 bag; it may be split, lack its metadata, or be cut off.
The files are opened one by one (not through `AnyReader`, which gives up a whole recording for one broken file or one message
definition that it cannot parse), and only the definitions of topics that somebody reads are compiled. What cannot be read any
more ends the stream with an InputError that names file and place, after everything that can be read. Packed files are unpacked
into the system's folder for temporary files for as long as the recording is open.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

from auxfocus_ros.errors import InputError, MissingLibraryError
from auxfocus_ros.rig import unpacking
from auxfocus_ros.rig.bag_parts import BagPart, Channel, Damage, RawMessage, SalvagePart

FOREVER_NS = 2**63 - 1
"""No time of ROS is later."""
SUFFIXES = (".mcap", ".db3", ".bag", ".active")
PACKED_SUFFIXES = tuple(suffix + unpacking.SUFFIX for suffix in (".mcap", ".db3"))
WANTED = "wanted a .mcap, .db3 or .bag file, or a rosbag2 folder"


def natural_key(path: Path) -> list[tuple[int, int, str]]:
    """Sorts 2 before 10."""
    pieces = re.findall(r"\d+|\D+", path.as_posix())
    return [(0, int(piece), "") if piece.isdigit() else (1, 0, piece) for piece in pieces]


class RosbagsPart:
    """One file read by the `rosbags` library, from its index."""

    def __init__(self, path: Path) -> None:
        """Open it; raises whatever `rosbags` raises."""
        from rosbags.rosbag1 import Reader as Reader1
        from rosbags.rosbag2 import Reader as Reader2

        self.ros1 = path.suffix == ".bag"
        self._reader: Any = Reader1(path) if self.ros1 else Reader2(path)
        self._reader.open()
        self.channels = [
            Channel(c.id, c.topic, c.msgtype, c.msgdef.data, {1: "msg", 2: "idl"}.get(c.msgdef.format.value, ""), c.msgcount)
            for c in self._reader.connections
        ]
        empty = self._reader.message_count == 0
        self.start_ns = 0 if empty else int(self._reader.start_time)
        self.end_ns = 0 if empty else int(self._reader.end_time) - 1
        self._open = True

    def messages(self, topics: Collection[str], start_ns: int, stop_ns: int) -> Iterator[RawMessage]:
        """See BagPart; raises whatever `rosbags` raises."""
        connections = [connection for connection in self._reader.connections if connection.topic in topics]
        if not connections:
            return
        window = {"start": start_ns or None, "stop": stop_ns if stop_ns < FOREVER_NS else None}
        for connection, log_ns, data in self._reader.messages(connections=connections, **window):
            yield RawMessage(connection.topic, connection.msgtype, log_ns, data)

    def close(self) -> None:
        """Close the file."""
        if self._open:
            self._open = False
            self._reader.close()


class _File(NamedTuple):
    """A file of a recording. name: as it is told of. path: where it is read, another place for one that had to be unpacked."""

    name: Path
    path: Path


class Bag:
    """A recording as one stream; see the module's text.

    name: for messages. channels: all topics, those of the same name in several files joined. start_ns, end_ns: recorded times of
    the first and last message, both 0 in an empty recording. damage: what is already known to be broken, '' if nothing.
    """

    def __init__(self, path: Path) -> None:
        """Open a recording.

        Args:
            path: a rosbag2 folder or its metadata.yaml, a `.mcap`, `.db3` or `.bag` file.

        Raises:
            InputError: nothing there, or nothing in it that can be read at all.
        """
        self.path = path.parent if path.name == "metadata.yaml" else path
        self.name = str(path)
        _demand_there(path)
        _demand_rosbags()
        self._parts: list[tuple[_File, BagPart]] = []
        self._unpacked = ExitStack()
        self._typestore: Any = None
        self._registered: set[str] = set()
        self._closed = False
        files, problems = _files(self.path)
        try:
            for name in files:
                try:
                    file = self._ready(name, problems)
                    self._parts.append((file, _open_part(file)))
                except InputError as error:
                    problems.append(str(error))
        except BaseException:
            self.close()
            raise
        if not self._parts:
            self.close()
            raise InputError(problems[0] if problems else f"{path} holds no recording: {WANTED}")
        for file, part in self._parts:
            if part.start_ns < 0 or part.end_ns >= FOREVER_NS:
                times = f"{part.start_ns} to {part.end_ns} ns; wanted 0 to {FOREVER_NS - 1}"
                problems.append(f"{file.name}: what was recorded at times that cannot be is left out ({times})")
        self._ros1 = any(part.ros1 for _, part in self._parts)
        self.damage = problems[0] if problems else ""
        for file, part in self._parts:
            damage = getattr(part, "damage", None)
            if damage is not None and not self.damage:
                self.damage = _damage_text(file, damage, self.start_ns)
        self._problems = problems

    def _ready(self, name: Path, problems: list[str]) -> _File:
        """A file that can be opened; adds what is wrong with it to the problems. Raises InputError where it cannot be."""
        if name.name.endswith(PACKED_SUFFIXES):
            folder = self._unpacked.enter_context(tempfile.TemporaryDirectory(prefix="auxfocus-"))
            file = _File(name, Path(folder) / name.stem)
            problem = unpacking.unpack_file(name, file.path)
        else:
            file = _File(name, name)
            problem = _unclosed(name)
        if problem:
            problems.append(problem)
        return file

    @property
    def start_ns(self) -> int:
        """Recorded time of the first message, nanoseconds."""
        return min((_possible(part.start_ns) for _, part in self._parts if part.end_ns), default=0)

    @property
    def end_ns(self) -> int:
        """Recorded time of the last message, nanoseconds."""
        return max((_possible(part.end_ns) for _, part in self._parts), default=0)

    @property
    def channels(self) -> list[Channel]:
        """All topics in the order of the files, with counts summed over the files."""
        joined: dict[tuple[str, str], Channel] = {}
        for _, part in self._parts:
            for channel in part.channels:
                known = joined.get((channel.topic, channel.type))
                count = channel.count + (known.count if known else 0)
                base = known if known is not None and known.definition else channel
                joined[channel.topic, channel.type] = Channel(
                    base.id, base.topic, base.type, base.definition, base.definition_format, count
                )
        return list(joined.values())

    def close(self) -> None:
        """Close all files. A pass under way then ends."""
        self._closed = True
        for _, part in self._parts:
            part.close()
        self._unpacked.close()

    def __enter__(self) -> Bag:
        """Close at the end of a with-block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()

    def messages(
        self,
        topics: Collection[str],
        start_ns: int = 0,
        stop_ns: int = FOREVER_NS,
        on_damage: Callable[[str], None] = lambda text: None,
    ) -> Iterator[RawMessage]:
        """Messages of these topics with start_ns <= log_ns < stop_ns, in order of recording, in constant memory.

        Args:
            topics: their names.
            start_ns, stop_ns: by the recorder's clock.
            on_damage: told of a damaged place as soon as it is met, for who may stop before the end.

        Raises:
            InputError: at the end, where some of the recording cannot be read: which file, where, and what was wrong.
        """
        first_problem = self._problems[0] if self._problems else ""
        for file, part in self._parts:
            if part.end_ns and (part.end_ns < start_ns or part.start_ns >= stop_ns):
                continue
            given_ns, given_topics = start_ns, set[str]()
            damage: Damage | None = None
            try:
                for message in part.messages(topics, start_ns, stop_ns):
                    if not 0 <= message.log_ns < FOREVER_NS:
                        continue
                    if message.log_ns != given_ns:
                        given_ns, given_topics = message.log_ns, set()
                    given_topics.add(message.topic)
                    yield message
                    if self._closed:
                        return
                damage = getattr(part, "damage", None)
            except Exception as error:  # a damaged file makes the libraries below raise almost anything
                if self._closed:
                    return
                salvage = _scan_part(file, error)
                if salvage.damage is not None:
                    on_damage(_damage_text(file, salvage.damage, self.start_ns, given_ns))
                for message in salvage.messages(topics, given_ns, stop_ns):
                    after = message.log_ns > given_ns or message.topic not in given_topics
                    if after and 0 <= message.log_ns < FOREVER_NS:
                        yield message
                damage = salvage.damage  # None: only the index was wrong, and all was given
            if damage is not None and not first_problem:
                first_problem = _damage_text(file, damage, self.start_ns, given_ns)
        if first_problem:
            raise InputError(first_problem)

    def decode(self, message: RawMessage) -> Any:
        """The message as an object with the definition's fields.

        Raises:
            InputError: the recording lacks the type's definition, or the bytes do not fit it.
        """
        if message.type not in self._registered:
            self._register(message.type)
        try:
            if self._ros1:
                return self._typestore.deserialize_ros1(message.data, message.type)
            packed = message.data[:4] == unpacking.MAGIC
            data = unpacking.unpack_message(bytes(message.data)) if packed else message.data
            return self._typestore.deserialize_cdr(data, message.type)
        except Exception as error:  # rosbags raises its own, struct's, KeyError, Unicode errors, ...
            raise InputError(f"{message.topic}: a message that does not fit its type {message.type} ({error})") from error

    def _register(self, kind: str) -> None:
        """Compile a type's definition: the recording's own, else the standard one."""
        from rosbags.typesys import Stores, get_types_from_idl, get_types_from_msg, get_typestore

        if self._typestore is None:
            self._typestore = get_typestore(Stores.EMPTY)
        own = next((c for c in self.channels if c.type == kind and c.definition), None)
        standard = get_typestore(Stores.ROS1_NOETIC if self._ros1 else Stores.LATEST)
        try:
            if own is None:
                if kind not in standard.fielddefs:
                    raise InputError(f"{self.name}: the recording does not define its message type {kind}")
                found = dict(standard.fielddefs)
            elif own.definition_format == "msg":
                found = get_types_from_msg(own.definition, kind)
            else:
                found = {}
                separator = "=" * 80 + "\n"
                for text in own.definition.split(separator) if separator in own.definition else [own.definition]:
                    body = text.partition("\n")[2] if text.startswith("IDL: ") else text
                    if body.strip():
                        found.update(get_types_from_idl(body))
            for name, (_, fields) in found.items():
                # Who reads a picture relies on its fields: a damaged definition must not pass as another type of that name.
                usual = {field for field, _ in standard.fielddefs.get(name, ((), ()))[1]}
                missing = usual - {field for field, _ in fields}
                if missing:
                    raise InputError(f"{self.name}: the definition of {name} lacks {', '.join(sorted(missing))}")
            known = self._typestore.fielddefs
            self._typestore.register({name: fields for name, fields in found.items() if name not in known})
        except InputError:
            raise
        except Exception as error:  # a parser's error: of the library, or of the definition
            raise InputError(f"{self.name}: the definition of message type {kind} cannot be read ({error})") from error
        self._registered.add(kind)


def _possible(time_ns: int) -> int:
    return min(max(time_ns, 0), FOREVER_NS - 1)


def _demand_rosbags() -> None:
    """Said here once, and not as whatever an import below would raise."""
    import importlib.util

    if importlib.util.find_spec("rosbags") is None:
        raise MissingLibraryError("reading recordings needs the Python package rosbags: pip install rosbags rosbags-image")


def _demand_there(path: Path) -> None:
    """Raise InputError where there is neither a file nor a folder."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise InputError(f"there is no recording {path}") from error
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error
    if not (path.is_file() or path.is_dir()):
        raise InputError(f"{path} is neither a file nor a folder: {WANTED}")


def _files(path: Path) -> tuple[list[Path], list[str]]:
    """The files that make up a recording, in order, and what is wrong with the list of them."""
    if path.is_file():
        return [path], []
    try:
        there = {child.name: child for child in path.iterdir()}
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error
    wanted = _named_in_metadata(path / "metadata.yaml") if "metadata.yaml" in there else []
    named = {name: there.get(name, there.get(name + unpacking.SUFFIX)) for name in wanted}
    found = [file for file in named.values() if file is not None]
    if found:
        missing = [name for name, file in named.items() if file is None]
        return found, [f"{path} is not complete: its metadata.yaml names {', '.join(missing)}, not there"] if missing else []
    endings = (".mcap", ".db3", *PACKED_SUFFIXES)
    return sorted((child for name, child in there.items() if name.endswith(endings)), key=natural_key), []


def _named_in_metadata(metadata: Path) -> list[str]:
    """The names of a recording's files; none where a recorder that died has left half of them."""
    import yaml

    try:
        about = yaml.safe_load(metadata.read_text(encoding="utf-8"))["rosbag2_bagfile_information"]
        return [Path(name).name for name in about["relative_file_paths"]]
    except (yaml.YAMLError, OSError, KeyError, TypeError, AttributeError, ValueError, RecursionError):
        return []


def _unclosed(file: Path) -> str:
    """What SQLite has left beside a database that nobody closed, '' if nothing: messages may be there that it does not hold."""
    for ending in ("-wal", "-journal"):
        log = file.with_name(file.name + ending)
        if file.suffix == ".db3" and log.is_file() and log.stat().st_size:
            remedy = f"`sqlite3 {file.name} 'SELECT COUNT(*) FROM messages'` there brings it in"
            return f"{file} was not closed: what {log.name} holds is not read; {remedy}"
    return ""


def _open_part(file: _File) -> BagPart:
    if file.path.suffix not in SUFFIXES:
        raise InputError(f"{file.name} is not a recording: {WANTED}")
    if file.path.stat().st_size == 0:
        raise InputError(f"{file.name} is empty")
    if file.path.suffix == ".active":
        return _scan_part(file, None)
    try:
        return RosbagsPart(file.path)
    except Exception as error:  # a damaged file makes the library raise almost anything
        return _scan_part(file, error)


def _scan_part(file: _File, cause: Exception | None) -> SalvagePart:
    """The same file without its index. Raises InputError where that is no way either."""
    from auxfocus_ros.rig.bag1_scan import Bag1Scan
    from auxfocus_ros.rig.db3_scan import Db3Scan
    from auxfocus_ros.rig.mcap_scan import McapScan

    scans: dict[str, type[Any]] = {".mcap": McapScan, ".db3": Db3Scan, ".bag": Bag1Scan, ".active": Bag1Scan}
    try:
        part: SalvagePart = scans[file.path.suffix](file.path)
    except OSError as error:
        raise InputError(f"{file.name} cannot be read: {error.strerror}") from error
    except InputError as error:
        raise InputError(str(error).replace(str(file.path), str(file.name))) from cause
    return part


def _damage_text(file: _File, damage: Damage, start_ns: int, given_ns: int = 0) -> str:
    moment = f", {max(0, given_ns - start_ns) * 1e-9:.3f} s into the recording" if given_ns > start_ns else ""
    return f"{file.name} is damaged at byte {damage.position}{moment}: {damage.reason}; all that can be read was given"
