"""Point cloud messages into structured arrays and back."""

import array
import types

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sensor_msgs.msg import PointCloud2, PointField
from std_msgs.msg import Header

from auxfocus_ros.errors import InputError
from auxfocus_ros.ros.clouds import make_cloud, read_cloud

FLOAT32, FLOAT64 = PointField.FLOAT32, PointField.FLOAT64
OUSTER = np.dtype(
    {
        "names": ["x", "y", "z", "intensity", "t", "ring"],
        "formats": ["<f4", "<f4", "<f4", "<f4", "<u4", "<u2"],
        "offsets": [0, 4, 8, 16, 20, 26],  # with gaps, as the driver writes them
        "itemsize": 48,
    }
)


def cloud(points, **changes):
    msg = make_cloud(np.asarray(points), Header(frame_id="lidar"))
    for name, value in changes.items():
        setattr(msg, name, value)
    return msg


def field(name, offset, datatype=FLOAT32, count=1):
    return PointField(name=name, offset=offset, datatype=datatype, count=count)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int32])
def test_xyz_round_trip(dtype):
    points = np.arange(12).reshape(4, 3).astype(dtype)
    msg = cloud(points)
    assert (msg.width, msg.height, msg.point_step, msg.row_step, msg.header.frame_id) == (4, 1, 12, 48, "lidar")
    read = read_cloud(msg)
    assert read.dtype.names == ("x", "y", "z") and np.array_equal(read.view("<f4").reshape(-1, 3), points)
    assert np.shares_memory(read, np.frombuffer(msg.data, np.uint8)), "copied"


def test_a_drivers_layout_round_trips_with_its_gaps():
    points = np.zeros(5, OUSTER)
    points["x"], points["t"], points["ring"] = 1.5, np.arange(5), 7
    msg = cloud(points)
    assert msg.point_step == 48 and [(f.name, f.offset, f.datatype) for f in msg.fields][-1] == ("ring", 26, PointField.UINT16)
    read = read_cloud(msg)
    assert read.dtype == OUSTER and np.array_equal(read, points)
    assert np.array_equal(read_cloud(cloud(points[::2])), points[::2])


def test_organised_clouds_and_padded_rows():
    points = np.arange(18, dtype=np.float32).reshape(6, 3)
    msg = cloud(points, height=2, width=3, row_step=36)
    assert np.array_equal(read_cloud(msg)["z"], points[:, 2])
    rows = np.full((2, 40), 99, np.uint8)
    rows[:, :36] = np.frombuffer(msg.data, np.uint8).reshape(2, 36)
    assert np.array_equal(read_cloud(cloud(points, height=2, width=3, row_step=40, data=rows.tobytes()))["z"], points[:, 2])


def test_messages_that_are_not_rclpys_are_read_too():
    points = np.ones((3, 3), np.float32)
    msg = cloud(points)
    names = ("height", "width", "fields", "is_bigendian", "point_step", "row_step")
    other = types.SimpleNamespace(**{name: getattr(msg, name) for name in names}, data=np.frombuffer(msg.data, np.uint8))
    assert np.array_equal(read_cloud(other)["y"], [1, 1, 1])


def test_single_points_may_be_nan():
    points = np.full((1000, 3), np.nan, np.float32)
    points[1] = 1  # where the quick look does not fall
    assert np.count_nonzero(np.isfinite(read_cloud(cloud(points))["x"])) == 1


XYZ = [field("x", 0), field("y", 4), field("z", 8)]
GOOD = [[1, 2, 3], [4, 5, 6]]
BAD = [
    ({"fields": XYZ[:2]}, "of 2 x 1 points has no field 'z'; x, y and z are wanted, there are: 'x', 'y'"),
    ({"fields": []}, "no field 'x'; .* there are: none"),
    ({"fields": [field("x", 0, FLOAT64), field("y", 0), field("z", 8)]}, "'x' is 1 x FLOAT64; one FLOAT32 is wanted"),
    ({"fields": [*XYZ[:2], field("z", 8, PointField.INT16)]}, "'z' is 1 x INT16"),
    ({"fields": [field("x", 0, FLOAT32, 2), *XYZ[1:]]}, "'x' is 2 x FLOAT32"),
    ({"fields": [*XYZ, field("rgb", 8, 0)]}, "'rgb' has the unknown datatype 0"),
    ({"fields": [*XYZ, field("rgb", 8, FLOAT32, 0)]}, "'rgb' has a count of 0"),
    ({"fields": [*XYZ, field("x", 8)]}, "'x' is there twice"),
    ({"fields": [*XYZ[:2], field("z", 9)]}, "'z' ends at byte 13 of a point, but point_step is 12"),
    ({"fields": [*XYZ, field("n", 0, 2, 2), field("n_1", 0, 2)]}, "fields cannot be read .*[Dd]uplicate"),
    ({"is_bigendian": True}, "big-endian"),
    ({"width": 0}, "empty .0 x 1"),
    ({"height": 0, "data": b""}, "empty"),
    ({"width": 3}, "row_step of 24 bytes is too small, 3 points of 12 bytes need 36"),
    ({"data": bytes(23)}, "23 bytes of data, but 1 rows of 24 bytes make 24"),
    ({"data": bytes(25)}, "25 bytes of data"),
    ({"height": 2}, "24 bytes of data, but 2 rows of 24 bytes make 48"),
    ({"data": np.full(6, np.nan, np.float32).tobytes()}, "not one has three finite coordinates"),
    ({"data": np.full(6, np.inf, np.float32).tobytes()}, "not one has three finite coordinates"),
]


