"""Image messages into arrays and back: pictures and depth images.

This is the door at which a picture from outside is checked, once; behind it an array is what it claims to be. A message that
arrives holds its bytes in memory of its own, so an array that comes back is a view of them wherever their layout allows it (2.7
MB a picture at 30 Hz are worth not copying): treat it as read-only, and keep the message out of anything that changes it.

Colour conversions go through cv_bridge (upstream's, or our stand-in); what it reads wrong or not at all (big-endian data, padded
rows, nv12) is put right before it sees them.
"""

import array
import contextlib
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header

from auxfocus_ros.errors import InputError
from auxfocus_ros.ros.upstream import CvBridge, CvBridgeError

__all__ = ["as_bgr", "as_grey", "make_compressed", "make_image", "read_compressed", "read_depth", "read_image"]


@dataclass(frozen=True)
class _Layout:
    """How an encoding lies in memory."""

    dtype: np.dtype
    channels: int = 1
    rows_per_two: int = 2  # rows of data for two rows of picture: 3 where half-size colour planes follow the grey one

    def shape(self, height: int, width: int) -> tuple[int, ...]:
        """Of the array that the bytes make."""
        rows = height * self.rows_per_two // 2
        return (rows, width) if self.channels == 1 else (rows, width, self.channels)


_U8, _U16 = np.dtype(np.uint8), np.dtype(np.uint16)
_BAYERS = [f"bayer_{order}" for order in ("rggb", "bggr", "gbrg", "grbg")]
_LAYOUTS = {
    **{name: _Layout(_U8, channels) for name, channels in {"mono8": 1, "bgr8": 3, "rgb8": 3, "bgra8": 4, "rgba8": 4}.items()},
    **{
        name: _Layout(_U16, channels)
        for name, channels in {"mono16": 1, "bgr16": 3, "rgb16": 3, "bgra16": 4, "rgba16": 4}.items()
    },
    **{f"{bayer}8": _Layout(_U8) for bayer in _BAYERS},
    **{f"{bayer}16": _Layout(_U16) for bayer in _BAYERS},
    **{name: _Layout(_U8, 2) for name in ("yuv422", "uyvy", "yuv422_yuy2", "yuyv")},
    **{name: _Layout(_U8, 1, 3) for name in ("nv12", "nv21")},
}
_OPENCV_TYPES = {"8U": "u1", "8S": "i1", "16U": "u2", "16S": "i2", "32S": "i4", "32F": "f4", "64F": "f8"}
_OPENCV_NAME = re.compile(r"(8U|8S|16U|16S|32S|32F|64F)C([1-9]|[1-9][0-9]{1,2})")
_KNOWN = ", ".join(_LAYOUTS) + ", and OpenCV's types such as 8UC1, 8UC3, 16UC1, 32FC1"

# Encodings that are pictures under the name by which every cv_bridge knows them.
_AS_CV_BRIDGE_SAYS = {
    **{name: name for name in _LAYOUTS if name not in ("nv12", "nv21")},
    "8UC1": "mono8",
    "8UC3": "bgr8",
    "8UC4": "bgra8",
    "uyvy": "yuv422",
    "yuyv": "yuv422_yuy2",
}
_PLANAR = {"nv12": cv2.COLOR_YUV2BGR_NV12, "nv21": cv2.COLOR_YUV2BGR_NV21}
_LUMA_CHANNEL = {"yuv422": 1, "uyvy": 1, "yuv422_yuy2": 0, "yuyv": 0}
_DEPTH_ENCODINGS = ("16UC1", "mono16", "32FC1")
_bridge = CvBridge()


