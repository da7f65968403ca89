"""Builds the wheel, and checks the types, the style and the tests of what is in it: `check.py [--each] [WHEELS]`.

`--each` also runs the tests on every other supported Python of this machine, in an environment that pip fills.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
SUPPORTED = ("3.10", "3.11", "3.12", "3.13")
PIP = ("pip", "--quiet", "--disable-pip-version-check")


def run(*command: str, python: str = sys.executable, **environment: str) -> None:
    """Runs a Python module, and ends with its status if it fails."""
    print("$", "" if python == sys.executable else f"{python} ", *command, flush=True)
    done = subprocess.run([python, "-m", *command], cwd=HERE, env={**os.environ, **environment}, check=False)  # noqa: S603
    if done.returncode:
        sys.exit(done.returncode)


def try_out(installed: Path, python: str = sys.executable) -> None:
    """Runs the tests on an installed package."""
    without_traces = {"PYTHONDONTWRITEBYTECODE": "1"}
    run("pytest", "-q", "-p", "no:cacheprovider", python=python, PYTHONPATH=str(installed), **without_traces)


def environment(python: str, folder: Path) -> str:
    """A Python with what the tests need."""
    run("venv", str(folder), python=python)
    made = str(folder / "bin" / "python")
    run(*PIP, "install", "--requirement", "requirements.txt", python=made)
    return made


def found(version: str) -> str | None:
    """The interpreter of a version, if this machine has one that runs: a name of pyenv may lead nowhere."""
    python = shutil.which(f"python{version}")
    if python is None or subprocess.run([python, "-c", ""], capture_output=True, check=False).returncode:  # noqa: S603
        return None
    return python


def main(arguments: list[str]) -> None:
    """The tests import the package from the wheel, so that a file which is missing there fails them."""
    is_each = "--each" in arguments
    folders = [argument for argument in arguments if argument != "--each"]
    own = f"{sys.version_info.major}.{sys.version_info.minor}"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        wheels = Path(folders[0] if folders else folder / "wheels").resolve()
        run(*PIP, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(wheels), ".")
        [wheel] = wheels.glob("gatehouse_mcp-*.whl")
        installed = folder / "installed"
        run(*PIP, "install", "--no-deps", "--target", str(installed), str(wheel))
        run("ruff", "check", "--no-cache", ".")
        run("ruff", "format", "--no-cache", "--check", ".")
        run("mypy", "--cache-dir", str(folder / "types"))
        try_out(installed)
        tested, skipped = [own], []
        for version in SUPPORTED:
            if version == own:
                continue
            python = found(version)
            if is_each and python:
                try_out(installed, environment(python, folder / version))
                tested.append(version)
            else:
                skipped.append(f"{version} ({'without --each' if python else 'not on this machine'})")
    print(f"Tested on Python {', '.join(tested)}. Skipped: {', '.join(skipped) or 'none'}.")


main(sys.argv[1:])
