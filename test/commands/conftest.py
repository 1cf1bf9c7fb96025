"""Plain files made from the bundled recordings, as the command `distribution` takes them."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from auxfocus_ros.rig import open_source
from auxfocus_ros.rig.pcd import pcd_bytes

ROOM_RIG = """
camera: {width: 640, height: 480, k: [518.0, 519.0, 325.5, 253.5]}
depth: {unit_m: 0.001}
lens: vga_25mm
"""


@pytest.fixture(scope="session")
def room(tmp_path_factory: pytest.TempPathFactory, samples: Path) -> Path:
    """A folder with a picture of the bundled room, its depth image in several forms, and a rig file."""
    folder = tmp_path_factory.mktemp("room")
    source = open_source("recording", samples / "rgbd_room")
    frame = next(iter(source.frames()))
    source.close()
    assert frame.depth_m is not None
    cv2.imwrite(str(folder / "picture.png"), frame.picture)
    cv2.imwrite(str(folder / "depth.png"), np.round(np.nan_to_num(frame.depth_m) * 1000).astype(np.uint16))
    cv2.imwrite(str(folder / "depth.tiff"), frame.depth_m)
    np.save(folder / "depth.npy", frame.depth_m)
    (folder / "rig.yaml").write_text(ROOM_RIG)
    return folder


@pytest.fixture(scope="session")
def road(tmp_path_factory: pytest.TempPathFactory, samples: Path) -> Path:
    """A folder with a picture of the bundled road, and its scan as PCD, KITTI's format and an array."""
    folder = tmp_path_factory.mktemp("road")
    source = open_source("recording", samples / "rgb_lidar_road")
    frame = next(iter(source.frames()))
    source.close()
    assert frame.points is not None
    cv2.imwrite(str(folder / "picture.jpg"), frame.picture)
    (folder / "scan.pcd").write_bytes(pcd_bytes(frame.points))
    xyz = np.stack([frame.points[name] for name in "xyz"], axis=-1)
    np.save(folder / "scan.npy", xyz)
    np.hstack([xyz, np.zeros((len(xyz), 1), np.float32)]).astype("<f4").tofile(folder / "scan.bin")
    return folder