def read_image(msg: Any) -> tuple[np.ndarray, str]:
    """The array of an image message, without a copy unless its bytes are in the other machine's order.

    Args:
        msg: sensor_msgs/Image, or anything with its fields.

    Returns:
        The array in the encoding's own layout, and the encoding: (height, width) for one channel, (height, width, channels) for
        more, (height * 3 / 2, width) for nv12 and nv21. It shares the message's memory, padded rows included.

    Raises:
        InputError: an encoding that is not known, a size of zero, a step that is too small for the width, or data whose length is
            not height x step.
    """
    layout = _layout(msg.encoding)
    height, width, step = int(msg.height), int(msg.width), int(msg.step)
    what = f"a picture of {width} x {height} pixels in {msg.encoding}"
    if height <= 0 or width <= 0:
        raise InputError(f"{what}: neither side may be 0")
    if layout.rows_per_two == 3 and (height % 2 or width % 2):
        raise InputError(f"{what}: both sides must be even")
    pixel_bytes = layout.channels * layout.dtype.itemsize
    if step < width * pixel_bytes:
        raise InputError(f"{what}: a step of {step} bytes is too small, a row needs {width * pixel_bytes}")
    shape = layout.shape(height, width)
    if len(msg.data) != shape[0] * step:
        raise InputError(f"{what}: {len(msg.data)} bytes of data, but {shape[0]} rows of {step} bytes make {shape[0] * step}")
    stored = layout.dtype.newbyteorder(">" if msg.is_bigendian else "<")
    strides = (step, pixel_bytes, layout.dtype.itemsize)[: len(shape)]
    try:
        picture = np.ndarray(shape, stored, msg.data, strides=strides)
    except (TypeError, ValueError) as error:
        raise InputError(f"{what}: its data cannot be read ({error})") from error
    return (picture if stored.isnative else picture.astype(layout.dtype)), msg.encoding


def as_bgr(msg: Any) -> np.ndarray:
    """The picture of a raw or compressed image message as (height, width, 3) uint8, blue first.

    A view of the message for bgr8 and 8UC3, else a new array. 16 bits are scaled to 8; an alpha channel is dropped.

    Raises:
        InputError: as `read_image` and `read_compressed`; an encoding that is no picture (16UC1, 32FC1, ...).
    """
    picture, encoding = _read(msg)
    if encoding in ("bgr8", "8UC3"):
        return picture
    if encoding in ("mono8", "8UC1"):
        return cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR)
    if encoding in _PLANAR:
        return cv2.cvtColor(picture, _PLANAR[encoding])
    return _converted(msg, picture, encoding, "bgr8")


