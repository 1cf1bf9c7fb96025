"""The thin lens in Newton's form, written so that nothing cancels.

Gauss writes `1/f = 1/u + 1/v`. For a camera `v` is nearly `f` and `u` nearly infinite, and `u = f v / (v - f)` throws away as
many digits as the object is focal lengths away. Newton measures both distances from the focal points instead: with the extension
`x = v - f` the same lens is `x (u - f) = f^2`. Everything here speaks of the extension; `v = f + x` is formed only to be shown.
`x = 0` is focus at infinity, `x < 0` is a sensor nearer than the focal length, where no object is in focus: 'beyond infinity'.

Pure formulas on floats and float64 arrays. No guards: `Lens` is the door. Where there is no answer, the answer is NaN.
Source: docs/optics.md; any optics text (Hecht, Optics, section 5.2.3, for Newton's form).
"""

from typing import Any

import numpy as np


def extension_of_distance_m(focal_length_m: float, distance_m: Any) -> Any:
    """Extension `x0 = f^2 / (u - f)` at which an object is sharp.

    Args:
        focal_length_m: > 0, metres.
        distance_m: depth of the object, metres; +inf allowed.

    Returns:
        Metres, >= 0; 0 for an object at infinity; NaN for one at the focal length or nearer (its image is virtual) and for NaN.
    """
    distance = np.asarray(distance_m, dtype=np.float64)
    with np.errstate(all="ignore"):
        extension = focal_length_m * (focal_length_m / (distance - focal_length_m))
    return np.where(distance > focal_length_m, extension, np.nan)


def distance_of_extension_m(focal_length_m: float, extension_m: Any) -> Any:
    """Depth `u = f + f^2 / x` of the plane that is sharp at an extension.

    Returns:
        Metres, > f; +inf at `x = 0` exactly (and where the quotient exceeds double precision); NaN beyond infinity and for NaN.
    """
    extension = np.asarray(extension_m, dtype=np.float64)
    with np.errstate(all="ignore"):
        # abs: -0.0 is infinity focus too, and must not become minus infinity
        distance = focal_length_m + focal_length_m * (focal_length_m / np.abs(extension))
    return np.where(extension >= 0, distance, np.nan)


def extension_of_power_m(focal_length_m: float, power_dpt: Any) -> Any:
    """Extension `x = f^2 D / (1 - f D)` of an object at `1 / D` metres; NaN for negative powers and for `D >= 1 / f`."""
    power = np.asarray(power_dpt, dtype=np.float64)
    with np.errstate(all="ignore"):
        extension = focal_length_m * (focal_length_m * power / (1.0 - focal_length_m * power))
    return np.where((power >= 0) & (focal_length_m * power < 1), extension, np.nan)


def hyperfocal_distance_m(focal_length_m: float, f_number: float, circle_of_confusion_m: float) -> float:
    """Nearest focus distance at which the depth of field reaches infinity, `H = f^2 / (N c) + f`, metres."""
    return focal_length_m + focal_length_m * focal_length_m / (f_number * circle_of_confusion_m)


def defocus_radius_m(aperture_m: float, focal_length_m: float, extension_m: Any, object_extension_m: Any) -> Any:
    """Signed radius of the blur disk on the sensor, `A (v - v0) / (2 v0)`, metres.

    Positive: the sensor stands behind the image, so the object stands behind the plane of focus. The difference is taken between
    extensions, not between sensor distances: at 10 m with a 25 mm lens that saves three digits.
    """
    return 0.5 * aperture_m * (extension_m - object_extension_m) / (focal_length_m + object_extension_m)
