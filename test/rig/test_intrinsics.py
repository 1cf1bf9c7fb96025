"""Which camera_info belongs to a live picture."""

import math
from types import SimpleNamespace

import pytest

from auxfocus_ros.errors import InputError
from auxfocus_ros.rig.intrinsics import FOLLOWED, KEPT, IntrinsicsShelf


def info(focal: float = 30.0, width: int = 32, height: int = 24) -> SimpleNamespace:
    """What is read of a sensor_msgs/CameraInfo."""
    whole = SimpleNamespace(x_offset=0, y_offset=0, width=0, height=0)
    k = [focal, 0.0, 15.5, 0.0, focal, 11.5, 0.0, 0.0, 1.0]
    return SimpleNamespace(
        width=width, height=height, distortion_model="plumb_bob", d=[], k=k, p=[0.0] * 12, binning_x=0, binning_y=0, roi=whole
    )


def test_its_own_stamp_then_the_newest_of_its_size_then_the_newest() -> None:
    shelf = IntrinsicsShelf()
    assert shelf.find(1, 32, 24).camera is None
    for stamp, focal, width in ((1, 10.0, 32), (2, 20.0, 32), (3, 30.0, 64)):
        shelf.add(stamp, info(focal, width))
    own, newest, other = shelf.find(1, 32, 24), shelf.find(7, 32, 24), shelf.find(7, 16, 24)
    assert own.camera is not None and own.camera.fx_px == 10.0 and own.own and own.fits
    assert newest.camera is not None and newest.camera.fx_px == 20.0 and not newest.own and newest.fits
    assert other.camera is not None and other.camera.fx_px == 30.0 and not other.fits
    # Of its own stamp, but of another size: the newest that fits is better.
    mixed = shelf.find(3, 32, 24)
    assert mixed.camera is not None and mixed.camera.fx_px == 20.0


def test_the_same_intrinsics_stay_one_object_and_few_are_kept() -> None:
    shelf = IntrinsicsShelf()
    for stamp in range(3 * KEPT):
        shelf.add(stamp, info())
    assert shelf.find(0, 32, 24).camera is shelf.find(3 * KEPT - 1, 32, 24).camera is shelf.latest
    assert not shelf.find(0, 32, 24).own


def test_one_of_its_own_is_expected_where_others_had_one() -> None:
    shelf = IntrinsicsShelf()
    shelf.add(0, info())
    assert not shelf.expects_own()
    shelf.used(5, shelf.find(5, 32, 24))
    assert not shelf.expects_own()
    shelf.add(5, info())  # it comes just after its picture
    assert shelf.expects_own()
    for stamp in range(10, 10 + FOLLOWED):
        assert shelf.expects_own()
        shelf.used(stamp, shelf.find(stamp, 32, 24))
    assert not shelf.expects_own()
    shelf.used(5, shelf.find(5, 32, 24))
    assert shelf.expects_own()


def test_what_cannot_be_is_refused_and_changes_nothing() -> None:
    shelf = IntrinsicsShelf()
    shelf.add(0, info())
    with pytest.raises(InputError):
        shelf.add(1, info(math.nan))
    with pytest.raises(InputError, match="K is zero"):
        shelf.add(1, info(0.0))
    assert shelf.latest is not None and shelf.latest.fx_px == 30.0 and not shelf.find(1, 32, 24).own


def test_rectified_pictures_take_the_projection() -> None:
    message = info(30.0)
    message.p = [25.0, 0.0, 15.5, 0.0, 0.0, 25.0, 11.5, 0.0, 0.0, 0.0, 1.0, 0.0]
    shelf = IntrinsicsShelf(rectified=True)
    shelf.add(0, message)
    assert shelf.latest is not None and shelf.latest.fx_px == 25.0
