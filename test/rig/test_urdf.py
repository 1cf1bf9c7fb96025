"""URDF files: their frames against numbers worked out by hand and against MuJoCo's own reader, and what is refused."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auxfocus_ros.errors import ConfigurationError, InputError
from auxfocus_ros.rig.urdf import Robot, load_urdf, parse_urdf, shipped_urdfs, urdf_path

GIMBAL = load_urdf("pan_tilt_gimbal")
OPTICAL = "camera_optical_frame"
LIMIT = '<limit lower="-1" upper="1" velocity="2" effort="3"/>'
# A chain with every kind of joint, turned and shifted at each, and a branch.
ARM = f"""
<robot name="arm">
  <link name="base"/><link name="turret"/><link name="slide"/><link name="wheel"/><link name="hand"/><link name="mast"/>
  <joint name="yaw" type="revolute">
    <parent link="base"/><child link="turret"/><origin xyz="0.1 0.2 0.3" rpy="0.4 -0.5 0.6"/><axis xyz="1 2 2"/>{LIMIT}
  </joint>
  <joint name="reach" type="prismatic">
    <parent link="turret"/><child link="slide"/><origin xyz="0 0.5 0" rpy="-1 0.2 0.3"/><axis xyz="0 1 0"/>{LIMIT}
  </joint>
  <joint name="roll" type="continuous">
    <parent link="slide"/><child link="wheel"/><origin rpy="0 0 1.5"/><axis xyz="0 -1 1"/>
  </joint>
  <joint name="grip" type="fixed"><parent link="wheel"/><child link="hand"/><origin xyz="0 0 0.1" rpy="1 1 1"/></joint>
  <joint name="stay" type="fixed"><parent link="base"/><child link="mast"/><origin xyz="0 0 2"/></joint>
