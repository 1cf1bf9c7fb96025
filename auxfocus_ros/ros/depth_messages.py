"""A depth that was seen in a picture, and its scale, as messages."""

from __future__ import annotations

import math
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from sensor_msgs.msg import PointCloud2
from std_msgs.msg import Header

from auxfocus_interfaces.msg import DepthScale
from auxfocus_ros.ros.clouds import make_cloud

__all__ = ["make_coloured_cloud", "make_depth_scale"]

_COLOURED = np.dtype([("x", "<f4"), ("y", "<f4"), ("z", "<f4"), ("rgb", "<f4")])


class Scale(Protocol):
    """What is read of an estimate of the scale; see DepthScale.msg for the meaning."""

    @property
    def metric(self) -> bool: ...
    @property
    def source(self) -> str: ...
    @property
    def scale(self) -> float: ...
    @property
    def sigma_relative(self) -> float: ...
    @property
    def readings(self) -> int: ...


def make_depth_scale(scale: Scale, place_sigma: float, said: str, header: Header) -> DepthScale:
    """Whether a depth is metres.

    Args:
        scale: what is known of it. place_sigma: relative error of one depth. said: what there is to say of it.
        header: of the depth image.
    """
    if not scale.metric:
        nan = math.nan
        return DepthScale(
            header=header, state=DepthScale.STATE_RELATIVE, source="none", message=said, scale=nan, sigma_relative=nan,
            depth_sigma_relative=nan,
        )  # fmt: skip
    return DepthScale(
        header=header,
        state=DepthScale.STATE_METRIC,
        source=scale.source,
        scale=float(scale.scale),
        sigma_relative=float(scale.sigma_relative),
        depth_sigma_relative=float(place_sigma),
        readings=int(scale.readings),
        message=said,
    )


def make_coloured_cloud(points: NDArray[Any], colours: NDArray[np.uint8], header: Header) -> PointCloud2:
    """A cloud with the colours of the picture, as PCL and RViz pack them (`rgb`: 0x00RRGGBB in the bits of a float).

    Args:
        points: (N, 3) x, y, z in the optical frame. colours: (N, 3) red, green, blue. header: of the picture.
    """
    cloud = np.empty(len(points), _COLOURED)
    for column, name in enumerate("xyz"):
        cloud[name] = points[:, column]
    red, green, blue = (colours[:, channel].astype("<u4") for channel in range(3))
    cloud["rgb"] = (red << 16 | green << 8 | blue).view("<f4")
    return make_cloud(cloud, header)