def as_grey(msg: Any) -> np.ndarray:
    """The picture of a raw or compressed image message as (height, width) uint8.

    A view of the message for mono8, 8UC1, nv12 and nv21, else a new array. Encodings with a luma channel give that.

    Raises:
        InputError: as `as_bgr`.
    """
    picture, encoding = _read(msg)
    if encoding in ("mono8", "8UC1"):
        return picture
    if encoding in _PLANAR:
        return picture[: picture.shape[0] * 2 // 3]
    if encoding in _LUMA_CHANNEL:
        return cv2.extractChannel(picture, _LUMA_CHANNEL[encoding])
    return _converted(msg, picture, encoding, "mono8")


def read_depth(msg: Any, unit_m: float = 0.001, on_problem: Callable[[str], None] | None = None) -> np.ndarray:
    """The depth image of a message.

    Args:
        msg: sensor_msgs/Image in 16UC1 (or mono16) or 32FC1.
        unit_m: metres per unit of the 16-bit encodings; 32FC1 is metres.
        on_problem: told in one line when some depths are negative, which no sensor means.

    Returns:
        (height, width) float32, metres; 0 is 'no reading' (zero, NaN, infinite and negative depths all become it). A view of the
        message where it is 32FC1 and every value is usable as it stands.

    Raises:
        InputError: as `read_image`; another encoding; not one reading in the whole image.

    Source: REP 118.
    """
    stored, encoding = read_image(msg)
    if encoding not in _DEPTH_ENCODINGS:
        raise InputError(f"a depth image in {encoding!r}: 16UC1 (millimetres) or 32FC1 (metres) is wanted")
    if stored.dtype == np.float32:
        # NaN comes through min and max, so this is one cheap look at all three kinds of bad values.
        if not (stored.min() >= 0 and stored.max() < np.inf):
            negative = int(np.count_nonzero(stored < 0))
            if negative and on_problem is not None:
                on_problem(f"{negative} of {stored.size} depths are negative: they are taken as 'no reading'")
            stored = np.where((stored > 0) & (stored < np.inf), stored, np.float32(0))
        depth_m = stored
    else:
        depth_m = np.multiply(stored, np.float32(unit_m), dtype=np.float32)
    if not depth_m.max() > 0:
        raise InputError(
            f"a depth image of {msg.width} x {msg.height} pixels without one reading: all are 0, NaN, infinite or negative"
        )
    return depth_m


def read_compressed(msg: Any) -> tuple[np.ndarray, str]:
    """The picture of a compressed image message.

    Args:
        msg: sensor_msgs/CompressedImage: JPEG, PNG, or what else OpenCV reads.

    Returns:
        The array and its encoding: bgr8, bgra8 or mono8, or with 16 bits bgr16, bgra16 or mono16.

    Raises:
        InputError: no data, or data that are not a picture.
    """
    what = f"a compressed picture (format {msg.format!r}, {len(msg.data)} bytes)"
    if len(msg.data) == 0:
        raise InputError(f"{what} is empty")
    if "compressedDepth" in msg.format:
        raise InputError(f"{what} is a compressed depth image: use the raw one, or image_transport's republish")
    try:
        with _opencv_keeps_quiet():
            picture = _bridge.compressed_imgmsg_to_cv2(msg)
    except (cv2.error, CvBridgeError, TypeError, ValueError) as error:
        raise InputError(f"{what} cannot be decoded: {_one_line(error)}") from error
    if picture is None:
        raise InputError(f"{what} cannot be decoded: it is not a picture, or it is cut off")
    kinds = {1: "mono", 3: "bgr", 4: "bgra"}
    channels = 1 if picture.ndim == 2 else picture.shape[2]
    if channels not in kinds or picture.dtype not in (_U8, _U16):
        raise InputError(f"{what} has {channels} channels of {picture.dtype}: 8 or 16 bits in 1, 3 or 4 channels are wanted")
    return picture, f"{kinds[channels]}{8 * picture.itemsize}"


def make_image(picture: np.ndarray, encoding: str, header: Header) -> Image:
    """An image message of an array; its bytes are copied once.

    Args:
        picture: (height, width[, channels]) of the encoding's type; (height * 3 / 2, width) for nv12 and nv21.
        encoding: any that `read_image` knows.
        header: stamp and frame of the picture.

    Raises:
        InputError: the array does not fit the encoding, or is empty.
    """
    layout = _layout(encoding)
    if (
        picture.dtype.newbyteorder("=") != layout.dtype
        or picture.ndim != (2 if layout.channels == 1 else 3)
        or picture.shape[2:] not in ((), (layout.channels,))
    ):
        wanted = "(height, width)" if layout.channels == 1 else f"(height, width, {layout.channels})"
        raise InputError(
            f"an array of shape {picture.shape} and type {picture.dtype} is not {encoding}, which is {wanted} of {layout.dtype}"
        )
    rows, width = picture.shape[:2]
    if picture.size == 0 or (layout.rows_per_two == 3 and (rows % 3 or width % 2)):
        raise InputError(f"an array of shape {picture.shape} cannot be a picture in {encoding}")
    message = Image(header=header, height=rows * 2 // layout.rows_per_two, width=width, encoding=encoding)
    message.is_bigendian = int(sys.byteorder == "big")
    message.step = width * layout.channels * layout.dtype.itemsize
    message.data = _message_data(np.ascontiguousarray(picture, layout.dtype))
    return message


def make_compressed(picture: np.ndarray, header: Header, quality: int = 80) -> CompressedImage:
    """A JPEG message of a picture, named as image_transport names it.

    Args:
        picture: (height, width, 3) uint8, blue first, or (height, width) uint8.
        header: stamp and frame of the picture.
        quality: 1 (small) to 100 (good).

    Raises:
        InputError: not such a picture, or a quality out of range.
    """
    if picture.dtype != np.uint8 or picture.size == 0 or picture.shape[2:] not in ((), (3,)) or picture.ndim < 2:
        raise InputError(
            f"an array of shape {picture.shape} and type {picture.dtype} cannot be compressed: grey or BGR of uint8 is wanted"
        )
    if not 1 <= quality <= 100:
        raise InputError(f"a JPEG quality of {quality}: 1 to 100 is wanted")
    encoding = "mono8" if picture.ndim == 2 else "bgr8"
    try:
        encoded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, int(quality)])[1]
    except cv2.error as error:
        raise InputError(f"a picture of shape {picture.shape} cannot be compressed: {_one_line(error)}") from error
    message = CompressedImage(header=header, format=f"{encoding}; jpeg compressed {encoding}")
    message.data = _message_data(encoded)
    return message


