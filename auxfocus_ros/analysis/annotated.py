"""What was found, as a recording of its own: the topics that the live graph publishes, for Foxglove and `ros2 bag play`.

A part gives for each frame its messages as bytes. Only the whole knows the targets' identities, so those are put in when the
recording is written, one frame after the other.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.analysis.part import Row
from auxfocus_ros.distribution.targets import TargetSet
from auxfocus_ros.distribution.targets.target import NAN3
from auxfocus_ros.optics import Lens
from auxfocus_ros.rig import Frame
from auxfocus_ros.rig.focus_fields import focus_marker_fields, targets_fields
from auxfocus_ros.rig.message_fields import NS_PER_S, Fields, camera_info_fields, header_fields, recorded_lens_state_fields
from auxfocus_ros.rig.message_types import message_store, serialized
from auxfocus_ros.rig.picture_encoding import encode_picture
from auxfocus_ros.rig.recording_writer import CAMERA_INFO_TOPIC, LENS_TOPIC, RecordingWriter
from auxfocus_ros.rig.scene_fields import scene_marker_fields
from auxfocus_ros.rig.sizes import assumed_camera
from auxfocus_ros.view import Analysis, MarkerGeometry, depth_of_field_m, focus_plane_m, object_outlines
from auxfocus_ros.whole_file import not_written

IMAGE_TOPIC = "/aux_focus/image/compressed"
TARGETS_TOPIC = "/aux_focus/targets"
FOCUS_MARKER_TOPIC = "/aux_focus/focus_marker"
MARKERS_TOPIC = "/aux_focus/markers"
KINDS = {
    LENS_TOPIC: "auxfocus_interfaces/msg/LensState",
    CAMERA_INFO_TOPIC: "sensor_msgs/msg/CameraInfo",
    IMAGE_TOPIC: "sensor_msgs/msg/CompressedImage",
    FOCUS_MARKER_TOPIC: "auxfocus_interfaces/msg/FocusMarker",
    TARGETS_TOPIC: "auxfocus_interfaces/msg/FocusTargetArray",
    MARKERS_TOPIC: "visualization_msgs/msg/MarkerArray",
}
"""Topic -> type, in the order in which a frame's messages are written."""
JPEG_QUALITY = 80
"""As the live graph's images."""

_TOPICS = tuple(KINDS)
_RECORDED = struct.Struct("<q")
_MESSAGE = struct.Struct("<BI")
"""Of an annotation: when it was recorded; then for each message its topic's place in _TOPICS, its length, itself."""


class Drawing(NamedTuple):
    """An auxiliary focus image as `view.draw_aux_image` gives it: (H, W, 3) uint8 BGR, and where the marks stand in it."""

    image: NDArray[np.uint8]
    geometry: MarkerGeometry


def annotation(analysis: Analysis, drawing: Drawing, frame: Frame, row: Row, *, recorded_ns: int, lens: Lens | None) -> bytes:
    """The messages of one frame, as `AnnotatedRecording.add` takes them; the same input gives the same bytes.

    Args:
        analysis: what was found in the frame.
        drawing: of that.
        frame: that was analysed.
        row: of the frame; it says whether the lens's state was used.
        recorded_ns: when the picture was recorded, by the recorder's clock.
        lens: by its file; None: not known.

    There is no lens state where the row has none, and no camera_info, no markers and no positions in space where intrinsics are
    only assumed.
    """
    stamp_ns, name, focus = frame.stamp_ns, frame.camera_frame, analysis.focus
    calibrated = frame.camera != assumed_camera(frame.camera.width_px, frame.camera.height_px)
    targets = analysis.targets if calibrated else _without_places(analysis.targets)
    said = frame.lens if row["lens_moving"] is not None else None
    encoded = encode_picture(drawing.image, JPEG_QUALITY)
    messages: dict[str, Fields] = {
        IMAGE_TOPIC: {
            "header": header_fields(stamp_ns, name),
            "format": "bgr8; jpeg compressed bgr8",  # as image_transport names it
            "data": np.frombuffer(encoded.data, np.uint8),
        },
        FOCUS_MARKER_TOPIC: focus_marker_fields(
            focus, drawing.geometry, analysis.split, stamp_ns, name, lens_stamp_ns=None if said is None else said.stamp_ns
        ),
        TARGETS_TOPIC: targets_fields(targets, stamp_ns, name),
    }
    if said is not None:
        messages[LENS_TOPIC] = recorded_lens_state_fields(said, lens, name)
    if calibrated:
        planes = focus_plane_m(frame.camera, focus), depth_of_field_m(frame.camera, focus)
        markers = scene_marker_fields(*planes, stamp_ns, name, object_outlines(targets))
        messages[CAMERA_INFO_TOPIC] = camera_info_fields(stamp_ns, name, frame.camera)
        messages[MARKERS_TOPIC] = {"markers": markers}
    parts = [_RECORDED.pack(recorded_ns)]
    for place, (topic, kind) in enumerate(KINDS.items()):
        if topic in messages:
            data = serialized(kind, messages[topic])
            parts += [_MESSAGE.pack(place, len(data)), data]
    return b"".join(parts)


