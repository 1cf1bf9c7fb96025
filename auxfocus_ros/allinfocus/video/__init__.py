"""Video in which everything is sharp: every captured frame, focused somewhere, completes the fused frame before it.

`VideoFuser` is shown frames one by one. Importing this costs nothing: PyTorch is loaded at the first frame that needs it.
"""

from __future__ import annotations

from auxfocus_ros.allinfocus.video.fuser import BlendNetwork, FusedFrame, VideoFuser
from auxfocus_ros.allinfocus.video.options import VideoMethod, VideoOptions

__all__ = ["BlendNetwork", "FusedFrame", "VideoFuser", "VideoMethod", "VideoOptions"]
