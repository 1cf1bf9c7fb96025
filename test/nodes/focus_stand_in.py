"""A stand-in for what the operator's page asks for beside the lens: `autofocus/run` and `aux_focus/select_target`.

Run as a process of its own. Autofocus 'once' succeeds after a moment; 'continuous' goes on until it is canceled. The target
selected is what was asked for; a point left of the picture is refused.
"""

from __future__ import annotations

import time
from typing import Any

import rclpy
from rclpy.action import ActionServer, CancelResponse
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.executors import MultiThreadedExecutor

from auxfocus_interfaces.action import Autofocus
from auxfocus_interfaces.msg import AutofocusStatus, FocusTarget
from auxfocus_interfaces.srv import SelectTarget
from auxfocus_ros.ros.qos import STATE


def main() -> None:
    rclpy.init()
    node = rclpy.create_node("autofocus")
    status = node.create_publisher(AutofocusStatus, "autofocus/status", STATE)

    def run(handle: Any) -> Autofocus.Result:
        mode = handle.request.mode
        status.publish(AutofocusStatus(mode=mode, state=AutofocusStatus.STATE_ESTIMATING, message="looking"))
        ends = time.monotonic() + (0.2 if mode == Autofocus.Goal.MODE_ONCE else 60.0)
        while time.monotonic() < ends and not handle.is_cancel_requested:
            time.sleep(0.02)
        status.publish(AutofocusStatus(mode=AutofocusStatus.MODE_OFF, state=AutofocusStatus.STATE_IDLE))
        if handle.is_cancel_requested:
            handle.canceled()
            return Autofocus.Result(reason=AutofocusStatus.REASON_CANCELED)
        handle.succeed()
        return Autofocus.Result(in_focus=True, message=f"in focus, region {handle.request.region}")

    def select(request: SelectTarget.Request, response: SelectTarget.Response) -> SelectTarget.Response:
        if request.mode == SelectTarget.Request.MODE_POINT and request.x_px < 0:
            response.error_code = SelectTarget.Response.ERROR_OUTSIDE_PICTURE
            response.message = f"column {request.x_px:g} is outside the picture"
            return response
        response.success = True
        response.target = FocusTarget(id=7, state=FocusTarget.STATE_TRACKED, label=f"mode {request.mode}", depth_m=2.5)
        return response

    ActionServer(
        node,
        Autofocus,
        "autofocus/run",
        execute_callback=run,
        cancel_callback=lambda _: CancelResponse.ACCEPT,
        callback_group=ReentrantCallbackGroup(),
    )
    node.create_service(SelectTarget, "aux_focus/select_target", select)
    executor = MultiThreadedExecutor(4)
    executor.add_node(node)
    executor.spin()


if __name__ == "__main__":
    main()
