"""Image messages into arrays: raw and compressed colour pictures, depth images, with every way they can be wrong said in words.

rosbags-image does the conversions of colour; the checks before it are ours, because it trusts what the message says about itself
(a row step with padding, or data that is too short, would go through as garbage). Depth has its own rules (REP 118), and
`compressedDepth` its own container.
"""

from __future__ import annotations

import struct
from typing import Any

import numpy as np

from auxfocus_ros.errors import InputError, MissingLibraryError

DEPTH_ENCODINGS = {"16UC1": "<u2", "mono16": "<u2", "32FC1": "<f4"}
MILLIMETRE = 0.001
# compressed_depth_image_transport's header: an enum, then the two parameters of its inverse-depth quantisation.
COMPRESSED_DEPTH_HEADER = struct.Struct("<iff")
COMPRESSED_DEPTH_PNG = 0
PNG_MAGIC = b"\x89PNG"
JPEG_START, JPEG_END = b"\xff\xd8", b"\xff\xd9"


def is_compressed(message: Any) -> bool:
    """True for sensor_msgs/CompressedImage."""
    return hasattr(message, "format")


def is_depth(message: Any) -> bool:
    """True where the message itself says that it is a depth image (a mono16 picture may be either: its topic decides)."""
    if is_compressed(message):
        return "compresseddepth" in message.format.lower() or message.format.lower().startswith(("16uc1", "32fc1"))
    return message.encoding in ("16UC1", "32FC1")


def decode_picture(message: Any) -> tuple[np.ndarray, str]:
    """A picture as it is shown.

    Args:
        message: a sensor_msgs Image or CompressedImage as rosbags gives it.

    Returns:
        (H, W, 3) uint8 BGR and 'bgr8', or (H, W) uint8 and 'mono8'. It views the message's bytes where no conversion is needed.

    Raises:
        InputError: an encoding that is not known, data that does not fit height, width and step, bytes that are no picture.
    """
    return _decode_compressed(message) if is_compressed(message) else _decode_raw(message)


def _rosbags_image() -> Any:
    try:
        from rosbags.image import image
    except ImportError as error:
        text = "pictures of recordings need the Python package rosbags-image: pip install rosbags-image"
        raise MissingLibraryError(text) from error
    return image


