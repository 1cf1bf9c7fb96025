"""One frame in, one row out: depth, focus, targets, sharpness, and what autofocus says of it.

`FrameAnalyst` does with each frame of a stream what the live graph does with it, and writes down what came of it.
"""

from auxfocus_ros.analysis.frame.analyst import FrameAnalyst

__all__ = ["FrameAnalyst"]
