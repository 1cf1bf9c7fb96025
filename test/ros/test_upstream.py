"""Which modules are taken, and what is said when an upstream package is broken. In a process of its own: imports happen once."""

import os
import subprocess
import sys

import pytest

SHOW = """
from auxfocus_ros.ros import upstream
print(upstream.origins())
print(*upstream.problems(), sep='\\n')
print(upstream.CvBridge.__module__)
"""


def run(code, path=None, **variables):
    environment = {**os.environ, **variables}
    if path is not None:
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, [str(path), environment.get("PYTHONPATH")]))
    return subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=60, check=False)


def fake_cv_bridge(folder, boost):
    """An installed cv_bridge whose compiled half is `boost`."""
    package = folder / "cv_bridge"
    (package / "boost").mkdir(parents=True)
    (package / "__init__.py").write_text("class CvBridge: pass\nclass CvBridgeError(TypeError): pass\n")
    (package / "boost" / "__init__.py").write_text("")
    (package / "boost" / "cv_bridge_boost.py").write_text(boost)
    return folder


def test_a_working_upstream_is_taken(tmp_path):
    result = run(SHOW, fake_cv_bridge(tmp_path, ""))
    assert "'cv_bridge': 'upstream'" in result.stdout and result.stdout.splitlines()[1:] == ["", "cv_bridge"], result.stderr


@pytest.mark.parametrize(
    "boost",
    [
        # What NumPy 2 does to a module built against NumPy 1: a page on stderr, then this.
        "import sys; sys.stderr.write('A module compiled using NumPy 1.x\\n' * 20); raise AttributeError('_ARRAY_API not found')",
        "raise ImportError('libopencv_core.so.406: cannot open shared object file:\\n No such file or directory')",
        "raise SystemError('initialization of cv_bridge_boost raised an exception')",
    ],
)
def test_a_broken_upstream_is_one_line_and_its_stand_in_is_taken(tmp_path, boost):
    result = run(SHOW, fake_cv_bridge(tmp_path, boost))
    origins, problem, module = result.stdout.splitlines()
    assert "'cv_bridge': 'stand-in'" in origins and module == "auxfocus_ros.ros.standins.cv_bridge"
    assert problem.startswith("cv_bridge is installed but cannot be loaded: ") and "its stand-in is used" in problem
    assert "NumPy 1.x" not in result.stderr


def test_the_stand_ins_can_be_asked_for(tmp_path):
    result = run(SHOW, fake_cv_bridge(tmp_path, ""), AUXFOCUS_STANDINS="1")
    assert result.stdout.count("stand-in'") == 3, result.stderr


def test_asking_for_upstream_where_there_is_none():
    code = (
        "from auxfocus_ros.ros import upstream\nfrom auxfocus_ros.errors import MissingLibraryError\n"
        "upstream._MODULES['nowhere'] = ('nowhere', 'nowhere', 'no_where')\n"
        "try: upstream.load('nowhere', 'upstream')\nexcept MissingLibraryError as error: print(error)"
    )
    assert run(code).stdout == "no_where is not installed (apt install ros-$ROS_DISTRO-no-where)\n"
