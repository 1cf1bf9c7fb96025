"""Write constraints/<distribution>.txt: the version of every package, those that nobody named included.

`requirements/` says what is needed and within which bounds; this asks pip what that comes to and writes it down. The oldest
Python gets its own version only of what the newer ones have newer: those are told apart by a marker. The other Pythons given are
then resolved within the result, so that a version without a wheel for one of them is found here and not on somebody's machine.

    python3 tools/pin_versions.py --ros kilted --oldest python3.10 --main python3.11 --check python3.12 python3.13

Needs the network, and writes nothing into any of these Pythons. Standard library only.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def resolved(python: str, requirements: Path, constraints: Path | None = None) -> dict[str, str]:
    """What pip would install with this Python: normalised name -> version, in order of names."""
    with tempfile.TemporaryDirectory() as folder:
        environment, report = Path(folder) / "venv", Path(folder) / "report.json"
        subprocess.run([python, "-m", "venv", str(environment)], check=True)
        pip = [str(environment / "bin/python"), "-m", "pip", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "install", "--upgrade", "pip"], check=True)
        command = [*pip, "install", "--dry-run", "--ignore-installed", "--report", str(report), "-r", str(requirements)]
        subprocess.run(command if constraints is None else [*command, "-c", str(constraints)], check=True)
        packages = [entry["metadata"] for entry in json.loads(report.read_text())["install"]]
    return {
        re.sub(r"[-_.]+", "-", name).lower(): version for name, version in sorted((p["name"], p["version"]) for p in packages)
    }


def pins(oldest: dict[str, str], main: dict[str, str], main_version: str) -> list[str]:
    """One line a package, or two with markers where the oldest Python has another version."""
    lines = []
    for name in sorted(oldest | main):
        old, new = oldest.get(name), main.get(name)
        if old == new or old is None or new is None:
            lines.append(f"{name}=={new or old}")
        else:
            lines.append(f'{name}=={old} ; python_version < "{main_version}"')
            lines.append(f'{name}=={new} ; python_version >= "{main_version}"')
    return lines


def main() -> int:
    """Resolve, write, check; exit status 2 where pip finds no solution."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--ros", required=True, help="distribution: requirements/<ros>.txt is read, constraints/<ros>.txt written"
    )
    parser.add_argument("--oldest", required=True, help="oldest Python that is supported")
    parser.add_argument("--main", required=True, help="the Python whose versions all newer ones get too")
    parser.add_argument("--check", nargs="*", default=[], help="Pythons for which the result must resolve as well")
    arguments = parser.parse_args()
    requirements, target = ROOT / f"requirements/{arguments.ros}.txt", ROOT / f"constraints/{arguments.ros}.txt"
    ask = "import sys; print('%d.%d' % sys.version_info[:2])"
    version = subprocess.run([arguments.main, "-c", ask], check=True, capture_output=True, text=True).stdout.strip()
    try:
        lines = pins(resolved(arguments.oldest, requirements), resolved(arguments.main, requirements), version)
        header = (
            f"# Every package of the {arguments.ros} environment, pinned: written by tools/pin_versions.py from requirements/."
        )
        target.write_text("\n".join([header, *lines, ""]))
        for python in (arguments.oldest, arguments.main, *arguments.check):
            print(f"{python}: {len(resolved(python, requirements, target))} packages")
    except subprocess.CalledProcessError as error:
        print(f"no solution, see pip's words above: {' '.join(error.cmd)}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
