"""A simulated rig's frames into a recording, with everything that the rig itself would publish.

Transforms go in as a robot's state publisher would send them: the fixed ones of the gimbal's URDF once, the moving ones with each
joint reading. A reader finds the extrinsics from them, whether the range sensor rides on the gimbal or stays on the platform.
`world` to the gimbal's base is truth, and is recorded with it.
"""

from __future__ import annotations

from auxfocus_ros.optics.lens import Lens
from auxfocus_ros.optics.rigid import RigidTransform
from auxfocus_ros.rig.frame import Frame, JointReading
from auxfocus_ros.rig.picture_encoding import EncodedPicture
from auxfocus_ros.rig.recording_writer import RecordingWriter
from auxfocus_ros.rig.robot import Robot
from auxfocus_ros.rig.truth import FrameTruth

WORLD_FRAME = "world"


class FrameRecorder:
    """Adds frames to a recording."""

    def __init__(self, writer: RecordingWriter, robot: Robot, lens: Lens) -> None:
        """Begin.

        Args:
            writer: open.
            robot: the gimbal; its frames are those that the frames name.
            lens: the camera's, for its state.
        """
        self._writer = writer
        self._robot = robot
        self._lens = lens
        self._begun = False
        self._settled: tuple[float, int] | None = None

    def add(self, frame: Frame, picture: EncodedPicture) -> None:
        """Write one frame.

        Args:
            frame: with whatever it carries.
            picture: its picture, encoded.

        Raises:
            InputError: something in it that no message can hold.
        """
        writer, stamp_ns, camera_frame = self._writer, frame.stamp_ns, frame.camera_frame
        if not self._begun:
            self._begun = True
            writer.add_transforms(stamp_ns, self._transforms({}, moving=False), static=True)
        for reading in frame.joints:
            writer.add_joints(reading)
            self._add_moving(reading)
        if frame.lens is not None:
            writer.add_lens_state(stamp_ns, camera_frame, self._lens, frame.lens.position_steps, self._settled_ns(frame))
        writer.add_camera(stamp_ns, camera_frame, frame.camera)
        writer.add_compressed(stamp_ns, camera_frame, picture.data, picture.kind)
        if frame.points is not None:
            writer.add_points(_range_stamp_ns(frame), frame.points_frame, frame.points, frame.points_height)
        if frame.depth_m is not None:
            writer.add_depth(_range_stamp_ns(frame), camera_frame, frame.depth_m)
        if frame.range is not None:
            writer.add_range(frame.range)
        if frame.truth is not None:
            self._add_truth(frame, frame.truth)

    def _add_moving(self, reading: JointReading) -> None:
        positions = dict(zip(reading.names, reading.positions_rad, strict=True))
        self._writer.add_transforms(reading.stamp_ns, self._transforms(positions, moving=True), static=False)

    def _add_truth(self, frame: Frame, truth: FrameTruth) -> None:
        self._writer.add_truth(frame.stamp_ns, frame.camera_frame, truth)
        middle_ns = frame.stamp_ns + round(0.5e9 * truth.exposure_s)  # all truth belongs to the middle of the exposure
        self._writer.add_transform(middle_ns, WORLD_FRAME, self._robot.root, truth.world_from_base, static=False)

    def _transforms(self, positions: dict[str, float], *, moving: bool) -> dict[tuple[str, str], RigidTransform]:
        """(parent, child) -> p_parent = R p_child + t, of the joints that move or of those that do not."""
        joints = [joint for joint in self._robot.joints.values() if (joint.kind != "fixed") == moving]
        return {(j.parent, j.child): self._robot.transform(j.parent, j.child, positions) for j in joints}

    def _settled_ns(self, frame: Frame) -> int:
        """When the glass came to where it is: 0 as long as it has not moved since the start."""
        assert frame.lens is not None
        position = frame.lens.position_steps
        if self._settled is None:
            self._settled = position, 0
        elif self._settled[0] != position:
            self._settled = position, frame.stamp_ns
        return self._settled[1]


def _range_stamp_ns(frame: Frame) -> int:
    """Stamp of the cloud or of the depth image."""
    return frame.stamp_ns + round(frame.points_offset_s * 1e9)
