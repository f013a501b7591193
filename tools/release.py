# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Makes a release: checks, builds and tags it in a clone, and keeps it only when told to.

Usage: python -m tools.release VERSION [--publish] [--check COMMAND]

galaxy.yml is the only place of the version. The clone is build/release, the tarball stays in build/. With --publish,
the checkout is moved to the release's commit and gets its tag; to push both, and to upload the tarball, is left to
people.
"""

from __future__ import annotations

import argparse
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tools.fragments import fragments, git, last_release, problem
from tools.links import moved

CLONE = Path("build", "release")
# The official documents, against which the tests check the simulator where they are there.
CONTRACT = Path("..", "shared", "contract").resolve()


def refusal(checkout: Path, version: str) -> str:
    """Return why this version can't be released from this checkout; an empty text where it can."""
    if not re.fullmatch(r"(0|[1-9]\d*)(\.(0|[1-9]\d*)){2}", version):
        return f"{version!r} is no version: three numbers are wanted, such as 1.2.3."
    last = last_release(checkout)
    if last and numbers(version) <= numbers(last):
        return f"{version} doesn't follow {last}."
    if git(checkout, "status", "--porcelain"):
        return "The checkout has changes that aren't committed."
    missing = problem(checkout)
    if last and not missing and not fragments(checkout):
        return f"Nothing that users see has changed since {last}."
    return missing


def numbers(version: str) -> tuple[int, ...]:
    """Return the numbers of a version, so that 1.10.0 comes after 1.9.0."""
    return tuple(int(part) for part in version.split("."))


def set_version(checkout: Path, version: str) -> None:
    """Write the version into galaxy.yml, and into the links to this repository. Raises ValueError."""
    galaxy = checkout / "galaxy.yml"
    text, count = re.subn(r"(?m)^version: .*$", f"version: {version}", galaxy.read_text(encoding="utf-8"))
    if count != 1:
        raise ValueError(f"galaxy.yml has {count} lines that begin with 'version:'")
    galaxy.write_text(text, encoding="utf-8")
    # What Galaxy and the site show of this version leads to its files. docs/*.md is made from the site's pages.
    shown = ("README.md", "roles/*/README.md", "docs/docsite/rst/*.rst")
    for path in (galaxy, *(path for pattern in shown for path in checkout.glob(pattern))):
        path.write_text(moved(path.read_text(encoding="utf-8"), version), encoding="utf-8")


def run(*command: str, directory: Path = CLONE, environment: Mapping[str, str] | None = None) -> None:
    """Show a command and run it. Raises CalledProcessError where it fails."""
    print("release >", shlex.join(command), flush=True)
    subprocess.run(command, cwd=directory, env={**os.environ, **(environment or {})}, check=True)


def release(version: str, check: list[str]) -> None:
    """Make the release in a new clone. `check` is the command that must pass. Raises CalledProcessError."""
    shutil.rmtree(CLONE, ignore_errors=True)
    run("git", "clone", "--quiet", ".", str(CLONE), directory=Path())
    set_version(CLONE, version)
    run("antsibull-changelog", "release")
    run(sys.executable, "-m", "tools.guides")
    # With the removal of the fragments, which are in the changelog now.
    run("git", "add", "--all", "galaxy.yml", "CHANGELOG.md", "changelogs", "README.md", "docs", "roles")
    run("git", "commit", "--quiet", "--message", f"Release {version}")
    run("git", "tag", "--annotate", version, "--message", f"Release {version}")
    run(*check, environment={"INFLUXDB3_CONTRACT": str(CONTRACT)} if CONTRACT.is_dir() else {})
    # As the tests build what they install.
    run(sys.executable, "-m", "harness.install", "..", environment={"PYTHONPATH": "tests"})


def main(words: list[str]) -> str | None:
    """Make the release; return the error, None without one."""
    parser = argparse.ArgumentParser(prog="python -m tools.release", description="Make a release.")
    parser.add_argument("version")
    parser.add_argument("--publish", action="store_true", help="keep the commit and the tag in the checkout")
    parser.add_argument("--check", default="make test", help="what must pass first (make test)")
    arguments = parser.parse_args(words)
    refused = refusal(Path(), arguments.version)
    if refused:
        return refused
    try:
        release(arguments.version, shlex.split(arguments.check))
        if arguments.publish:
            run("git", "pull", "--quiet", "--ff-only", "--tags", str(CLONE), "HEAD", directory=Path())
    except subprocess.CalledProcessError as error:
        return f"Nothing was released: {error}"
    where = "this checkout; push the commit and the tag, and upload" if arguments.publish else f"{CLONE} only; look at"
    print(f"release > {arguments.version} is tagged in {where} build/influxops-influxdb3-{arguments.version}.tar.gz")
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