@contextlib.contextmanager
def _opencv_keeps_quiet() -> Iterator[None]:
    """OpenCV writes lines of its own to stderr about every damaged picture; ours says it once."""
    logging = getattr(cv2.utils, "logging", None)  # not in every build of OpenCV
    if logging is None:
        yield
        return
    level = logging.getLogLevel()
    logging.setLogLevel(logging.LOG_LEVEL_SILENT)
    try:
        yield
    finally:
        logging.setLogLevel(level)


def _layout(encoding: str) -> _Layout:
    layout = _LAYOUTS.get(encoding)
    if layout is not None:
        return layout
    named = _OPENCV_NAME.fullmatch(encoding)
    if named is None:
        raise InputError(f"the image encoding {encoding!r} is not known; known are {_KNOWN}")
    return _Layout(np.dtype(_OPENCV_TYPES[named[1]]), int(named[2]))


def _read(msg: Any) -> tuple[np.ndarray, str]:
    return read_compressed(msg) if hasattr(msg, "format") else read_image(msg)


def _converted(msg: Any, picture: np.ndarray, encoding: str, target: str) -> np.ndarray:
    """A picture in another encoding, by cv_bridge; `picture` is what `_read` gave for `msg`."""
    name = _AS_CV_BRIDGE_SAYS.get(encoding)
    if name is None:
        raise InputError(f"{encoding} is not a picture to look at (it is a depth image, or raw data); known are {_KNOWN}")
    if picture.shape[1] % 2 and encoding in _LUMA_CHANNEL:
        raise InputError(f"a picture of {picture.shape[1]} pixels in width in {encoding}: the width must be even")
    plain = Image(height=picture.shape[0], width=picture.shape[1], encoding=name, is_bigendian=int(sys.byteorder == "big"))
    plain.step = picture.shape[1] * picture[0, 0].nbytes
    # cv_bridge reads the message, so it gets the bytes as they came where they are as it needs them, and repacked ones elsewhere.
    shared = isinstance(msg.data, array.array) and np.may_share_memory(picture, np.frombuffer(msg.data, np.uint8))
    plain.data = msg.data if shared and picture.flags.c_contiguous else _message_data(np.ascontiguousarray(picture))
    try:
        return _bridge.imgmsg_to_cv2(plain, target)
    except (CvBridgeError, cv2.error, TypeError, ValueError) as error:
        raise InputError(
            f"a picture of {picture.shape[1]} x {picture.shape[0]} pixels in {encoding}: {_one_line(error)}"
        ) from error


def _message_data(contiguous: np.ndarray) -> array.array:
    # A list or bytes would be checked byte by byte by the message's setter, a hundred times slower.
    filled = array.array("B")
    filled.frombytes(contiguous.data.cast("B"))
    return filled


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
