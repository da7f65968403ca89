"""Builds the wheel, and checks the types, the style and the tests of what is in it: `check.py [WHEELS]`."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent


def run(*command: str, **environment: str) -> None:
    """Runs a Python module, and ends with its status if it fails."""
    print("$", *command, flush=True)
    done = subprocess.run([sys.executable, "-m", *command], cwd=HERE, env={**os.environ, **environment}, check=False)  # noqa: S603
    if done.returncode:
        sys.exit(done.returncode)


def main() -> None:
    """The tests import the package from the wheel, so that a file which is missing there fails them."""
    with tempfile.TemporaryDirectory() as folder:
        wheels = Path(sys.argv[1] if len(sys.argv) > 1 else f"{folder}/wheels").resolve()
        pip = ("pip", "--quiet", "--disable-pip-version-check")
        run(*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(wheels), ".")
        [wheel] = wheels.glob("gatehouse_mcp-*.whl")
        run(*pip, "install", "--no-deps", "--target", f"{folder}/installed", str(wheel))
        run("ruff", "check", "--no-cache", ".")
        run("ruff", "format", "--no-cache", "--check", ".")
        run("mypy", "--cache-dir", f"{folder}/types")
        run("pytest", "-q", "-p", "no:cacheprovider", PYTHONPATH=f"{folder}/installed", PYTHONDONTWRITEBYTECODE="1")


main()
