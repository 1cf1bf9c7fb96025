"""What we rely on in cv_bridge, message_filters and sensor_msgs_py, run against the stand-ins and upstream where it is.

The test's name says which of the two it ran against; one skip says which upstream packages are not installed here.
"""

import array

import cv2
import numpy as np
import pytest
from sensor_msgs.msg import CompressedImage, Image, PointCloud2, PointField
from std_msgs.msg import Header

from auxfocus_ros.ros import upstream

MODULES = ("cv_bridge", "message_filters", "sensor_msgs_py.point_cloud2")


def origins(name):
    return ["stand-in", "upstream"] if upstream.installed(name) else ["stand-in"]


@pytest.fixture(params=origins("cv_bridge"))
def cv_bridge(request):
    return upstream.load("cv_bridge", request.param)


@pytest.fixture(params=origins("message_filters"))
def filters(request):
    return upstream.load("message_filters", request.param)


@pytest.fixture(params=origins("sensor_msgs_py.point_cloud2"))
def point_cloud2(request):
    return upstream.load("sensor_msgs_py.point_cloud2", request.param)


def test_upstream_was_there():
    missing = [name for name in MODULES if not upstream.installed(name)]
    if missing:
        pytest.skip(f"the contract ran against the stand-ins alone for {', '.join(missing)}: not installed here")


def stamped(seconds):
    header = Header()
    header.stamp.sec, header.stamp.nanosec = divmod(round(seconds * 1e9), 10**9)
    return Image(header=header)


# cv_bridge


def test_passthrough_views_the_message(cv_bridge):
    message = Image(height=2, width=3, encoding="bgr8", step=9, data=array.array("B", range(18)))
    picture = cv_bridge.CvBridge().imgmsg_to_cv2(message)
    assert picture.shape == (2, 3, 3) and picture.dtype == np.uint8
    picture[0, 0, 0] = 77
    assert message.data[0] == 77


def test_padded_rows_are_left_out(cv_bridge):
    message = Image(height=2, width=3, encoding="mono8", step=5, data=array.array("B", [1, 2, 3, 0, 0, 4, 5, 6, 0, 0]))
    assert cv_bridge.CvBridge().imgmsg_to_cv2(message).tolist() == [[1, 2, 3], [4, 5, 6]]


# One pixel each, worked by hand: grey is 0.299 R + 0.587 G + 0.114 B; 8 bits to 16 is times 257, back is through 257.
CONVERSIONS = [
    ("rgb8", [10, 20, 30], "bgr8", [30, 20, 10]),
    ("bgra8", [1, 2, 3, 4], "bgr8", [1, 2, 3]),
    ("rgba8", [3, 2, 1, 4], "bgr8", [1, 2, 3]),
    ("mono8", [9], "bgr8", [9, 9, 9]),
    ("bgr8", [0, 0, 255], "mono8", 76),
    ("bgr8", [255, 0, 0], "mono8", 29),
    ("mono16", [257 * 50], "mono8", 50),
    ("mono16", [257 * 50], "bgr8", [50, 50, 50]),
    ("rgb16", [257, 514, 771], "bgr8", [3, 2, 1]),
    ("mono8", [50], "mono16", 50 * 257),
    ("16UC1", [1234], "32FC1", 1234.0),
]