</robot>
"""
ARM_ROBOT = parse_urdf(ARM, "arm.urdf")
angles = st.floats(-3.0, 3.0)
arm_frames = st.sampled_from(sorted(ARM_ROBOT.links))
arm_positions = st.fixed_dictionaries({"yaw": angles, "reach": angles, "roll": angles})


def at(pan_rad: float, tilt_rad: float) -> dict[str, float]:
    return {"pan_joint": pan_rad, "tilt_joint": tilt_rad}


# --- the shipped gimbal ------------------------------------------------------------------------------------------------------


def test_the_shipped_gimbal_is_what_the_graph_names() -> None:
    assert shipped_urdfs() == ["pan_tilt_gimbal"]
    assert GIMBAL.root == "base_link"
    assert [joint.name for joint in GIMBAL.moving_joints] == ["pan_joint", "tilt_joint"]
    frames = {"camera_link", OPTICAL, "lidar_gimbal_link", "lidar_base_link", "rangefinder_link", "depth_base_optical_frame"}
    assert frames <= set(GIMBAL.links)
    pan, tilt = GIMBAL.moving_joints
    assert (pan.lower, pan.upper, pan.max_speed, pan.max_effort) == (-2.8, 2.8, 3.0, 0.6)
    assert (tilt.lower, tilt.upper, tilt.max_speed, tilt.max_effort) == (-0.7, 1.6, 3.0, 0.6)


def test_at_zero_the_camera_looks_along_x() -> None:
    # The pan joint hangs 0.03 m below the base, tilt 0.06 m below it, the camera 0.03 m in front: (0.03, 0, -0.09). The picture's
    # right (x) is the base's -y, its down (y) is -z, forward (z) is x.
    base_from_optical = GIMBAL.transform("base_link", OPTICAL, at(0.0, 0.0))
    wanted = [[0, 0, 1, 0.03], [-1, 0, 0, 0], [0, -1, 0, -0.09], [0, 0, 0, 1]]
    np.testing.assert_allclose(base_from_optical.as_matrix(), wanted, atol=1e-15)


def test_pan_to_the_left_and_tilt_down() -> None:
    # Pan 90 degrees to the left: forward is +y, the camera is 0.03 m to the left of the axis.
    left = GIMBAL.transform("base_link", OPTICAL, at(math.pi / 2, 0.0))
    np.testing.assert_allclose(left.apply(np.array([[0.0, 0, 10]]))[0], [0, 10.03, -0.09], atol=1e-12)
    # Tilt 30 degrees down: forward is (cos 30, 0, -sin 30) = (0.8660254, 0, -0.5); the camera is at 0.03 m along it.
    down = GIMBAL.transform("base_link", OPTICAL, at(0.0, math.pi / 6))
    np.testing.assert_allclose(down.translation_m, [0.03 * 0.8660254037844387, 0, -0.09 - 0.015], atol=1e-12)
    np.testing.assert_allclose(down.rotation[:, 2], [0.8660254037844387, 0, -0.5], atol=1e-12)
    # Both: the same, turned to the left.
    both = GIMBAL.transform("base_link", OPTICAL, at(math.pi / 2, math.pi / 6))
    np.testing.assert_allclose(both.rotation[:, 2], [0, 0.8660254037844387, -0.5], atol=1e-12)


def test_extrinsics_of_both_mounts() -> None:
    # On the gimbal the lidar is 0.01 m behind the camera and 0.045 m above it, whatever the joints do. 10 m ahead of the lidar is
    # 0.045 m above the picture's middle (y down: -0.045) at a depth of 9.99 m.
    for pan, tilt in ((0.0, 0.0), (1.3, -0.6)):
        riding = GIMBAL.transform(OPTICAL, "lidar_gimbal_link", at(pan, tilt))
        np.testing.assert_allclose(riding.apply(np.array([[10.0, 0, 0]]))[0], [0, -0.045, 9.99], atol=1e-12)
    assert GIMBAL.joints_between(OPTICAL, "lidar_gimbal_link") == ()
    # Fixed to the base it is 0.12 m above and 0.05 m in front of it: 10 m ahead of it is (10.05, 0, 0.12). With the camera turned
    # 90 degrees to the left, that is 10.05 m to the right, 0.12 + 0.09 = 0.21 m up, 0.03 m behind.
    fixed = GIMBAL.transform(OPTICAL, "lidar_base_link", at(math.pi / 2, 0.0))
    np.testing.assert_allclose(fixed.apply(np.array([[10.0, 0, 0]]))[0], [10.05, -0.21, -0.03], atol=1e-12)
    assert [joint.name for joint in GIMBAL.joints_between(OPTICAL, "lidar_base_link")] == ["tilt_joint", "pan_joint"]
    assert [joint.name for joint in GIMBAL.joints_between("base_link", OPTICAL)] == ["pan_joint", "tilt_joint"]


def test_fixed_frames_need_no_joint_positions() -> None:
    np.testing.assert_allclose(GIMBAL.transform("base_link", "lidar_base_link", {}).translation_m, [0.05, 0, 0.12])
    np.testing.assert_allclose(GIMBAL.transform("lidar_base_link", "base_link", {}).translation_m, [-0.05, 0, -0.12])
    np.testing.assert_allclose(GIMBAL.transform("pan_link", "tilt_link", {"tilt_joint": 0.0}).translation_m, [0, 0, -0.06])
    np.testing.assert_array_equal(GIMBAL.transform(OPTICAL, OPTICAL, {}).as_matrix(), np.eye(4))


def test_what_tilts_balances_on_its_axis_and_inertias_are_those_of_bodies() -> None:
    moments = np.zeros(3)
    for name in ("tilt_link", "camera_link"):
        link = GIMBAL.links[name]
        moments += link.mass_kg * GIMBAL.transform("tilt_link", name, {}).apply(link.centre_m[None])[0]
    np.testing.assert_allclose(moments, 0.0, atol=1e-15)  # 0.3 kg * 0.01 m in front, 0.1 kg * 0.03 m behind
    assert GIMBAL.links["camera_link"].mass_kg == 0.3
    assert {name for name, link in GIMBAL.links.items() if link.mass_kg} == {"pan_link", "tilt_link", "camera_link"}
    for link in GIMBAL.links.values():
        a, b, c = np.linalg.eigvalsh(link.inertia)
        assert a >= 0.0 and c <= a + b  # no body has a moment above the sum of the others


def test_inertia_is_turned_into_the_links_axes() -> None:
    robot = parse_urdf(
        '<robot name="r"><link name="a"><inertial><origin xyz="1 2 3" rpy="0 0 1.5707963267948966"/><mass value="2"/>'
        '<inertia ixx="1" iyy="2" izz="3" ixy="0.1" ixz="0" iyz="0"/></inertial></link></robot>',
        "r",
    )
    # A quarter turn about z takes x to y and y to -x: the moments of x and y change places, ixy its sign.
    np.testing.assert_allclose(robot.links["a"].inertia, [[2, -0.1, 0], [-0.1, 1, 0], [0, 0, 3]], atol=1e-12)
    np.testing.assert_allclose(robot.links["a"].centre_m, [1, 2, 3])


# --- any robot ---------------------------------------------------------------------------------------------------------------


def test_order_of_the_moving_joints_is_from_the_root_outward() -> None:
    joints = '<joint name="{0}" type="continuous"><parent link="{1}"/><child link="{2}"/><axis xyz="0 0 1"/></joint>'
    text = "".join(joints.format(*names) for names in (("last", "b", "c"), ("first", "a", "b"), ("other", "a", "d")))
    robot = parse_urdf(f'<robot name="r"><link name="d"/><link name="c"/><link name="b"/><link name="a"/>{text}</robot>', "r")
    assert [joint.name for joint in robot.moving_joints] == ["first", "last", "other"]
    assert robot.root == "a"


def test_axes_have_length_one_and_x_where_nothing_is_said() -> None:
    np.testing.assert_allclose(ARM_ROBOT.joints["yaw"].axis, [1 / 3, 2 / 3, 2 / 3])
    text = '<robot name="r"><link name="a"/><link name="b"/><joint name="j" type="continuous"><parent link="a"/><child link="b"/>'
    robot = parse_urdf(text + "</joint></robot>", "r")
    np.testing.assert_array_equal(robot.joints["j"].axis, [1, 0, 0])
    assert (robot.joints["j"].lower, robot.joints["j"].upper, robot.joints["j"].max_speed) == (-math.inf, math.inf, math.inf)
    # A quarter turn about x takes y to z.
    moved = robot.transform("a", "b", {"j": math.pi / 2}).apply(np.array([[0.0, 1, 0]]))
    np.testing.assert_allclose(moved, [[0, 0, 1]], atol=1e-15)


@settings(deadline=None)
@given(arm_frames, arm_frames, arm_frames, arm_positions)
def test_ways_compose_and_lead_back(a: str, b: str, c: str, positions: dict[str, float]) -> None:
    a_from_c = ARM_ROBOT.transform(a, c, positions)
    by_way_of_b = ARM_ROBOT.transform(a, b, positions).compose(ARM_ROBOT.transform(b, c, positions))
    np.testing.assert_allclose(by_way_of_b.as_matrix(), a_from_c.as_matrix(), atol=1e-12)
    back = ARM_ROBOT.transform(c, a, positions)
    np.testing.assert_allclose(back.as_matrix(), a_from_c.inverse().as_matrix(), atol=1e-12)
    # The joints that are said to be needed are enough, and each one is needed.
    needed = {joint.name: positions[joint.name] for joint in ARM_ROBOT.joints_between(a, c)}
    np.testing.assert_array_equal(ARM_ROBOT.transform(a, c, needed).as_matrix(), a_from_c.as_matrix())
    for name in needed:
        with pytest.raises(InputError, match=f"no position of the joint '{name}'"):
            ARM_ROBOT.transform(a, c, {other: value for other, value in needed.items() if other != name})


def mujoco_model(text: str) -> Any:
    """The URDF as MuJoCo reads it, with every link kept as a body."""
    import mujoco

    head = text.index(">", text.index("<robot ")) + 1
    options = '<mujoco><compiler fusestatic="false" discardvisual="true"/></mujoco>'
    return mujoco.MjModel.from_xml_string(text[:head] + options + text[head:])


def with_masses(text: str) -> str:
    """MuJoCo wants every body that moves to have a mass."""
    inertial = '<inertial><mass value="1"/><inertia ixx="1" iyy="1" izz="1" ixy="0" ixz="0" iyz="0"/></inertial>'
    for name in ("turret", "slide", "wheel"):
        text = text.replace(f'<link name="{name}"/>', f'<link name="{name}">{inertial}</link>')
    return text


@pytest.mark.parametrize("which", ["gimbal", "arm"])
def test_mujocos_own_reader_puts_every_link_at_the_same_place(which: str) -> None:
    mujoco = pytest.importorskip("mujoco")
    text = urdf_path("pan_tilt_gimbal").read_text() if which == "gimbal" else with_masses(ARM)
    robot = parse_urdf(text, which)
    model = mujoco_model(text)
    data = mujoco.MjData(model)
    names = [joint.name for joint in robot.moving_joints]
    addresses = [int(model.joint(name).qposadr[0]) for name in names]
    random = np.random.default_rng(7)
    for _ in range(20):
        values = random.uniform(-3.0, 3.0, len(names))
        data.qpos[addresses] = values
        mujoco.mj_kinematics(model, data)
        positions = dict(zip(names, values.tolist(), strict=True))
        for frame in robot.links:
            root_from_frame = robot.transform(robot.root, frame, positions)
            body = data.body(frame)
            np.testing.assert_allclose(root_from_frame.translation_m, body.xpos, rtol=0, atol=1e-9)
            np.testing.assert_allclose(root_from_frame.rotation, body.xmat.reshape(3, 3), rtol=0, atol=1e-9)


def test_a_mimicking_joint_follows_and_may_be_given_itself() -> None:
    mimic = '<mimic joint="yaw" multiplier="-2" offset="0.1"/></joint>'
    robot = parse_urdf(ARM.replace('<axis xyz="0 -1 1"/>\n  </joint>', f'<axis xyz="0 -1 1"/>\n  {mimic}'), "arm")
    assert [joint.name for joint in robot.moving_joints] == ["yaw", "reach"]
    assert [joint.name for joint in robot.joints_between("slide", "hand")] == ["yaw"]
    wanted = ARM_ROBOT.transform("slide", "hand", {"roll": -2 * 0.7 + 0.1})
    np.testing.assert_allclose(robot.transform("slide", "hand", {"yaw": 0.7}).as_matrix(), wanted.as_matrix(), atol=1e-15)
    given = robot.transform("slide", "hand", {"yaw": 0.7, "roll": -1.3})
    np.testing.assert_allclose(given.as_matrix(), wanted.as_matrix(), atol=1e-15)
    with pytest.raises(InputError, match="no position of the joint 'yaw'"):
        robot.transform("slide", "hand", {})


def test_frames_and_positions_that_are_not_there() -> None:
    with pytest.raises(InputError, match=r"robot 'arm' has no frame 'world': its frames are base, turret"):
        ARM_ROBOT.transform("base", "world", {})
    with pytest.raises(InputError, match="no frame 'world'"):
        ARM_ROBOT.joints_between("world", "base")
    with pytest.raises(InputError, match=r"no position of the joint 'yaw': given are roll"):
        ARM_ROBOT.transform("base", "turret", {"roll": 1.0})
    for value in (math.nan, math.inf):
        with pytest.raises(InputError, match=f"position of the joint 'yaw' is {value}"):
            ARM_ROBOT.transform("base", "turret", {"yaw": value})


# --- what users' files contain -----------------------------------------------------------------------------------------------


def test_what_belongs_to_others_is_passed_over() -> None:
    text = """<?xml version="1.0" encoding="ISO-8859-1"?>
    <!-- a camera on a pole: exported --><robot name="r" version="1.0">
      <mujoco><compiler meshdir="m"/></mujoco><material name="grey"><color rgba="1 1 1 1"/></material>
      <link name="a"><visual><geometry><mesh filename="package://none/such.stl" scale="nan 1 1"/></geometry></visual>
        <collision><geometry><sphere radius="-1"/></geometry></collision></link>
      <link name="b"/>
      <joint name="j" type="revolute"><parent link="a"/><child link="b"/><axis xyz="0 0 1"/>
        <limit effort="10" velocity="1"/><safety_controller k_velocity="1"/><calibration rising="0"/></joint>
      <transmission name="t"><joint name="j"><hardwareInterface>E</hardwareInterface></joint></transmission>
      <gazebo reference="a"><sensor name="s" type="depth"/></gazebo>
      <ros2_control name="c" type="system"><joint name="j"/></ros2_control>
    </robot>"""
    robot = parse_urdf(text, "r")
    assert (set(robot.links), set(robot.joints)) == ({"a", "b"}, {"j"})
    assert (robot.joints["j"].lower, robot.joints["j"].upper) == (0.0, 0.0)  # as the format has it


def test_a_file_with_a_byte_order_mark_and_a_relative_path(tmp_path: Path) -> None:
    (tmp_path / "arm.urdf").write_text("\ufeff" + ARM.strip(), encoding="utf-8")
    robot = load_urdf(tmp_path / "arm.urdf")
    assert (robot.name, robot.source) == ("arm", str(tmp_path / "arm.urdf"))


def test_files_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"no URDF 'gimbal': shipped are pan_tilt_gimbal; a path must end in"):
        load_urdf("gimbal")
    with pytest.raises(ConfigurationError, match=r"none\.urdf cannot be read: No such file"):
        load_urdf(tmp_path / "none.urdf")
    (tmp_path / "latin.urdf").write_bytes('<robot name="ä"/>'.encode("latin-1"))
    with pytest.raises(ConfigurationError, match="not UTF-8"):
        load_urdf(tmp_path / "latin.urdf")
    with pytest.raises(ConfigurationError, match=r"is xacro: expand it first \(xacro arm.urdf.xacro > arm.urdf\)"):
        load_urdf("somewhere/arm.urdf.xacro")


def changed(old: str, new: str) -> str:
    assert old in ARM
    return ARM.replace(old, new, 1)


def linked(*joints: tuple[str, str], links: str = "abc") -> str:
    text = "".join(f'<link name="{name}"/>' for name in links)
    for number, (parent, child) in enumerate(joints):
        text += f'<joint name="j{number}" type="fixed"><parent link="{parent}"/><child link="{child}"/></joint>'
    return f'<robot name="r">{text}</robot>'


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "here.urdf line 1: not XML: no element found"),
        ("<robot>", "line 1: not XML"),
        ('<robot name="r"><link name="a"></robot>', "line 1: not XML: mismatched tag"),
        ('<mujoco model="r"/>', "outermost element is <mujoco>"),
        ('<robot><link name="a"/></robot>', "<robot> has no name"),
        ('<robot name="r"/>', "robot 'r' has no link"),
        ('<robot name="r"><xacro:macro name="m"/><link name="a"/></robot>', "elements of xacro (<xacro:macro>)"),
        ('<!DOCTYPE robot><robot name="r"><link name="a"/></robot>', "it has a <!DOCTYPE>"),
        ('<robot name="r"><link/></robot>', "<link> has no name"),
        ('<robot name="r"><link name="a"/><link name="a"/></robot>', "two links 'a'"),
        (changed('name="stay"', 'name="grip"'), "two joints 'grip'"),
        (changed('name="stay" ', ""), "<joint> has no name"),
        (changed('type="revolute"', ""), "joint 'yaw': <joint> has no type"),
        (changed("revolute", "floating"), "joint 'yaw': its type is 'floating': wanted fixed, revolute, continuous or prismatic"),
        (changed('<parent link="base"/>', ""), "joint 'yaw': it has no <parent>"),
        (changed('<child link="turret"/>', "<child/>"), "joint 'yaw': <child> has no link"),
        (changed('<child link="turret"/>', '<child link="tower"/>'), "its child 'tower' is no link: the links are base, turret"),
        (changed("0.1 0.2 0.3", "0.1 0.2"), "joint 'yaw': <origin> xyz is '0.1 0.2': wanted 3 finite numbers"),
        (changed("0.1 0.2 0.3", "0.1 0.2 nan"), "<origin> xyz is '0.1 0.2 nan'"),
        (changed("0.4 -0.5 0.6", "0,4 0 0"), "<origin> rpy is '0,4 0 0'"),
        (changed("0.4 -0.5 0.6", "1e999 0 0"), "<origin> rpy is '1e999 0 0'"),
        (changed("1 2 2", "0 0 0"), "joint 'yaw': its axis has length 0"),
        (changed("1 2 2", "x y z"), "<axis> xyz is 'x y z'"),
        (changed(LIMIT, ""), "joint 'yaw': a revolute joint needs a <limit>"),
        (changed(' effort="3"', ""), "joint 'yaw': <limit> has no effort"),
        (changed('velocity="2"', 'velocity="-2"'), "velocity and effort must not be below 0"),
        (changed('velocity="2"', 'velocity="inf"'), "<limit> velocity is 'inf': wanted a finite number"),
        (changed('lower="-1"', 'lower="1.5"'), "joint 'yaw': its lower limit 1.5 is above its upper limit 1"),
        (changed(LIMIT, LIMIT + '<dynamics damping="-1"/>'), "damping and friction must not be below 0"),
        (changed(LIMIT, LIMIT + '<mimic joint="nose"/>'), "it mimics 'nose', which is no joint"),
        (changed(LIMIT, LIMIT + '<mimic joint="stay"/>'), "it mimics 'stay', which is fixed"),
        (changed(LIMIT, LIMIT + '<mimic joint="yaw"/>'), "it mimics 'yaw', which mimics itself"),
        (changed('<link name="base"/>', '<link name="base"><inertial/></link>'), "link 'base': <inertial> has no <mass>"),
        (
            changed('<link name="base"/>', '<link name="base"><inertial><mass value="-1"/><inertia/></inertial></link>'),
            "link 'base': a mass of -1 kg",
        ),
        (
            changed('<link name="base"/>', '<link name="base"><inertial><mass value="1"/><inertia ixx="1"/></inertial></link>'),
            "link 'base': <inertia> has no iyy",
        ),
        (linked(("a", "b"), ("c", "b")), "link 'b' has two parents: by the joints 'j0' and 'j1'"),
        (linked(("a", "b")), "the links a, c have no parent"),
        (linked(("a", "b"), ("b", "c"), ("c", "a")), "a loop through the joints j2, j1, j0"),
        (linked(("b", "c"), ("c", "b")), "a loop through the joints"),
        (linked(("a", "a"), links="a"), "a loop through the joints j0"),
    ],
)
def test_what_cannot_be_right(text: str, words: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_urdf(text, "here.urdf")
    assert words in str(caught.value)
    assert str(caught.value).startswith("here.urdf")
    assert "\n" not in str(caught.value)


def test_entities_are_not_expanded_and_files_not_fetched(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("a")
    laughs = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))
    for inner in (f'<!ENTITY e0 "ha">{laughs}', f'<!ENTITY e11 SYSTEM "{tmp_path / "secret"}">'):
        with pytest.raises(ConfigurationError, match="DOCTYPE"):
            parse_urdf(f'<!DOCTYPE robot [{inner}]><robot name="r"><link name="&e11;"/></robot>', "bomb.urdf")


@settings(deadline=None, max_examples=200)
@given(st.data())
def test_no_damage_ends_in_anything_but_one_line(data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(ARM)))
    length = data.draw(st.integers(0, 40))
    put = data.draw(st.text(alphabet='<>/"= \n\x00a1-.e&;ä', max_size=6))
    try:
        robot: Robot | None = parse_urdf(ARM[:start] + put + ARM[start + length :], "damaged.urdf")
    except ConfigurationError as error:
        assert str(error).startswith("damaged.urdf") and "\n" not in str(error)
    else:
        assert robot is not None and robot.root in robot.links


def test_a_long_chain_is_no_recursion() -> None:
    count = 3000
    links = "".join(f'<link name="l{n}"/>' for n in range(count))
    joints = "".join(
        f'<joint name="j{n}" type="fixed"><parent link="l{n}"/><child link="l{n + 1}"/><origin xyz="0.001 0 0"/></joint>'
        for n in range(count - 1)
    )
    robot = parse_urdf(f'<robot name="r">{links}{joints}</robot>', "r")
    assert robot.transform("l0", f"l{count - 1}", {}).translation_m[0] == pytest.approx(2.999)