def _decode_raw(message: Any) -> tuple[np.ndarray, str]:
    import cv2

    image = _rosbags_image()
    encoding = message.encoding
    if encoding in ("nv12", "nv21"):
        return _decode_nv(message)
    try:
        bits, _, _, channels = image.to_cvtype(encoding)
    except image.ImageError as error:
        raise InputError(f"the picture's encoding '{encoding}' is not known; known are bgr8, rgb8, mono8 and the like") from error
    if encoding in ("32FC1", "16UC1") or bits > 16:
        raise InputError(f"the picture's encoding '{encoding}' is a depth image's or a measurement's, not a picture's")
    rows = image_rows(message, bits // 8 * channels)
    kind = np.dtype("u1" if bits == 8 else (">u2" if message.is_bigendian else "<u2"))
    array = rows.view(kind) if rows.flags.c_contiguous else np.ascontiguousarray(rows).view(kind)
    array = array.reshape((message.height, message.width) if channels == 1 else (message.height, message.width, channels))
    if array.dtype.byteorder == ">":
        array = array.astype("<u2")
    wanted = "mono8" if encoding in ("mono8", "mono16", "8UC1", "8SC1", "16SC1") else "bgr8"
    source = {"8UC1": "mono8", "8UC3": "bgr8", "8UC4": "bgra8", "16UC3": "bgr16"}.get(encoding, encoding)
    try:
        picture = image.convert_color(array, source, wanted)
    except (image.ImageError, cv2.error) as error:
        size = f"{message.width} x {message.height} pixels"
        raise InputError(f"the picture's encoding '{encoding}' cannot be shown as {wanted} at {size}") from error
    return np.asarray(picture), wanted


def _decode_nv(message: Any) -> tuple[np.ndarray, str]:
    """Luma rows, then half as many rows of interleaved chroma."""
    import cv2

    height, width = int(message.height), int(message.width)
    if height % 2 or width % 2 or len(message.data) != width * height * 3 // 2:
        raise InputError(
            f"the picture's data of {len(message.data)} bytes does not fit {message.encoding} of {width} x {height}: "
            f"wanted even sides and {width * height * 3 // 2} bytes"
        )
    planes = np.asarray(message.data, np.uint8).reshape(height * 3 // 2, width)
    code = cv2.COLOR_YUV2BGR_NV12 if message.encoding == "nv12" else cv2.COLOR_YUV2BGR_NV21
    return cv2.cvtColor(planes, code), "bgr8"


def image_rows(message: Any, pixel_bytes: int) -> np.ndarray:
    """The picture's bytes without padding: (H, W * pixel_bytes) uint8, a view where nothing is padded.

    Raises:
        InputError: no pixels, a step shorter than a row, or data that is not height * step long.
    """
    height, width, step, size = int(message.height), int(message.width), int(message.step), len(message.data)
    if height == 0 or width == 0:
        raise InputError(f"the picture is empty: {width} x {height} pixels")
    if step < width * pixel_bytes:
        row = f"{width} x {pixel_bytes} bytes ({message.encoding})"
        raise InputError(f"the picture's step of {step} bytes is shorter than a row: {row}")
    if size != height * step:
        raise InputError(f"the picture's data of {size} bytes does not fit height {height} x step {step} = {height * step} bytes")
    data = np.frombuffer(message.data, np.uint8)
    return data.reshape(height, step)[:, : width * pixel_bytes]


def _decode_compressed(message: Any) -> tuple[np.ndarray, str]:
    import cv2

    data = np.frombuffer(message.data, np.uint8)
    # A JPEG that was cut off decodes to a picture with a grey bottom: its end marker tells.
    whole = bytes(data[:2]) != JPEG_START or data.tobytes().rfind(JPEG_END) > 0
    # A recording's pixels belong to its intrinsics: an EXIF orientation must not turn them.
    flags = cv2.IMREAD_ANYCOLOR | cv2.IMREAD_IGNORE_ORIENTATION
    try:
        picture = cv2.imdecode(data, flags) if len(data) and whole else None
    except cv2.error:
        picture = None
    if picture is None:
        raise InputError(f"the compressed picture ('{message.format}', {len(data)} bytes) is not a whole JPEG or PNG")
    mosaic = message.format.partition(";")[0].strip().lower()
    if picture.ndim == 2 and mosaic.startswith("bayer_") and mosaic.endswith("8"):
        return np.asarray(_rosbags_image().convert_color(picture, mosaic, "bgr8")), "bgr8"
    return picture, "mono8" if picture.ndim == 2 else "bgr8"


def decode_depth(message: Any, unit_m: float | None = None) -> np.ndarray:
    """A depth image in metres.

    Args:
        message: Image of encoding 16UC1 (or mono16) or 32FC1, or CompressedImage: 16-bit PNG or compressedDepth.
        unit_m: metres per unit of integer depth; None: millimetres, as REP 118 has it.

    Returns:
        (H, W) float32, metres; 0 or NaN: no reading. Negative readings become NaN.

    Raises:
        InputError: another encoding, or data that does not fit.
    """
    unit = MILLIMETRE if unit_m is None else unit_m
    if is_compressed(message):
        return _decode_compressed_depth(message, unit)
    check_depth(message)
    kind = np.dtype(DEPTH_ENCODINGS[message.encoding])
    if message.is_bigendian:
        kind = kind.newbyteorder(">")
    rows = image_rows(message, kind.itemsize)
    return depth_in_metres(np.ascontiguousarray(rows).view(kind), unit)


def check_depth(message: Any) -> None:
    """Raise InputError where a raw depth image cannot be right, without the work of decoding it."""
    if is_compressed(message):
        return
    kind = DEPTH_ENCODINGS.get(message.encoding)
    if kind is None:
        raise InputError(f"the depth image's encoding '{message.encoding}' is not one of {', '.join(DEPTH_ENCODINGS)}")
    image_rows(message, np.dtype(kind).itemsize)


def depth_in_metres(raw: np.ndarray, unit_m: float = MILLIMETRE) -> np.ndarray:
    """Raw depth (H, W), integers in `unit_m` or floats in metres, as float32 metres; negative readings become NaN."""
    if raw.dtype.kind == "f":
        depth_m = raw.astype(np.float32)
        negative = depth_m < 0.0
        if negative.any():
            depth_m[negative] = np.nan
        return depth_m
    return raw.astype(np.float32) * np.float32(unit_m)


def _decode_compressed_depth(message: Any, unit_m: float) -> np.ndarray:
    import cv2

    data = bytes(message.data)
    container = "compresseddepth" in message.format.lower()
    if container:
        if len(data) <= COMPRESSED_DEPTH_HEADER.size:
            raise InputError(f"the compressed depth image has only {len(data)} bytes")
        kind, quant_a, quant_b = COMPRESSED_DEPTH_HEADER.unpack_from(data)
        start = COMPRESSED_DEPTH_HEADER.size
        if data[start : start + 4] != PNG_MAGIC:
            raise InputError(f"the compressed depth image ('{message.format}', kind {kind}) is not a PNG; RVL is not supported")
        data = data[start:]
    raw = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED) if data else None
    if raw is None or raw.ndim != 2 or raw.dtype not in (np.uint16, np.float32):
        raise InputError(f"the compressed depth image ('{message.format}') is not a 16-bit picture of one channel")
    if container and message.format.strip().lower().startswith("32fc1"):
        # Stored as quantised inverse depth: d = a / (value - b); 0 is 'no reading'.
        depth_m = np.full(raw.shape, np.nan, np.float32)
        seen = raw != 0
        depth_m[seen] = quant_a / (raw[seen].astype(np.float32) - quant_b)
        return depth_in_metres(depth_m)
    return depth_in_metres(raw, unit_m)
