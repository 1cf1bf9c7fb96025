"""Image messages into arrays and back."""

import array

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header

from auxfocus_ros.errors import InputError
from auxfocus_ros.ros.images import as_bgr, as_grey, make_compressed, make_image, read_compressed, read_depth, read_image

COLOURS = np.array([[[10, 20, 30], [200, 100, 50]], [[0, 0, 255], [255, 255, 255]]], np.uint8)  # (2, 2, 3), blue first
ENCODINGS = {
    "mono8": ("u1", 1),
    "8UC1": ("u1", 1),
    "bgr8": ("u1", 3),
    "8UC3": ("u1", 3),
    "rgb8": ("u1", 3),
    "bgra8": ("u1", 4),
    "rgba8": ("u1", 4),
    "8UC4": ("u1", 4),
    "mono16": ("u2", 1),
    "16UC1": ("u2", 1),
    "bgr16": ("u2", 3),
    "rgba16": ("u2", 4),
    "32FC1": ("f4", 1),
    "64FC2": ("f8", 2),
    "16SC1": ("i2", 1),
    **{f"bayer_{order}{bits}": (f"u{bits // 8}", 1) for order in ("rggb", "bggr", "gbrg", "grbg") for bits in (8, 16)},
    **dict.fromkeys(("yuv422", "uyvy", "yuv422_yuy2", "yuyv"), ("u1", 2)),
}
PICTURES = [name for name in ENCODINGS if name not in ("16UC1", "32FC1", "64FC2", "16SC1")]


