"""The folder of configurations, from a source tree and from an installed prefix."""

import importlib.util
import shutil
from pathlib import Path
from types import ModuleType

import pytest

from auxfocus_ros.errors import ConfigurationError
from auxfocus_ros.optics import config_dir, config_path, share_dir


def copy_at(path: Path) -> ModuleType:
    """The module as it would be if it were installed at a path."""
    path.parent.mkdir(parents=True)
    shutil.copy(config_path.__file__, path)
    spec = importlib.util.spec_from_file_location("installed_config_path", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_here() -> None:
    assert config_dir() == share_dir() / "config"
    assert (config_dir() / "lenses" / "bench_25mm.yaml").is_file()


@pytest.mark.parametrize("library", ["lib/python3.12/site-packages", "local/lib/python3.12/dist-packages"])
def test_installed_prefix(tmp_path: Path, library: str) -> None:
    config = tmp_path / "share/auxfocus_ros/config"
    config.mkdir(parents=True)
    module = copy_at(tmp_path / library / "auxfocus_ros/optics/config_path.py")
    assert module.config_dir() == config


def test_ament_prefix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tmp_path / "prefix/share/auxfocus_ros/config"
    config.mkdir(parents=True)
    monkeypatch.setenv("AMENT_PREFIX_PATH", f"{tmp_path / 'other'}:{tmp_path / 'prefix'}")
    module = copy_at(tmp_path / "elsewhere/auxfocus_ros/optics/config_path.py")
    assert module.config_dir() == config


def test_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AMENT_PREFIX_PATH", raising=False)
    monkeypatch.setattr("sys.prefix", str(tmp_path))
    module = copy_at(tmp_path / "a/b/auxfocus_ros/optics/config_path.py")
    with pytest.raises(ConfigurationError, match="install the package again"):
        module.config_dir()
