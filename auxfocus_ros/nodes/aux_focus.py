"""The node `aux_focus`: pictures and depth in, the auxiliary focus image out.

Callbacks pair what comes in by stamp and put the pair into a slot; one worker thread takes the newest pair, counts, draws and
publishes. Pictures that nobody looks at are not made, and while nobody listens to any output, nothing is subscribed to.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rclpy.time import Time
from sensor_msgs.msg import CompressedImage, Image
from std_srvs.srv import SetBool
from visualization_msgs.msg import MarkerArray

from auxfocus_interfaces.msg import FocusMarker, LensState
from auxfocus_ros.errors import AuxfocusError
from auxfocus_ros.ros.health import Meter
from auxfocus_ros.ros.managed_node import CommonParameters, ManagedNode
from auxfocus_ros.ros.parameters import parameter
from auxfocus_ros.ros.process import run_node
from auxfocus_ros.ros.qos import EVENT, PICTURE_OUT, STATE
from auxfocus_ros.ros.worker import LatestWorker
