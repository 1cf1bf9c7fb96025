"""What `aux_focus` publishes, and who listens to it: what nobody listens to is not made.

The marker of an image goes out after the image, from the thread that publishes images, so that whoever hears the marker has the
image already.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
from sensor_msgs.msg import CompressedImage, Image
from visualization_msgs.msg import MarkerArray

from auxfocus_interfaces.msg import FocusMarker, FocusTargetArray
from auxfocus_ros.ros.images import make_compressed, make_image
from auxfocus_ros.ros.picture_publisher import PicturePublisher, PictureStatistics
from auxfocus_ros.ros.qos import EVENT, PICTURE_OUT
from auxfocus_ros.ros.stamps import to_ns

MARKERS_KEPT = 8

Output = Literal["image", "compressed", "unmarked", "distribution", "marker", "markers", "targets"]
IMAGES: tuple[Output, ...] = ("image", "compressed", "unmarked")


class FocusOutputs:
    """The publishers of one `aux_focus`. `add` and `picture_alone` are called by one thread, the worker's."""

    def __init__(self, node: Any, *, published: Callable[[Any], None], problem: Callable[[str, str], None]) -> None:
        """`published(header)` is called when an image is out, in the thread that publishes; `problem(code, text)` with what
        went wrong."""
        self._published = published
        self._markers: dict[int, FocusMarker] = {}
        self._image = PicturePublisher(
            node, "aux_focus/image", done=self._image_is_out, failed=lambda text: problem("publish", text)
        )
        create = node.create_publisher
        self._by_name: dict[Output, Any] = {
            "image": self._image,
            "compressed": create(CompressedImage, "aux_focus/image/compressed", PICTURE_OUT),
            "unmarked": create(CompressedImage, "aux_focus/unmarked/compressed", PICTURE_OUT),
            "distribution": create(Image, "aux_focus/distribution", PICTURE_OUT),
            "marker": create(FocusMarker, "aux_focus/focus_marker", EVENT),
            "markers": create(MarkerArray, "aux_focus/markers", EVENT),
            "targets": create(FocusTargetArray, "aux_focus/targets", EVENT),
        }

    @property
    def publishers(self) -> tuple[Any, ...]:
        """All of them, to be destroyed by the node."""
        return tuple(self._by_name.values())

    def listened_to(self, *outputs: Output) -> bool:
        """Whether anybody listens to one of these; without names, to anything."""
        return any(self._by_name[name].get_subscription_count() for name in outputs or self._by_name)

    def statistics(self) -> PictureStatistics:
        """Of the image."""
        return self._image.statistics()

    def picture_alone(self, message: Any, picture: Callable[[], np.ndarray], quality: int) -> None:
        """Pass a picture on as it came, and compressed where somebody listens."""
        if self.listened_to("image"):
            self._image.publish(message)
        for name in ("compressed", "unmarked"):
            if self.listened_to(name):
                self._by_name[name].publish(make_compressed(picture(), message.header, quality))

    def give_image(self, image: np.ndarray | None, marker: FocusMarker, header: Any) -> None:
        """Publish the image and then its marker; the marker alone where there is none, or nobody listens to it."""
        self._markers[to_ns(header.stamp)] = marker
        for stamp_ns in list(self._markers)[:-MARKERS_KEPT]:  # of images that were replaced before they went out
            self._markers.pop(stamp_ns, None)
        if image is not None and self.listened_to("image"):
            self._image.offer(image, "bgr8", header)
        else:
            self._image_is_out(header)

    def give_compressed(self, name: Literal["compressed", "unmarked"], image: np.ndarray, header: Any, quality: int) -> None:
        """Publish an image as JPEG."""
        self._by_name[name].publish(make_compressed(image, header, quality))

    def give_distribution(self, counts: np.ndarray, header: Any) -> None:
        """Publish the counts, (bins, columns) uint32, as 32SC1."""
        self._by_name["distribution"].publish(make_image(counts.view(np.int32), "32SC1", header))

    def give(self, name: Literal["markers", "targets"], message: Any) -> None:
        """Publish a message as it is."""
        self._by_name[name].publish(message)

    def _image_is_out(self, header: Any) -> None:
        self._published(header)
        marker = self._markers.pop(to_ns(header.stamp), None)
        if marker is not None:
            self._by_name["marker"].publish(marker)
