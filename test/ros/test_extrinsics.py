"""Extrinsics by the moment: the one with the picture's stamp, else the newest."""

from __future__ import annotations

import numpy as np
import pytest

from auxfocus_ros.errors import InputError
from auxfocus_ros.optics import RigidTransform
from auxfocus_ros.ros.extrinsics import KEPT, Extrinsics
from auxfocus_ros.ros.transforms import make_transform


def shifted(x_m: float) -> RigidTransform:
    return RigidTransform(np.eye(3), np.array([x_m, 0.0, 0.0]))


def test_a_picture_gets_the_transform_with_its_stamp() -> None:
    extrinsics = Extrinsics()
    assert extrinsics.find("lidar", 5) is None
    for stamp_ns in (100, 200, 300):
        extrinsics.add(make_transform(shifted(float(stamp_ns)), "camera", "lidar", stamp_ns))
    found = extrinsics.find("lidar", 200)
    assert found is not None and found.translation_m[0] == 200.0
    newest = extrinsics.find("lidar", 250)
    assert newest is not None and newest.translation_m[0] == 300.0
    assert extrinsics.find("radar", 200) is None


def test_only_so_many_are_kept() -> None:
    extrinsics = Extrinsics()
    for stamp_ns in range(1, KEPT + 11):
        extrinsics.add(make_transform(shifted(float(stamp_ns)), "camera", "lidar", stamp_ns))
    newest, forgotten = extrinsics.find("lidar", KEPT + 10), extrinsics.find("lidar", 1)
    assert newest is not None and newest.translation_m[0] == KEPT + 10
    assert forgotten is not None and forgotten.translation_m[0] == KEPT + 10  # no longer known: the newest


def test_what_is_no_rotation_is_refused() -> None:
    message = make_transform(shifted(0.0), "camera", "lidar")
    message.transform.rotation.w = 0.0
    with pytest.raises(InputError, match="lidar"):
        Extrinsics().add(message)
