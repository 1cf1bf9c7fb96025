"""Where the files stand that are installed beside the code: config/, launch/, samples/.

The same code runs from a source tree (an editable install, a test run) and from an installed prefix, where setuptools puts data
files into `<prefix>/share/auxfocus_ros` while the code goes to `<prefix>/lib/pythonX.Y/site-packages` (colcon, pip) or, on
Debian's Python, to `<prefix>/local/lib/pythonX.Y/dist-packages`. The prefix is therefore found by walking up from this file.
"""

import os
import sys
from pathlib import Path

from auxfocus_ros.errors import ConfigurationError

_PACKAGE = "auxfocus_ros"


def share_dir() -> Path:
    """The folder that holds config/, launch/ and samples/: the repository's root, or the installed share/auxfocus_ros.

    Raises:
        ConfigurationError: neither is there; the message says where it was looked for.
    """
    here = Path(__file__).resolve()
    root = here.parents[2]
    if (root / "package.xml").is_file() and (root / "config").is_dir():
        return root
    prefixes = [*here.parents[2:], *_ament_prefixes(), Path(sys.prefix)]
    for prefix in prefixes:
        share = prefix / "share" / _PACKAGE
        if (share / "config").is_dir():
            return share
    raise ConfigurationError(
        f"the installed files of {_PACKAGE} are missing: no share/{_PACKAGE}/config in any folder above {here} "
        "or in AMENT_PREFIX_PATH; install the package again"
    )


def config_dir() -> Path:
    """The folder of parameters, lenses, rigs and the DDS profile.

    Raises:
        ConfigurationError: as `share_dir`.
    """
    return share_dir() / "config"


def _ament_prefixes() -> list[Path]:
    return [Path(prefix) for prefix in os.environ.get("AMENT_PREFIX_PATH", "").split(os.pathsep) if prefix]