class AnnotatedRecording:
    """An annotated recording that is written frame by frame; use it in a with-block.

    It is at its path, in the place of one that was there, when the block ends; if that fails, what was there stays. The same
    calls give the same bytes.
    """

    def __init__(self, path: Path) -> None:
        """Begin.

        Args:
            path: of the file, `.mcap`.

        Raises:
            ConfigurationError: there is no folder for it. InputError: the disk fails.
        """
        self._path = path
        self._lens_state = b""
        with self._told():
            self._writer = RecordingWriter(path, replace=True)

    def __enter__(self) -> AnnotatedRecording:
        """Open the file."""
        with self._told():
            self._writer.__enter__()
        return self

    def __exit__(self, kind: object, *others: object) -> None:
        """Finish the file, or remove it where writing failed."""
        with self._told():
            self._writer.__exit__(kind, *others)

    def add(self, annotation: bytes, row: Row) -> None:
        """Write a frame.

        Args:
            annotation: as the function of that name gives it.
            row: of the frame, with the identities that last. A lens state that was written with the frame before is left out.

        Raises:
            ValueError: the row is of another frame. InputError: no room, or the disk fails.
        """
        (recorded_ns,) = _RECORDED.unpack_from(annotation)
        for topic, message in _messages(annotation):
            data = message
            if topic == LENS_TOPIC:
                if data == self._lens_state:
                    continue
                self._lens_state = data
            elif topic == TARGETS_TOPIC:
                data = _with_identities(message, row)
            with self._told():
                self._writer.add_serialized(topic, KINDS[topic], data, recorded_ns)

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise not_written(self._path, error) from error


def _messages(annotation: bytes) -> Iterator[tuple[str, bytes]]:
    """(topic, message) in order."""
    at = _RECORDED.size
    while at < len(annotation):
        place, length = _MESSAGE.unpack_from(annotation, at)
        at += _MESSAGE.size
        yield _TOPICS[place], annotation[at : at + length]
        at += length


def _with_identities(message: bytes, row: Row) -> bytes:
    """The targets' message with the identities that the row has for them."""
    store, kind = message_store(), KINDS[TARGETS_TOPIC]
    array = store.deserialize_cdr(message, kind)
    lasting, stamp = row["targets"] or (), array.header.stamp
    if (stamp.sec * NS_PER_S + stamp.nanosec, len(array.targets)) != (row["stamp_ns"], len(lasting)):
        raise ValueError(f"frame {row['frame']}: the annotation is of another frame than the row")
    for target, known in zip(array.targets, lasting, strict=True):
        if target.id == array.selected_id:
            array.message = array.message.replace(f" {target.id})", f" {known['id']})", 1)  # 'the target (person 3) ...'
        target.id = known["id"]
    array.selected_id = next((known["id"] for known in lasting if known["selected"]), 0)
    return bytes(store.serialize_cdr(array, kind))


def _without_places(targets: TargetSet) -> TargetSet:
    """The targets without what the camera's intrinsics say of them."""
    unplaced = (replace(target, position_m=NAN3, low_m=NAN3, high_m=NAN3) for target in targets.targets)
    return replace(targets, targets=tuple(unplaced))
