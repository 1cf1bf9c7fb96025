"""A recording of any container as one stream of messages, read through `rosbags`, and by scanning where it breaks.

A recording may be a rosbag2 folder, one of its files alone, or a ROS 1 bag; it may be split, lack its metadata, or be cut off.
The files are opened one by one (not through `AnyReader`, which gives up a whole recording for one broken file or one message
definition that it cannot parse), and only the definitions of topics that somebody reads are compiled. What cannot be read any
more ends the stream with an InputError that names file and place, after everything that can be read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

from auxfocus_ros.errors import InputError, MissingLibraryError
from auxfocus_ros.rig.bag_parts import BagPart, Channel, Damage, RawMessage, SalvagePart

FOREVER_NS = 2**63 - 1
SUFFIXES = (".mcap", ".db3", ".bag", ".active")


def natural_key(path: Path) -> list[tuple[int, int, str]]:
    """Sorts 2 before 10."""
    pieces = re.findall(r"\d+|\D+", path.as_posix())
    return [(0, int(piece), "") if piece.isdigit() else (1, 0, piece) for piece in pieces]


class RosbagsPart:
    """One file (or one compressed folder) read by the `rosbags` library, from its index."""

    def __init__(self, path: Path) -> None:
        """Open it; raises whatever `rosbags` raises."""
        from rosbags.rosbag1 import Reader as Reader1
        from rosbags.rosbag2 import Reader as Reader2

        self.ros1 = path.suffix == ".bag" and path.is_file()
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
        window = {"start": start_ns if start_ns > 0 else None, "stop": stop_ns if stop_ns < FOREVER_NS else None}
        for connection, log_ns, data in self._reader.messages(connections=connections, **window):
            yield RawMessage(connection.topic, connection.msgtype, log_ns, data)

    def close(self) -> None:
        """Close the file."""
        if self._open:
            self._open = False
            self._reader.close()


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
        if not path.exists():
            raise InputError(f"there is no recording {path}")
        _demand_rosbags()
        self._parts: list[tuple[Path, BagPart]] = []
        self._typestore: Any = None
        self._registered: set[str] = set()
        self._closed = False
        problems = []
        try:
            for file in _files(self.path):
                try:
                    self._parts.append((file, _open_part(file)))
                except InputError as error:
                    problems.append(str(error))
        except BaseException:
            self.close()
            raise
        if not self._parts:
            raise InputError(problems[0] if problems else f"{path} holds no recording: wanted a .mcap, .db3 or .bag file")
        self._ros1 = any(part.ros1 for _, part in self._parts)
        self.damage = problems[0] if problems else ""
        for file, part in self._parts:
            damage = getattr(part, "damage", None)
            if damage is not None and not self.damage:
                self.damage = _damage_text(file, damage, self.start_ns)
        self._problems = problems

    @property
    def start_ns(self) -> int:
        """Recorded time of the first message, nanoseconds."""
        return min((part.start_ns for _, part in self._parts if part.end_ns), default=0)

    @property
    def end_ns(self) -> int:
        """Recorded time of the last message, nanoseconds."""
        return max((part.end_ns for _, part in self._parts), default=0)

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
                    if message.log_ns > given_ns or message.topic not in given_topics:
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
            return self._typestore.deserialize_cdr(message.data, message.type)
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


def _demand_rosbags() -> None:
    """Said here once, and not as whatever an import below would raise."""
    import importlib.util

    if importlib.util.find_spec("rosbags") is None:
        raise MissingLibraryError("reading recordings needs the Python package rosbags: pip install rosbags rosbags-image")


def _files(path: Path) -> Sequence[Path]:
    """The files that make up a recording, in order; a compressed rosbag2 folder stands for itself."""
    if path.is_file():
        return [path]
    metadata = path / "metadata.yaml"
    if metadata.is_file():
        import yaml

        try:
            about = yaml.safe_load(metadata.read_text(encoding="utf-8"))["rosbag2_bagfile_information"]
            if about.get("compression_mode", "").lower() not in ("", "none"):
                return [path]
            files = [path / Path(name).name for name in about["relative_file_paths"]]
            if files and all(file.is_file() for file in files):
                return files
        except (yaml.YAMLError, OSError, KeyError, TypeError, AttributeError, UnicodeDecodeError):
            pass  # a recorder that died has left the files and no metadata, or half of it
    return sorted((child for child in path.iterdir() if child.suffix in (".mcap", ".db3")), key=natural_key)


def _open_part(file: Path) -> BagPart:
    if file.stat().st_size == 0:
        raise InputError(f"{file} is empty")
    if file.is_file() and file.suffix not in SUFFIXES:
        raise InputError(f"{file} is not a recording: wanted a .mcap, .db3 or .bag file, or a rosbag2 folder")
    if file.suffix == ".active":
        return _scan_part(file, None)
    try:
        return RosbagsPart(file)
    except Exception as error:  # a damaged file makes the library raise almost anything
        return _scan_part(file, error)


def _scan_part(file: Path, cause: Exception | None) -> SalvagePart:
    """The same file without its index. Raises InputError where that is no way either."""
    from auxfocus_ros.rig.bag1_scan import Bag1Scan
    from auxfocus_ros.rig.db3_scan import Db3Scan
    from auxfocus_ros.rig.mcap_scan import McapScan

    scans: dict[str, type[Any]] = {".mcap": McapScan, ".db3": Db3Scan, ".bag": Bag1Scan, ".active": Bag1Scan}
    scan = scans.get(file.suffix)
    if scan is None:
        raise InputError(f"{file} cannot be read: {cause}") from cause
    try:
        part: SalvagePart = scan(file)
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}") from error
    return part


def _damage_text(file: Path, damage: Damage, start_ns: int, given_ns: int = 0) -> str:
    moment = f", {max(0, given_ns - start_ns) * 1e-9:.3f} s into the recording" if given_ns > start_ns else ""
    return f"{file} is damaged at byte {damage.position}{moment}: {damage.reason}; all that can be read was given"
