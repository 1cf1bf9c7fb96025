"""What is sharp enough: the depths whose blur disk is no wider than the circle of confusion.

An object imaged at `v0` is in the depth of field when `|v - v0| <= c v0 / A`. Solved for `v0` on either side of the sensor, and
in extensions (`thin_lens`), with the f-number `N = f / A`:

    near limit   x_near = (x + N c) / (1 - c / A)        far limit   x_far = (x - N c) / (1 + c / A)

The far limit is infinite from `x <= N c` on, which is the extension of the hyperfocal distance. The same formula goes on beyond
infinity focus: until `x = -N c` distant things are still in focus, with a finite near limit; farther beyond nothing is.
Source: docs/optics.md, whose `u (H - f) / (H + u - 2 f)` and `u (H - f) / (H - u)` these are, without their cancellation.
"""

from typing import Any

import numpy as np

from auxfocus_ros.optics.thin_lens import distance_of_extension_m


def depth_of_field_limits_m(
    focal_length_m: float, f_number: float, circle_of_confusion_m: float, extension_m: Any
) -> tuple[Any, Any]:
    """Nearest and farthest depth in focus.

    Args:
        focal_length_m: > 0, metres.
        f_number: > 0.
        circle_of_confusion_m: diameter on the sensor, metres; smaller than the aperture.
        extension_m: sensor distance minus focal length, metres, any shape.

    Returns:
        (near, far) in metres, shaped as `extension_m`. far is +inf where the depth of field reaches infinity; both are NaN where
        no object is in focus, and +inf where only infinity itself is.
    """
    extension = np.asarray(extension_m, dtype=np.float64)
    reach = f_number * circle_of_confusion_m  # N c: what the sensor may be off, for an object at infinity
    ratio = circle_of_confusion_m * f_number / focal_length_m  # c / A
    near = distance_of_extension_m(focal_length_m, (extension + reach) / (1.0 - ratio))
    far_extension = np.maximum((extension - reach) / (1.0 + ratio), 0.0)  # np.maximum hands NaN on
    far = np.where(np.isnan(near), np.nan, distance_of_extension_m(focal_length_m, far_extension))
    return near, far


def depth_of_focus_m(focal_length_m: float, f_number: float, circle_of_confusion_m: float, object_extension_m: Any) -> Any:
    """How far the sensor may stand from an object's image, either way, with the object still in focus: `c v0 / A`, metres."""
    return circle_of_confusion_m * f_number * (1.0 + np.asarray(object_extension_m) / focal_length_m)
