"""Stand-in for upstream's `cv_bridge` (Python), over the PyPI library `rosbags-image`, which knows the colour conversions.

Honoured: names of encodings for arrays without one (`8UC3`), what may be converted into what, the scale between 8 and 16 bits
(257), a writable view of the message for `passthrough` and a copy for a named encoding, types of errors. Avoided: big-endian data
is read right with every NumPy, and an empty picture or one of a type that OpenCV does not have is a CvBridgeError that says so.
"""

import array
import re
import sys
from typing import Any

import cv2
import numpy as np
from rosbags.image.image import Format, ImageError, convert_color, to_cvtype
from sensor_msgs.msg import CompressedImage, Image

__all__ = ["CvBridge", "CvBridgeError"]

_NAMED = re.compile(r"(mono|rgb|rgba|bgr|bgra|bayer_(rggb|bggr|gbrg|grbg))(8|16)|yuv422(_yuy2)?")
_GENERIC = re.compile(r"(8U|8S|16U|16S|32S|32F|64F)(C[1-9][0-9]*)?")
_PREFIX = {"uint8": "8U", "int8": "8S", "uint16": "16U", "int16": "16S", "int32": "32S", "float32": "32F", "float64": "64F"}


class CvBridgeError(TypeError):
    """What cannot be converted."""


class CvBridge:
    """Image messages to OpenCV arrays and back."""

    def imgmsg_to_cv2(self, img_msg: Image, desired_encoding: str = "passthrough") -> np.ndarray:
        """An array (height, width[, channels]) of a message.

        `passthrough` gives a view of the message's data, or a copy where rows are padded or bytes swapped; a named encoding a
        copy.
        """
        bits, _, typename, channels = _known(img_msg.encoding)
        dtype = np.dtype(typename)
        row = img_msg.width * channels
        shape = (img_msg.height, img_msg.width) if channels == 1 else (img_msg.height, img_msg.width, channels)
        strides = (img_msg.step, channels * dtype.itemsize, dtype.itemsize)[: len(shape)]
        stored = dtype.newbyteorder(">" if img_msg.is_bigendian else "<")
        if len(img_msg.data) < img_msg.height * img_msg.step or img_msg.step < row * dtype.itemsize:
            raise TypeError(f"buffer is too small for requested array: {len(img_msg.data)} bytes, rows of {img_msg.step}")
        picture = np.ndarray(shape, stored, img_msg.data, strides=strides)
        if img_msg.step != row * dtype.itemsize or (bits > 8 and not stored.isnative):
            picture = picture.astype(dtype, order="C")
        if desired_encoding == "passthrough":
            return picture
        return _converted(picture, img_msg.encoding, desired_encoding)

    def cv2_to_imgmsg(self, cvim: np.ndarray, encoding: str = "passthrough", header: Any = None) -> Image:
        """A message of an array (height, width[, channels]); CvBridgeError where the array does not fit the encoding."""
        if not isinstance(cvim, np.ndarray | np.generic):
            raise TypeError("Your input type is not a numpy array")
        if cvim.ndim not in (2, 3) or cvim.size == 0 or cvim.dtype.name not in _PREFIX:
            raise CvBridgeError(f"an array of shape {cvim.shape} and type {cvim.dtype} is not a picture of OpenCV's")
        channels = 1 if cvim.ndim == 2 else cvim.shape[2]
        cv_type = f"{_PREFIX[cvim.dtype.name]}C{channels}"
        if encoding != "passthrough":
            _, _, typename, wanted = _known(encoding)
            if (typename, wanted) != (cvim.dtype.name, channels):
                raise CvBridgeError(f"encoding specified as {encoding}, but image has incompatible type {cv_type}")
        message = Image(height=cvim.shape[0], width=cvim.shape[1], encoding=cv_type if encoding == "passthrough" else encoding)
        if header is not None:
            message.header = header
        message.is_bigendian = int(sys.byteorder == "big")
        message.step = cvim.shape[1] * channels * cvim.itemsize
        message.data = _bytes(np.ascontiguousarray(cvim, cvim.dtype.newbyteorder("=")))
        return message

    def compressed_imgmsg_to_cv2(
        self, cmprs_img_msg: CompressedImage, desired_encoding: str = "passthrough"
    ) -> np.ndarray | None:
        """The decoded picture as the file has it; None for data that are not a picture, cv2.error for no data."""
        picture = cv2.imdecode(np.frombuffer(cmprs_img_msg.data, np.uint8), cv2.IMREAD_UNCHANGED)
        if desired_encoding == "passthrough" or picture is None:
            return picture
        return _converted(picture, "bgr8", desired_encoding)

    def cv2_to_compressed_imgmsg(self, cvim: np.ndarray, dst_format: str = "jpg") -> CompressedImage:
        """A compressed message without a header."""
        if not isinstance(cvim, np.ndarray | np.generic):
            raise TypeError("Your input type is not a numpy array")
        _, encoded = cv2.imencode(f".{dst_format}", cvim)
        return CompressedImage(format=dst_format, data=_bytes(encoded))


def _bytes(data: np.ndarray) -> array.array:
    # An array.array is what the message keeps: a list or bytes would be checked byte by byte.
    filled = array.array("B")
    filled.frombytes(data.data.cast("B"))
    return filled


def _known(encoding: str) -> tuple[int, Format, str, int]:
    """Bits, colour format, type name and channels of an encoding; of those that rosbags-image knows, cv_bridge refuses some."""
    if not _NAMED.fullmatch(encoding) and not _GENERIC.fullmatch(encoding):
        raise CvBridgeError(f"Unrecognized image encoding [{encoding}]")
    return to_cvtype(encoding)


def _converted(picture: np.ndarray, source: str, target: str) -> np.ndarray:
    """A copy of a picture in another encoding."""
    source_bits, source_format, _, source_channels = _known(source)
    target_bits, target_format, target_type, target_channels = _known(target)
    if source == target:
        return picture.copy()
    if Format.GENERIC in (source_format, target_format):
        if source_format == Format.GENERIC and target_format != Format.GENERIC:
            raise CvBridgeError(f"[{source}] is not a color format. but [{target}] is. The conversion does not make sense")
        if source_channels != target_channels:
            raise CvBridgeError(f"[{source}] and [{target}] do not have the same number of channel")
        return picture.astype(target_type)  # numbers as they are: 16UC1 millimetres stay millimetres
    # Colours first, in the source's depth; then the depth.
    intermediate = re.sub(r"(8|16)$", str(source_bits), target)
    try:
        picture = convert_color(picture, source, intermediate)
    except (ImageError, cv2.error) as error:
        raise CvBridgeError(f"[{source}] cannot be converted to [{target}]: {' '.join(str(error).split())}") from error
    if target_bits > source_bits:
        return np.multiply(picture, np.uint16(257), dtype=np.uint16)
    if target_bits < source_bits:
        return cv2.convertScaleAbs(picture, alpha=255.0 / 65535.0)
    return picture
