"""A client that knows ROS and auxfocus_interfaces, and nothing of our Python: run by test_stranger.py in a process of its own.

Moves the lens to a distance, waits for a focus marker that shows it, and prints what it saw as one line of JSON.
Usage: stranger.py DISTANCE_M
"""

import json
import sys
import time

import rclpy
from rclpy.action import ActionClient

from auxfocus_interfaces.action import MoveLens
from auxfocus_interfaces.msg import FocusMarker

TIMEOUT_S = 40.0


def main() -> None:
    distance_m = float(sys.argv[1])
    rclpy.init()
    node = rclpy.create_node("stranger")
    ends = time.monotonic() + TIMEOUT_S
    markers: list[FocusMarker] = []
    feedback = []
    node.create_subscription(FocusMarker, "aux_focus/focus_marker", markers.append, 10)
    client = ActionClient(node, MoveLens, "lens/move")

    def wait(condition, what):  # type: ignore[no-untyped-def]
        while not condition():
            if time.monotonic() > ends:
                sys.exit(f"waited {TIMEOUT_S:g} s for {what}")
            rclpy.spin_once(node, timeout_sec=0.05)

    wait(client.server_is_ready, "the action server lens/move")
    wait(lambda: markers, "a focus marker")
    before = markers[-1]

    goal = MoveLens.Goal(by=MoveLens.Goal.BY_DISTANCE, value=distance_m)
    sent = client.send_goal_async(goal, feedback.append)
    wait(sent.done, "the acceptance of the goal")
    answer = sent.result().get_result_async()
    wait(answer.done, "the result of the goal")
    result = answer.result().result

    markers.clear()
    wait(lambda: any(m.focus_distance_m == result.focus_distance_m for m in markers), "a marker of the new focus")
    after = next(m for m in markers if m.focus_distance_m == result.focus_distance_m)
    report = {
        "error_code": result.error_code,
        "focus_distance_m": result.focus_distance_m,
        "feedback": len(feedback),
        "focus_px_before": before.focus_px,
        "focus_px": after.focus_px,
        "near_limit_m": after.near_limit_m,
        "far_limit_m": after.far_limit_m,
        "axis_depth_m": list(after.axis_depth_m),
        "image_height_px": after.image_height_px,
        "points": after.points_inside + after.points_nearer + after.points_farther,
        "modules_of_ours": sorted(name for name in sys.modules if name.split(".")[0] == "auxfocus_ros"),
    }
    print(json.dumps(report))


if __name__ == "__main__":
    main()
