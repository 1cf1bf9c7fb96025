"""Goals of `all_in_focus/capture` in, feedback and results out."""

from __future__ import annotations

import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sensor_msgs.msg import RegionOfInterest
from std_msgs.msg import Header

from auxfocus_interfaces.action import CaptureStack
from auxfocus_ros.allinfocus.live import Failure, Progress
from auxfocus_ros.errors import InputError
from auxfocus_ros.ros.capture_messages import (
    MOST_FRAMES,
    CaptureWish,
    make_depth,
    make_feedback,
    make_picture,
    make_result,
    read_goal,
    read_picture,
)
from auxfocus_ros.ros.images import make_image, read_image

GOAL = CaptureStack.Goal
STRATEGIES, FUSIONS = ("cover", "source"), ("focus", "pyramid")
any_float = st.floats(allow_nan=True, allow_infinity=True)
whole = st.integers(0, 2**32 - 1)
name = st.one_of(st.sampled_from(["", "cover", "positions", "focus"]), st.text(max_size=100))


@given(
    mode=st.integers(0, 255), strategy=name, fusion=name, positions_steps=st.lists(any_float, max_size=4),
    sides=st.tuples(whole, whole, whole, whole), max_frames=whole, max_duration_s=any_float,
    output_directory=st.text(max_size=80),
)  # fmt: skip
def test_any_goal_is_read_or_refused_in_one_line(**f: Any) -> None:
    roi = RegionOfInterest(**dict(zip(("x_offset", "y_offset", "width", "height"), f.pop("sides"), strict=True)))
    read = read_goal(SimpleNamespace(**f, roi=roi), STRATEGIES, FUSIONS)
    if isinstance(read, str):
        assert read and len(read.splitlines()) == 1 and len(read) < 1000
        return
    assert f["mode"] in (0, 1) and f["strategy"] in ("", *STRATEGIES, "positions") and f["fusion"] in ("", *FUSIONS)
    assert 0.0 <= read.max_duration_s < math.inf and 0 <= read.max_frames <= MOST_FRAMES
    assert (read.strategy == "positions") == bool(read.positions_steps) and all(map(math.isfinite, read.positions_steps))
    assert read.directory is None or read.directory.is_absolute()


def test_everything_that_is_wrong_is_said_at_once() -> None:
    goal = GOAL(mode=9, strategy="mag\nic", fusion="glue", positions_steps=[1.0], max_duration_s=-1.0, output_directory="here")
    text = read_goal(goal, STRATEGIES, FUSIONS)
    assert isinstance(text, str)
    for words in (
        "mode is 9, it must be one of 0 (static), 1 (dynamic)", "no strategy 'mag?ic', there are cover, source, positions",
        "no fusion 'glue', there are focus, pyramid", "positions_steps are for the strategy 'positions' alone",
        "max_duration_s is -1", "output_directory 'here' must be an absolute path",
    ):  # fmt: skip
        assert words in text


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"strategy": "positions"}, "has 0 positions"),
        ({"strategy": "positions", "positions_steps": [1.0] * 1001}, "has 1001 positions"),
        ({"strategy": "positions", "positions_steps": [1.0, math.nan]}, "must be finite"),
        ({"strategy": "positions", "positions_steps": [1.0], "mode": 1}, "for static captures"),
        ({"mode": 1, "output_directory": "/tmp/x"}, "a video is recorded from its topic"),
        ({"roi": RegionOfInterest(x_offset=3)}, "roi is 0 x 0 px"),
        ({"roi": RegionOfInterest(width=3)}, "it must have an area"),
    ],
)
def test_goals_that_cannot_be(fields: dict[str, Any], words: str) -> None:
    text = read_goal(GOAL(**fields), STRATEGIES, FUSIONS)
    assert isinstance(text, str) and words in text


def test_good_goals() -> None:
    assert read_goal(GOAL(), STRATEGIES, FUSIONS) == CaptureWish("static")
    goal = GOAL(
        mode=0, strategy="positions", positions_steps=[3.0, 1.0], max_frames=2**32 - 1, max_duration_s=2.5, fusion="pyramid",
        output_directory="/tmp/a/../b", roi=RegionOfInterest(x_offset=1, y_offset=2, width=3, height=4),
    )  # fmt: skip
    assert read_goal(goal, STRATEGIES, FUSIONS) == CaptureWish(
        "static", "positions", (3.0, 1.0), (1, 2, 3, 4), MOST_FRAMES, 2.5, "pyramid", Path("/tmp/a/../b")
    )
    assert read_goal(GOAL(mode=1, strategy="cover"), STRATEGIES, FUSIONS) == CaptureWish("dynamic", "cover")


@pytest.mark.parametrize(
    ("encoding", "shape", "dtype", "comes_back"),
    [
        ("mono8", (4, 6), np.uint8, "mono8"),
        ("bgr8", (4, 6, 3), np.uint8, "bgr8"),
        ("mono16", (4, 6), np.uint16, "mono16"),
        ("bgr16", (4, 6, 3), np.uint16, "bgr16"),
    ],
)
def test_pictures_keep_their_depth_and_channels(encoding: str, shape: Any, dtype: Any, comes_back: str) -> None:
    picture = np.random.default_rng(3).integers(0, np.iinfo(dtype).max, shape).astype(dtype)
    header = Header(frame_id="camera")
    read = read_picture(make_image(picture, encoding, header))
    np.testing.assert_array_equal(read, picture)
    message = make_picture(read, header)
    assert (message.encoding, message.header.frame_id) == (comes_back, "camera")


def test_other_encodings_become_the_nearest_kind() -> None:
    rgb = np.random.default_rng(3).integers(0, 65535, (4, 6, 3)).astype(np.uint16)
    np.testing.assert_array_equal(read_picture(make_image(rgb, "rgb16", Header())), rgb[..., ::-1])
    small = (rgb >> 8).astype(np.uint8)
    np.testing.assert_array_equal(read_picture(make_image(small, "rgb8", Header())), small[..., ::-1])
    with pytest.raises(InputError, match="no picture"):
        make_picture(np.zeros((4, 4), np.float32), Header())
    with pytest.raises(InputError, match="32FC1"):
        read_picture(make_image(np.zeros((4, 4), np.float32), "32FC1", Header()))


def test_progress_becomes_feedback_and_an_end_a_result() -> None:
    feedback = make_feedback(Progress((1, 2.5), 4, 0.5, 12.0))  # whole numbers end in floats
    assert list(feedback.positions_steps) == [1.0, 2.5]
    assert (feedback.next_position_steps, feedback.share_in_focus, feedback.frames_per_second) == (4.0, 0.5, 12.0)
    depth = make_depth(np.full((2, 3), 1.5, np.float32), Header())
    result = make_result(
        Failure.CANCELED, "stopped", positions_steps=[1, 2], share_in_focus=0.25, depth=depth, files=[Path("/tmp/a.png")]
    )
    assert (result.error_code, result.message, result.complete, result.share_in_focus) == (9, "stopped", False, 0.25)
    assert list(result.positions_steps) == [1.0, 2.0] and list(result.files) == ["/tmp/a.png"]
    assert len(result.image.data) == 0 and (read_image(result.depth)[0] == 1.5).all()
    assert math.isnan(make_result(Failure.INVALID_GOAL, "no").share_in_focus)


def test_the_numbers_of_failures_are_the_messages() -> None:
    for failure in Failure:
        assert getattr(CaptureStack.Result, f"ERROR_{failure.name}") == failure