def message(encoding, rows, width=2, height=2, **values):
    data = array.array("B", np.asarray(rows).tobytes())
    return Image(height=height, width=width, encoding=encoding, step=len(data) // max(height, 1), data=data, **values)


def padded(msg, extra):
    """The same picture with rows that are longer than their pixels."""
    rows = np.frombuffer(msg.data, np.uint8).reshape(-1, msg.step)
    filled = np.full((len(rows), msg.step + extra), 222, np.uint8)
    filled[:, : msg.step] = rows
    return Image(
        height=msg.height,
        width=msg.width,
        encoding=msg.encoding,
        is_bigendian=msg.is_bigendian,
        step=msg.step + extra,
        data=array.array("B", filled.tobytes()),
    )


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("extra", [0, 8])
def test_round_trip_of_every_encoding(encoding, extra):
    kind, channels = ENCODINGS[encoding]
    picture = np.random.default_rng(1).integers(0, 120, (6, 4, channels)[: 2 + (channels > 1)]).astype(kind)
    msg = make_image(picture, encoding, Header(frame_id="camera"))
    assert (msg.height, msg.width, msg.header.frame_id) == (6, 4, "camera")
    if extra:
        msg = padded(msg, extra)
    read, name = read_image(msg)
    assert name == encoding and read.dtype == kind and np.array_equal(read, picture)
    assert np.shares_memory(read, np.frombuffer(msg.data, np.uint8)), "copied"
    assert read.flags.writeable  # a view of the message's own array: rclpy gives each subscriber its own


@pytest.mark.parametrize("encoding", ["nv12", "nv21"])
def test_round_trip_of_planar_yuv(encoding):
    picture = np.random.default_rng(1).integers(0, 255, (6, 4), np.uint8)
    msg = make_image(picture, encoding, Header())
    assert (msg.height, msg.width, msg.step, len(msg.data)) == (4, 4, 4, 24)
    assert np.array_equal(read_image(msg)[0], picture)
    assert np.array_equal(as_grey(padded(msg, 3)), picture[:4])


@pytest.mark.parametrize("kind", ["u2", "f4"])
def test_big_endian_data(kind):
    picture = np.array([[1, 2], [3, 400]], kind)
    msg = message({"u2": "16UC1", "f4": "32FC1"}[kind], picture.astype(picture.dtype.newbyteorder(">")), is_bigendian=1)
    read, _ = read_image(msg)
    assert read.dtype.isnative and np.array_equal(read, picture)
    mono = message("mono16", np.full((2, 2), 257 * 9, ">u2"), is_bigendian=1)
    assert as_bgr(mono).tolist() == [[[9] * 3] * 2] * 2
    assert np.array_equal(read_image(message("bgr8", COLOURS, is_bigendian=1))[0], COLOURS)  # bytes have no order


def test_colours_by_hand():
    sources = {
        "bgr8": COLOURS,
        "8UC3": COLOURS,
        "rgb8": COLOURS[..., ::-1],
        "bgra8": np.dstack([COLOURS, np.full((2, 2), 7, np.uint8)]),
        "8UC4": np.dstack([COLOURS, np.full((2, 2), 7, np.uint8)]),
        "rgba8": np.dstack([COLOURS[..., ::-1], np.full((2, 2), 7, np.uint8)]),
        "bgr16": COLOURS.astype("u2") * 257,
        "rgb16": COLOURS[..., ::-1].astype("u2") * 257,
    }
    # 0.299 R + 0.587 G + 0.114 B: 8.97 + 11.74 + 1.14 = 21.85; 14.95 + 58.7 + 22.8 = 96.45; 76.245; 255
    grey = np.array([[22, 96], [76, 255]])
    for encoding, pixels in sources.items():
        for extra in (0, 5 * pixels.itemsize):
            msg = padded(message(encoding, pixels), extra)
            assert np.array_equal(as_bgr(msg), COLOURS), encoding
            assert np.abs(as_grey(msg).astype(int) - grey).max() <= 1, encoding
    assert np.shares_memory(as_bgr(msg := message("bgr8", COLOURS)), np.frombuffer(msg.data, np.uint8))
    assert np.shares_memory(as_grey(msg := message("mono8", grey.astype("u1"))), np.frombuffer(msg.data, np.uint8))
    assert as_bgr(message("mono8", grey.astype("u1")))[1, 0].tolist() == [76, 76, 76]


@pytest.mark.parametrize("order", ["rggb", "bggr", "gbrg", "grbg"])
@pytest.mark.parametrize("bits", [8, 16])
def test_a_flat_colour_comes_through_every_mosaic(order, bits):
    colour = {"r": 200, "g": 100, "b": 40}
    tile = np.array([colour[c] for c in order]).reshape(2, 2) * (257 if bits == 16 else 1)
    msg = message(f"bayer_{order}{bits}", np.tile(tile, (4, 4)).astype(f"u{bits // 8}"), 8, 8)
    assert as_bgr(msg)[4, 4].tolist() == [40, 100, 200]
    assert abs(int(as_grey(msg)[4, 4]) - 123) <= 1  # 59.8 + 58.7 + 4.56 = 123.06


@pytest.mark.parametrize("encoding", ["yuv422", "uyvy", "yuv422_yuy2", "yuyv", "nv12", "nv21"])
def test_yuv(encoding):
    # Red in BT.601 video range: Y = 81, U = 90, V = 240.
    y, u, v = 81, 90, 240
    if encoding in ("nv12", "nv21"):
        planes = np.full((6, 4), y, np.uint8)
        planes[4:] = [u, v, u, v] if encoding == "nv12" else [v, u, v, u]
        msg = make_image(planes, encoding, Header())
    else:
        pair = [y, u, y, v] if encoding in ("yuyv", "yuv422_yuy2") else [u, y, v, y]
        msg = message(encoding, np.array([pair * 2] * 4, np.uint8), 4, 4)
    assert np.abs(as_bgr(msg).astype(int) - (0, 0, 255)).max() <= 3
    assert np.all(as_grey(msg) == 81)


def test_depth():
    nan, inf = np.nan, np.inf
    stored = np.array([[1.5, 0, nan], [-2, inf, 3]], np.float32)
    said = []
    depth_m = read_depth(message("32FC1", stored, 3), on_problem=said.append)
    assert depth_m.dtype == np.float32 and depth_m.tolist() == [[1.5, 0, 0], [0, 0, 3]]
    assert said == ["1 of 6 depths are negative: they are taken as 'no reading'"]
    millimetres = message("16UC1", np.array([[0, 1500], [65535, 1]], np.uint16))
    assert np.allclose(read_depth(millimetres), [[0, 1.5], [65.535, 0.001]])
    assert np.allclose(read_depth(millimetres, unit_m=0.0002)[0], [0, 0.3])
    good = message("32FC1", np.ones((2, 2), np.float32))
    assert np.shares_memory(read_depth(good), np.frombuffer(good.data, np.uint8))


@pytest.mark.parametrize("pixels", [[[0, 0]], [[np.nan, np.nan]], [[-1, 0]], [[np.inf, -np.inf]], [[np.nan, -3]]])
def test_a_depth_image_without_a_reading(pixels):
    with pytest.raises(InputError, match="without one reading"):
        read_depth(message("32FC1", np.array(pixels, np.float32), 2, 1))


BAD = [
    (Image(encoding="purple12"), "encoding 'purple12' is not known; known are mono8, bgr8, .* 32FC1"),
    (Image(encoding="8UC0"), "not known"),
    (Image(encoding=""), "'' is not known"),
    (Image(encoding="bgr8"), "0 x 0 pixels in bgr8: neither side may be 0"),
    (Image(encoding="bgr8", width=4, height=2, step=11, data=[0] * 22), "a step of 11 bytes is too small, a row needs 12"),
    (Image(encoding="bgr8", width=4, height=2, step=12, data=[0] * 23), "23 bytes of data, but 2 rows of 12 bytes make 24"),
    (Image(encoding="bgr8", width=4, height=2, step=12, data=[0] * 25), "25 bytes of data"),
    (Image(encoding="nv12", width=4, height=2, step=4, data=[0] * 8), "8 bytes of data, but 3 rows of 4 bytes make 12"),
    (Image(encoding="nv12", width=3, height=2, step=3, data=[0] * 9), "both sides must be even"),
    (Image(encoding="yuyv", width=3, height=2, step=6, data=[0] * 12), "the width must be even"),
    (Image(encoding="16UC1", width=2, height=1, step=4, data=[1] * 4), "16UC1 is not a picture"),
]


@pytest.mark.parametrize(("msg", "text"), BAD)
def test_bad_pictures_say_what_is_wrong(msg, text):
    with pytest.raises(InputError, match=text) as error:
        as_bgr(msg)
    assert "\n" not in str(error.value)


def test_a_picture_is_no_depth_image():
    with pytest.raises(InputError, match="a depth image in 'bgr8': 16UC1"):
        read_depth(message("bgr8", COLOURS))


def test_arrays_that_do_not_fit():
    for picture, encoding, text in [
        (COLOURS, "mono8", r"\(2, 2, 3\) and type uint8 is not mono8, which is \(height, width\) of uint8"),
        (COLOURS[..., 0], "bgr8", "is not bgr8"),
        (COLOURS.astype(float), "bgr8", "float64"),
        (COLOURS[:0], "bgr8", "cannot be a picture"),
        (COLOURS[..., 0], "nv12", "cannot be a picture in nv12"),
        (COLOURS, "purple", "not known"),
    ]:
        with pytest.raises(InputError, match=text):
            make_image(picture, encoding, Header())


def test_slices_and_foreign_byte_order_are_written_right():
    assert bytes(make_image(COLOURS[:, ::-1], "bgr8", Header()).data) == COLOURS[:, ::-1].tobytes()
    big = np.array([[258]], ">u2")
    assert bytes(make_image(big, "16UC1", Header()).data) == b"\x02\x01"


def test_compressed_pictures():
    picture = cv2.GaussianBlur(np.random.default_rng(0).integers(0, 255, (64, 96, 3), np.uint8), (0, 0), 6)
    msg = make_compressed(picture, Header(frame_id="camera"), quality=95)
    assert msg.format == "bgr8; jpeg compressed bgr8" and msg.header.frame_id == "camera"
    read, encoding = read_compressed(msg)
    assert encoding == "bgr8" and np.abs(read.astype(int) - picture).mean() < 2
    assert np.array_equal(as_bgr(msg), read)
    grey = make_compressed(picture[..., 0], Header())
    assert read_compressed(grey)[1] == "mono8" and as_bgr(grey).shape == (64, 96, 3) and as_grey(grey).shape == (64, 96)
    assert len(make_compressed(picture, Header(), quality=20).data) < len(msg.data)


def test_compressed_png_with_alpha_and_16_bits():
    for stored, encoding in [(np.dstack([COLOURS, COLOURS[..., 0]]), "bgra8"), (COLOURS.astype("u2") * 257, "bgr16")]:
        msg = CompressedImage(format="png", data=array.array("B", cv2.imencode(".png", stored)[1].tobytes()))
        assert read_compressed(msg)[1] == encoding
        assert np.array_equal(as_bgr(msg), COLOURS)


@pytest.mark.parametrize(
    ("fmt", "data", "text"),
    [("jpeg", b"", "is empty"), ("jpeg", b"garbage", "not a picture"), ("16UC1; compressedDepth png", b"xx", "compressed depth")],
)
def test_bad_compressed_pictures(fmt, data, text):
    with pytest.raises(InputError, match=text):
        as_bgr(CompressedImage(format=fmt, data=array.array("B", data)))


def test_opencv_says_nothing_of_its_own(capfd):
    with pytest.raises(InputError):
        as_bgr(CompressedImage(format="png", data=array.array("B", b"\x89PNG\r\n\x1a\n" + bytes(50))))
    assert capfd.readouterr().err == ""


def test_what_cannot_be_compressed():
    for picture, quality in [(COLOURS.astype(float), 80), (COLOURS[:0], 80), (COLOURS, 0), (COLOURS, 101), (COLOURS[0, 0], 80)]:
        with pytest.raises(InputError):
            make_compressed(picture, Header(), quality)


@st.composite
def image_messages(draw):
    """Messages that are right in some things and wrong in others."""
    encoding = draw(st.sampled_from([*ENCODINGS, "nv12", "nv21", "8UC999", "8UC1000", "32SC1"]) | st.text(max_size=8))
    height, width = draw(st.integers(0, 9)), draw(st.integers(0, 9))
    kind, channels = ENCODINGS.get(encoding, ("u1", 1))
    step = width * channels * np.dtype(kind).itemsize + draw(st.sampled_from([0, 0, 0, 1, 7, 2**31]))
    rows = height * 3 // 2 if encoding.startswith("nv") else height
    length = max(0, min(rows * step, 4000) + draw(st.sampled_from([0, 0, 0, 0, -1, 1, 50])))
    pattern = draw(st.binary(min_size=1, max_size=16))
    data = array.array("B", (pattern * length)[:length])
    return Image(height=height, width=width, encoding=encoding, step=step, is_bigendian=draw(st.integers(0, 255)), data=data)


@settings(deadline=None, max_examples=100)
@given(image_messages())
def test_no_message_raises_anything_else(msg):
    for read, checked in (
        (read_image, lambda result: isinstance(result[0], np.ndarray)),
        (as_bgr, lambda picture: picture.shape == (msg.height, msg.width, 3) and picture.dtype == np.uint8),
        (as_grey, lambda picture: picture.shape == (msg.height, msg.width) and picture.dtype == np.uint8),
        (
            read_depth,
            lambda depth: depth.dtype == np.float32 and np.isfinite(depth).all() and depth.min() >= 0 and depth.max() > 0,
        ),
    ):
        try:
            assert checked(read(msg)), read
        except InputError as error:
            assert str(error) and "\n" not in str(error)


@settings(deadline=None, max_examples=50)
@given(
    st.binary(max_size=200),
    st.sampled_from([b"", b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n", b"BM", b"P6\n9999999 9999999\n255\n"]),
)
def test_no_compressed_message_raises_anything_else(data, magic):
    try:
        assert as_bgr(CompressedImage(format="jpeg", data=array.array("B", magic + data))).ndim == 3
    except InputError as error:
        assert str(error) and "\n" not in str(error)


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(PICTURES), st.integers(1, 6), st.integers(1, 6), st.integers(0, 9))
def test_good_pictures_always_come_through(encoding, half_height, half_width, extra):
    kind, channels = ENCODINGS[encoding]
    shape = (2 * half_height, 2 * half_width, channels)[: 2 + (channels > 1)]
    msg = padded(make_image(np.full(shape, 100, kind), encoding, Header()), extra)
    assert as_bgr(msg).shape == (*shape[:2], 3)
    assert as_grey(msg).shape == shape[:2]
