"""Writes the list of the packages that a build linked, as CycloneDX JSON.

usage: sbom.py PROGRAM PACKAGE.RESOLVED CHECKOUTS

CHECKOUTS is the folder into which the build fetched the packages; their licenses are read there. The list has no time and
no random number, so that two builds of the same sources write the same list.
"""

import json
import subprocess
import sys
from pathlib import Path

LICENSES = {"Apache License": "Apache-2.0", "Permission is hereby granted, free of charge": "MIT"}


def license_of(checkout: Path) -> list[dict]:
    """The license by the words of its text; none where no file has known ones."""
    for file in sorted(checkout.glob("LICENSE*")):
        text = file.read_text(errors="replace")
        for words, name in LICENSES.items():
            if words in text:
                return [{"license": {"id": name}}]
    return []


def component(pin: dict, checkouts: Path) -> dict:
    location = pin["location"].removesuffix(".git")
    version = pin["state"].get("version") or pin["state"]["revision"]
    found = {
        "type": "library",
        "bom-ref": f"{pin['identity']}@{version}",
        "name": pin["identity"],
        "version": version,
        "purl": f"pkg:swift/{location.removeprefix('https://')}@{version}",
        "externalReferences": [{"type": "vcs", "url": location}],
        "properties": [{"name": "revision", "value": pin["state"]["revision"]}],
    }
    licenses = license_of(checkouts / location.rsplit("/", 1)[-1])
    return found | {"licenses": licenses} if licenses else found


def swift_runtime() -> dict:
    """The runtime of the compiler, which the program contains."""
    words = subprocess.run(["swift", "--version"], check=True, capture_output=True, text=True).stdout.split()
    version = words[words.index("version") + 1]
    return {
        "type": "library",
        "bom-ref": f"swift@{version}",
        "name": "swift",
        "version": version,
        "licenses": [{"license": {"id": "Apache-2.0"}}],
        "externalReferences": [{"type": "vcs", "url": "https://github.com/swiftlang/swift"}],
    }


def bill(version: str, pins: list[dict], checkouts: Path) -> dict:
    components = [swift_runtime(), *(component(pin, checkouts) for pin in sorted(pins, key=lambda pin: pin["identity"]))]
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {"component": {"type": "application", "bom-ref": "gatehouse", "name": "gatehouse", "version": version}},
        "components": components,
        "dependencies": [{"ref": "gatehouse", "dependsOn": [part["bom-ref"] for part in components]}],
    }


def main(program: str, resolved: str, checkouts: str) -> None:
    version = subprocess.run([program, "--version"], check=True, capture_output=True, text=True).stdout
    pins = json.loads(Path(resolved).read_text())["pins"]
    text = bill(version.strip().removeprefix("gatehouse "), pins, Path(checkouts))
    json.dump(text, sys.stdout, indent=2, sort_keys=True)
    print()


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
