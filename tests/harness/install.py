# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From a checkout to the installed collection: copy, build, install.

noxfile.py imports this too, so it stays within the standard library. `python -m harness.install DIRECTORY` builds the
tarball there, of the checkout's own files and of nothing that happens to lie beside them.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
COLLECTION_PATH = Path("ansible_collections", "influxops", "influxdb3")


def source_files(checkout: Path = CHECKOUT) -> Iterator[Path]:
    """The files that belong to the checkout, relative to it: tracked, or new and not ignored."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=checkout,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    ).stdout
    for name in filter(None, listing.split("\0")):
        # git also lists files that are deleted and whose deletion isn't committed.
        if (checkout / name).is_file():
            yield Path(name)


def export(destination: Path, checkout: Path = CHECKOUT) -> Path:
    """Copy the checkout's own files below `destination`, which is created, and return it."""
    for name in source_files(checkout):
        target = destination / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(checkout / name, target)
    return destination


def build(workdir: Path, checkout: Path = CHECKOUT) -> Path:
    """Build the tarball below `workdir`, from a clean copy so that caches can't slip in; return its path."""
    source = export(workdir / "source", checkout)
    _galaxy(workdir, "build", str(source), "--output-path", str(workdir / "dist"))
    (tarball,) = (workdir / "dist").glob("influxops-influxdb3-*.tar.gz")
    return tarball


def install(tarball: Path, destination: Path) -> Path:
    """Install the tarball below `destination`, which is a value for ANSIBLE_COLLECTIONS_PATH; return it."""
    _galaxy(destination, "install", str(tarball), "--no-deps", "--offline", "-p", str(destination))
    return destination


def _galaxy(home: Path, command: str, *arguments: str) -> None:
    """Run `ansible-galaxy collection COMMAND`, apart from the user's Ansible; its output shows only when it fails."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
    environment |= {"ANSIBLE_HOME": str(home / ".ansible"), "ANSIBLE_COLLECTIONS_PATH": str(home)}
    result = subprocess.run(
        [sys.executable, "-m", "ansible", "galaxy", "collection", command, *arguments],
        env=environment,
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if result.returncode:
        raise RuntimeError(f"ansible-galaxy collection {command} failed:\n{result.stdout}")


if __name__ == "__main__":
    Path(sys.argv[1]).mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as directory:
        print(shutil.copy(build(Path(directory)), sys.argv[1]))
