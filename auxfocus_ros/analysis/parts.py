"""Cutting a recording into parts: where the borders lie, and by what a finished part is known.

Borders depend on the recording and the options alone, so that results do not depend on who computes them. A recording whose clock
was set while it ran is years long by that clock; it has parts only where it has pictures.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from pathlib import Path

from auxfocus_ros.analysis.facts import RecordingFacts
from auxfocus_ros.analysis.options import AnalysisOptions
from auxfocus_ros.analysis.part import FORMAT_VERSION, PartTask
from auxfocus_ros.errors import ConfigurationError, InputError
from auxfocus_ros.rig.bag import Bag
from auxfocus_ros.rig.rig_file import load_rig

END_MARGIN_S = 0.001  # so that the last message lies before the last part's end


def plan_parts(facts: RecordingFacts, options: AnalysisOptions) -> list[PartTask]:
    """The parts of a recording, in order.

    Each is `part_s` long by the recorder's clock, the last one from half to one and a half of that (or as long as a short
    recording is). Where parts would outnumber pictures, those without a picture are left out.

    Args:
        facts: of the recording, see `look_at`.
        options: of the analysis.

    Raises:
        ConfigurationError: a rig or lens file that cannot be read.
    """
    key = part_key(facts.fingerprint, options)
    count = max(1, round(facts.duration_s / options.part_s))
    places = range(count) if count <= max(1, facts.pictures) else _places_with_pictures(facts, options.part_s, count)
    return [
        PartTask(
            recording=facts.path,
            number=number,
            start_s=place * options.part_s,
            end_s=(place + 1) * options.part_s if place < count - 1 else facts.duration_s + END_MARGIN_S,
            options=options,
            key=key,
        )
        for number, place in enumerate(places)
    ]


def part_key(fingerprint: str, options: AnalysisOptions) -> str:
    """What a finished part must have in common with a task: SHA-256 in hex of content, options, files they name, and version.

    Raises:
        ConfigurationError: a rig or lens file that cannot be read.
    """
    named = [options.lens]
    if options.rig:
        rig = load_rig(options.rig)
        named += [options.rig, rig.lens or "", rig.gimbal.urdf if rig.gimbal is not None else ""]
    contents = [_content(name) for name in named]
    return hashlib.sha256(json.dumps([FORMAT_VERSION, fingerprint, asdict(options), contents]).encode()).hexdigest()


def _content(name: str) -> str:
    """Digest of a file that somebody wrote; '' for a shipped one, which is the version's."""
    path = Path(name).expanduser()
    if path.suffix not in (".yaml", ".yml", ".urdf", ".xml"):
        return ""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise ConfigurationError(f"{name} cannot be read: {error.strerror}") from error


def _places_with_pictures(facts: RecordingFacts, part_s: float, count: int) -> list[int]:
    """Which of `count` parts hold a picture, in order; the first one where none does."""
    places: list[int] = []
    with Bag(facts.path) as bag:
        following = 0
        while following < count:
            recorded_ns = _first_after(bag, facts.topics["image"], facts.start_ns + round(following * part_s * 1e9))
            if recorded_ns is None:
                break
            places.append(min(count - 1, max(following, int((recorded_ns - facts.start_ns) * 1e-9 / part_s))))
            following = places[-1] + 1
    return places or [0]


def _first_after(bag: Bag, topic: str, from_ns: int) -> int | None:
    """When the first message of a topic from a time on was recorded; None without one, or where it cannot be read."""
    try:
        for message in bag.messages([topic], from_ns):
            return message.log_ns
    except InputError:
        pass  # told by who reads the parts
    return None
