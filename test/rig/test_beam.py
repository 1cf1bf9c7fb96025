"""Where a rangefinder's beam ends."""

from __future__ import annotations

import numpy as np
import pytest

from auxfocus_ros.errors import InputError
from auxfocus_ros.optics import CameraModel, RigidTransform
from auxfocus_ros.rig.beam import beam_end, pixel_end

CAMERA = CameraModel(320, 240, 200.0, 200.0, 160.0, 120.0)


def test_a_beam_with_a_mounting_ends_where_its_x_axis_leads() -> None:
    # x of the finder along z of the camera, mounted 0.04 m to its right.
    forward = RigidTransform(np.array([[0.0, -1.0, 0.0], [0.0, 0.0, -1.0], [1.0, 0.0, 0.0]]), np.array([0.04, 0.0, 0.0]))
    np.testing.assert_allclose(beam_end(5.0, forward), [[0.04, 0.0, 5.0]])


def test_a_beam_at_a_pixel_is_as_long_as_was_measured() -> None:
    end = pixel_end(5.0, (310.0, 120.0), CAMERA)
    np.testing.assert_allclose(end, [[3.0, 0.0, 4.0]], rtol=1e-6)  # a ray (0.75, 0, 1), of length 1.25
    for pixel in [(-1.0, 0.0), (320.0, 0.0), (0.0, 240.0)]:
        with pytest.raises(InputError, match=r"outside a picture of 320 x 240 px"):
            pixel_end(5.0, pixel, CAMERA)
