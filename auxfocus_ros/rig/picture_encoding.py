"""Pictures into the bytes of JPEG and PNG files, for recordings and folders alike."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from auxfocus_ros.errors import ConfigurationError, InputError


@dataclass(frozen=True)
class EncodedPicture:
    """A picture as a file holds it. kind: 'jpeg' or 'png', as sensor_msgs/CompressedImage names it. data: the file's bytes."""

    kind: str
    data: bytes

    @property
    def suffix(self) -> str:
        """What the file's name ends in."""
        return ".jpg" if self.kind == "jpeg" else ".png"


def encode_picture(picture: np.ndarray, jpeg_quality: int | None) -> EncodedPicture:
    """Encode a picture.

    Args:
        picture: (H, W, 3) uint8 BGR or (H, W) uint8 grey.
        jpeg_quality: 1 to 100; None: PNG, without loss.

    Raises:
        ConfigurationError: another quality. InputError: a picture that is too large for the format.
    """
    import cv2

    if jpeg_quality is not None and not 1 <= jpeg_quality <= 100:
        raise ConfigurationError(f"a JPEG quality of {jpeg_quality}: wanted 1 to 100")
    kind = "png" if jpeg_quality is None else "jpeg"
    options = [] if jpeg_quality is None else [cv2.IMWRITE_JPEG_QUALITY, jpeg_quality]
    try:
        done, data = cv2.imencode(f".{kind}", picture, options)
    except cv2.error:
        done = False
    if not done:
        raise InputError(f"a picture of {picture.shape[1]} x {picture.shape[0]} cannot be written as {kind.upper()}")
    return EncodedPicture(kind, data.tobytes())