@pytest.mark.parametrize(("changes", "text"), BAD)
def test_bad_clouds_say_what_is_wrong(changes, text):
    msg = cloud(np.array(GOOD, np.float32), **changes)
    before = bytes(msg.data)
    with pytest.raises(InputError, match=text) as error:
        read_cloud(msg)
    assert "\n" not in str(error.value)
    assert bytes(msg.data) == before


@pytest.mark.parametrize(
    "points",
    [
        np.zeros((3, 4)),
        np.zeros(3),
        np.zeros((2, 2), OUSTER),
        np.zeros(2, [("x", ">f4")]),
        np.zeros(2, [("x", "?")]),
        np.zeros(2, []),
    ],
)
def test_what_is_no_cloud(points):
    with pytest.raises(InputError):
        make_cloud(points, Header())


def test_an_empty_cloud_can_be_made():
    assert (make_cloud(np.zeros((0, 3)), Header()).width, len(make_cloud(np.zeros(0, OUSTER), Header()).data)) == (0, 0)


@st.composite
def cloud_messages(draw):
    """Messages that are right in some things and wrong in others."""
    names = draw(
        st.lists(st.sampled_from(["x", "y", "z", "intensity", "", "unnamed_field_3", "x_0"]) | st.text(max_size=3), max_size=5)
    )
    if draw(st.booleans()):
        names = ["x", "y", "z", *names]
    fields = []
    for i, name in enumerate(names):
        right = draw(st.integers(0, 9)) > 1
        datatype = FLOAT32 if right else draw(st.integers(0, 10))
        offset = 4 * i if right else draw(st.sampled_from([0, 1, 4 * i + 1, 2**32 - 1]))
        fields.append(field(name, offset, datatype, 1 if right else draw(st.sampled_from([0, 1, 2, 2**32 - 1]))))
    point_step = 4 * len(names) + draw(st.sampled_from([0, 0, 0, 4, -1, 2**31]))
    height, width = draw(st.integers(0, 3)), draw(st.integers(0, 4))
    row_step = min(max(0, point_step * width) + draw(st.sampled_from([0, 0, 0, 3, -1])), 2**32 - 1) if width else 0
    row_step = max(row_step, 0)
    length = max(0, min(height * row_step, 2000) + draw(st.sampled_from([0, 0, 0, 0, -1, 1])))
    pattern = draw(st.binary(min_size=1, max_size=12))
    return PointCloud2(
        height=height,
        width=width,
        fields=fields,
        is_bigendian=draw(st.integers(0, 9)) == 0,
        point_step=max(point_step, 0),
        row_step=row_step,
        data=array.array("B", (pattern * length)[:length]),
    )


@settings(deadline=None, max_examples=100)
@given(cloud_messages())
def test_no_message_raises_anything_else(msg):
    try:
        points = read_cloud(msg)
    except InputError as error:
        assert str(error) and "\n" not in str(error)
    else:
        assert points.shape == (msg.width * msg.height,) and points["x"].dtype == np.float32


@settings(deadline=None, max_examples=50)
@given(st.lists(st.tuples(*[st.floats(width=32, allow_nan=False, allow_infinity=False)] * 3), min_size=1, max_size=20))
def test_any_finite_points_round_trip(points):
    array_of = np.array(points, np.float32)
    assert np.array_equal(read_cloud(make_cloud(array_of, Header())).view("<f4").reshape(-1, 3), array_of)
