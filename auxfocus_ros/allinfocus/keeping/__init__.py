"""The frames of a capture, kept so that none is lost: on a shelf for the fusion, and in a folder as files."""

from auxfocus_ros.allinfocus.keeping.frame_folder import FrameFolder, NoRoomError
from auxfocus_ros.allinfocus.keeping.frame_shelf import FrameShelf, KeptFrame

__all__ = ["FrameFolder", "FrameShelf", "KeptFrame", "NoRoomError"]
