"""Continuous focus: a target that moves is kept sharp, by its depth, by the picture alone, or by both.

`Follower` is told with every frame where the lens stood and what was seen, and says where the lens should go now. It knows
neither ROS nor a clock; what drives it is a node, or a simulation.
"""

from auxfocus_ros.autofocus.following.follower import Follower
from auxfocus_ros.autofocus.following.options import FollowerOptions, FollowSetup
from auxfocus_ros.autofocus.following.wish import FrameFollower, Wish

__all__ = ["FollowSetup", "Follower", "FollowerOptions", "FrameFollower", "Wish"]