@pytest.mark.parametrize(("source", "values", "target", "expected"), CONVERSIONS)
def test_conversions(cv_bridge, source, values, target, expected):
    bits = 16 if "16" in source else 8
    pixels = np.array([values * 4] * 4, np.uint16 if bits == 16 else np.uint8)  # a picture of 4 x 4
    message = Image(height=4, width=4, encoding=source, step=4 * len(values) * bits // 8)
    message.data = array.array("B", pixels.tobytes())
    picture = cv_bridge.CvBridge().imgmsg_to_cv2(message, target)
    assert picture[2, 2].tolist() == expected
    assert not np.shares_memory(picture, np.frombuffer(message.data, np.uint8))


def test_bayer_and_yuv_keep_flat_colours(cv_bridge):
    # A flat red under an RGGB mosaic: only the top left pixel of each 2 x 2 is lit.
    mosaic = np.zeros((8, 8), np.uint8)
    mosaic[::2, ::2] = 200
    message = Image(height=8, width=8, encoding="bayer_rggb8", step=8, data=array.array("B", mosaic.tobytes()))
    assert cv_bridge.CvBridge().imgmsg_to_cv2(message, "bgr8")[4, 4].tolist() == [0, 0, 200]
    # Luma 81, no red difference, no blue difference is grey (81 - 16) * 255 / 219 = 75.7.
    for encoding, pair in (("yuv422", [128, 81]), ("yuv422_yuy2", [81, 128])):
        message = Image(height=2, width=2, encoding=encoding, step=4, data=array.array("B", pair * 4))
        assert np.abs(cv_bridge.CvBridge().imgmsg_to_cv2(message, "bgr8").astype(int) - 76).max() <= 1


@pytest.mark.parametrize(("source", "target"), [("16UC1", "bgr8"), ("32FC1", "mono8"), ("8UC3", "rgb8"), ("x", "bgr8")])
def test_what_is_no_picture_is_refused(cv_bridge, source, target):
    message = Image(height=2, width=2, encoding=source, step=24, data=array.array("B", bytes(48)))
    with pytest.raises(cv_bridge.CvBridgeError):
        cv_bridge.CvBridge().imgmsg_to_cv2(message, target)
    assert issubclass(cv_bridge.CvBridgeError, TypeError)


def test_too_little_data_is_a_type_error(cv_bridge):
    with pytest.raises(TypeError):
        cv_bridge.CvBridge().imgmsg_to_cv2(Image(height=4, width=4, encoding="mono8", step=4, data=array.array("B", bytes(15))))


def test_messages_of_arrays(cv_bridge):
    bridge = cv_bridge.CvBridge()
    picture = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    message = bridge.cv2_to_imgmsg(picture)
    assert (message.encoding, message.height, message.width, message.step) == ("8UC3", 2, 4, 12)
    assert bytes(message.data) == picture.tobytes()
    header = Header(frame_id="camera")
    message = bridge.cv2_to_imgmsg(picture[..., 0].astype(np.float32), "32FC1", header)
    assert message.encoding == "32FC1" and message.header.frame_id == "camera" and message.step == 16
    with pytest.raises(cv_bridge.CvBridgeError):
        bridge.cv2_to_imgmsg(picture, "mono8")
    with pytest.raises(TypeError):
        bridge.cv2_to_imgmsg([[1, 2]])


def test_compressed_pictures(cv_bridge):
    bridge = cv_bridge.CvBridge()
    picture = np.full((16, 24, 3), (10, 100, 200), np.uint8)
    message = CompressedImage(format="png", data=array.array("B", cv2.imencode(".png", picture)[1].tobytes()))
    assert np.array_equal(bridge.compressed_imgmsg_to_cv2(message), picture)
    assert bridge.compressed_imgmsg_to_cv2(CompressedImage(format="jpeg", data=array.array("B", b"garbage"))) is None
    with pytest.raises(cv2.error):
        bridge.compressed_imgmsg_to_cv2(CompressedImage(format="jpeg"))
    back = bridge.compressed_imgmsg_to_cv2(bridge.cv2_to_compressed_imgmsg(picture))
    assert np.abs(back.astype(int) - picture).max() <= 4


# message_filters


def collected(synchronizer):
    sets = []
    synchronizer.registerCallback(lambda *messages: sets.append([m.header.stamp.nanosec // 1_000_000 for m in messages]))
    return sets


def test_callbacks_get_their_arguments(filters):
    source, heard = filters.SimpleFilter(), []
    assert source.registerCallback(lambda *args: heard.append(args), "a", 1) == 0
    assert source.registerCallback(lambda *args: heard.append(args)) == 1
    source.signalMessage("m")
    assert heard == [("m", "a", 1), ("m",)]


def test_a_spread_below_the_slop_matches_and_one_at_it_does_not(filters):
    a, b = filters.SimpleFilter(), filters.SimpleFilter()
    sets = collected(filters.ApproximateTimeSynchronizer([a, b], 5, 0.050))
    a.signalMessage(stamped(0.100))
    b.signalMessage(stamped(0.150))
    assert sets == []
    b.signalMessage(stamped(0.149))
    assert sets == [[100, 149]]


def test_the_nearest_queued_stamp_is_taken_and_older_ones_stay(filters):
    a, b = filters.SimpleFilter(), filters.SimpleFilter()
    sets = collected(filters.ApproximateTimeSynchronizer([a, b], 5, 0.050))
    for seconds in (0.100, 0.120, 0.140):
        a.signalMessage(stamped(seconds))
    b.signalMessage(stamped(0.125))
    b.signalMessage(stamped(0.126))
    b.signalMessage(stamped(0.127))
    assert sets == [[120, 125], [140, 126], [100, 127]]


def test_a_full_queue_drops_its_oldest_stamp(filters):
    a, b = filters.SimpleFilter(), filters.SimpleFilter()
    sets = collected(filters.ApproximateTimeSynchronizer([a, b], 2, 0.005))
    for seconds in (0.3, 0.2, 0.1):  # the queue is of stamps: the last to come is the oldest
        a.signalMessage(stamped(seconds))
    for seconds in (0.1, 0.2, 0.3):
        b.signalMessage(stamped(seconds))
    assert sets == [[200, 200], [300, 300]]


def test_the_approximate_one_drops_what_has_no_header(filters):
    a, b = filters.SimpleFilter(), filters.SimpleFilter()
    sets = collected(filters.ApproximateTimeSynchronizer([a, b], 2, 0.005))
    a.signalMessage(PointField())
    a.signalMessage(stamped(0.1))
    b.signalMessage(stamped(0.1))
    assert sets == [[100, 100]]


def test_the_exact_one_gives_equal_stamps_in_order(filters):
    a, b = filters.SimpleFilter(), filters.SimpleFilter()
    sets = collected(filters.TimeSynchronizer([a, b], 5))
    a.signalMessage(stamped(0.1))
    b.signalMessage(stamped(0.101))
    a.signalMessage(stamped(0.2))
    b.signalMessage(stamped(0.2))
    assert sets == [[200, 200]]
    with pytest.raises(AttributeError):
        filters.TimeSynchronizer([a, b], 5).add(PointField(), {}, 0)


class FakeNode:
    """Keeps what a subscription would be made of."""

    def create_subscription(self, *args, **kwargs):
        self.args, self.kwargs = args, kwargs
        return self

    topic_name = "/ns/points"


def test_subscriber(filters):
    node, heard = FakeNode(), []
    subscriber = filters.Subscriber(node, PointCloud2, "points", qos_profile=3, raw=False)
    subscriber.registerCallback(heard.append)
    assert node.args[:2] == (PointCloud2, "points")
    assert 3 in (*node.args, *node.kwargs.values()) and node.kwargs["raw"] is False
    assert subscriber.getTopic() == "points" and subscriber.sub is node and subscriber.topic_name == "/ns/points"
    node.args[2]("message")
    assert heard == ["message"]


# sensor_msgs_py


def fields(*triples):
    return [PointField(name=name, offset=offset, datatype=datatype, count=1) for name, offset, datatype in triples]


XYZI = (("x", 0, 7), ("y", 4, 7), ("z", 8, 7), ("intensity", 12, 2))


def test_points_view_the_message(point_cloud2):
    dtype = point_cloud2.dtype_from_fields(fields(*XYZI), 16)
    assert dtype.names == ("x", "y", "z", "intensity") and dtype.itemsize == 16
    points = np.zeros(3, dtype)
    points["z"] = [1, 2, 3]
    cloud = point_cloud2.create_cloud(Header(frame_id="lidar"), fields(*XYZI), points, 16)
    assert (cloud.width, cloud.height, cloud.point_step, cloud.row_step) == (3, 1, 16, 48)
    assert cloud.header.frame_id == "lidar" and not cloud.is_dense and not cloud.is_bigendian
    read = point_cloud2.read_points(cloud)
    assert read["z"].tolist() == [1, 2, 3] and read.dtype == dtype
    read["z"][0] = 9
    assert point_cloud2.read_points(cloud, ["z"])["z"].tolist() == [9, 2, 3]


def test_points_of_plain_numbers(point_cloud2):
    cloud = point_cloud2.create_cloud_xyz32(Header(), [(1, 2, 3), (4, 5, np.nan)])
    assert [field.name for field in cloud.fields] == ["x", "y", "z"]
    assert point_cloud2.read_points_numpy(cloud, ["x", "z"])[0].tolist() == [1, 3]
    assert len(point_cloud2.read_points(cloud, skip_nans=True)) == 1
    assert point_cloud2.read_points(cloud, uvs=[1])["y"].tolist() == [5]
    same = point_cloud2.create_cloud_xyz32(Header(), np.array([(1, 2, 3), (4, 5, np.nan)], np.float64))
    assert bytes(same.data) == bytes(cloud.data)
    with pytest.raises(ValueError):
        point_cloud2.create_cloud_xyz32(Header(), np.zeros((2, 4), np.float32))


def test_organised_points(point_cloud2):
    cloud = point_cloud2.create_cloud_xyz32(Header(), np.zeros((6, 3), np.float32))
    cloud.height, cloud.width, cloud.row_step = 2, 3, 36
    assert point_cloud2.read_points(cloud).shape == (6,)
    assert point_cloud2.read_points(cloud, reshape_organized_cloud=True).shape == (2, 3)


def test_fields_that_cannot_be(point_cloud2):
    cloud = point_cloud2.create_cloud_xyz32(Header(), [(1, 2, 3)])
    with pytest.raises(AssertionError):
        point_cloud2.read_points(cloud, ["w"])
    cloud.fields[1].name = "x"
    with pytest.raises(AssertionError):
        point_cloud2.read_points(cloud)
    cloud.fields[1].name, cloud.fields[1].count = "y", 0
    with pytest.raises(AssertionError):
        point_cloud2.read_points(cloud)
    cloud.fields[1].count, cloud.fields[1].datatype = 1, 99
    with pytest.raises(KeyError):
        point_cloud2.read_points(cloud)
