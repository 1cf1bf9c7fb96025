"""The two ends of each topic fit each other."""

import pytest
from rclpy.qos import QoSCompatibility, QoSProfile, qos_check_compatible

from auxfocus_ros.ros import qos

EVERY_TOOL = QoSProfile(depth=10)


@pytest.mark.parametrize(
    ("publisher", "subscriber"),
    [
        (qos.PICTURE_OUT, qos.PICTURE_IN),
        (qos.PICTURE_OUT, EVERY_TOOL),
        (qos.STATE, qos.STATE),
        (qos.STATE, EVERY_TOOL),
        (qos.EVENT, qos.EVENT),
        (EVERY_TOOL, qos.EVENT),
        (EVERY_TOOL, qos.PICTURE_IN),
        (qos.profile(reliable=False, depth=5), qos.PICTURE_IN),
    ],
)
def test_they_meet(publisher, subscriber):
    # A warning only says that the liveliness is left to the middleware.
    assert qos_check_compatible(publisher, subscriber)[0] != QoSCompatibility.ERROR


def test_what_does_not_meet_is_why_pictures_go_out_reliable():
    assert qos_check_compatible(qos.profile(reliable=False, depth=5), EVERY_TOOL)[0] == QoSCompatibility.ERROR
