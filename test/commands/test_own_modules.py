"""A module of this package runs as a program of its own, of this copy, wherever it is started."""

import subprocess

from auxfocus_ros import __version__
from auxfocus_ros.commands.own_modules import own_module


def test_another_copy_in_the_folder_is_not_taken(tmp_path):
    package = tmp_path / "auxfocus_ros"
    package.mkdir()
    (package / "__init__.py").write_text("raise SystemExit('another copy')")
    command = [*own_module("auxfocus_ros.cli"), "--version"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert __version__ in done.stdout


def test_status_and_arguments_pass(tmp_path):
    command = [*own_module("auxfocus_ros.cli"), "no_such_command"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert "no_such_command" in done.stderr
