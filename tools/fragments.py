# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The gate of the changelog: what users see has not changed since the last release without a fragment that says so."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

# What users get; docs explain it, and the rest never reaches them.
SHIPPED = ("meta", "playbooks", "plugins", "roles", "requirements.txt", "bindep.txt")


def git(checkout: Path, *words: str) -> str:
    """The output of git, or nothing where it fails."""
    result = subprocess.run(["git", *words], cwd=checkout, check=False, capture_output=True, text=True)
    return result.stdout.strip() if result.returncode == 0 else ""


def last_release(checkout: Path) -> str:
    """The newest release's tag, which is its version, or nothing before the first."""
    return git(checkout, "describe", "--tags", "--abbrev=0", "--match", "[0-9]*")


def fragments(checkout: Path) -> list[Path]:
    """The fragments that are there. A release empties the directory, so all of them are newer than its tag."""
    return sorted((checkout / "changelogs" / "fragments").glob("*.y*ml"))


def changed(checkout: Path, base: str, *places: str) -> list[str]:
    """The files that were changed or added since a commit, whether that is committed or not."""
    since = git(checkout, "diff", "--name-only", base, "--", *places)
    new = git(checkout, "ls-files", "--others", "--exclude-standard", "--", *places)
    return sorted({*since.splitlines(), *new.splitlines()})


def problem(checkout: Path) -> str:
    """The sentence about the missing fragment, or nothing.

    On a branch, its own changes want a fragment of its own; on main, those since the last release want one.
    """
    release = last_release(checkout)
    if not release:
        if fragments(checkout):
            return ""
        return "The first release needs a fragment with a release_summary in changelogs/fragments."
    main = git(checkout, "merge-base", "HEAD", "origin/main")
    base = main if main and main != git(checkout, "rev-parse", "HEAD") else release
    names = changed(checkout, base, *SHIPPED)
    written = [name for name in changed(checkout, base, "changelogs/fragments") if (checkout / name).exists()]
    if not names or written:
        return ""
    return f"Changed since {base} without a fragment in changelogs/fragments: {', '.join(names)}"


if __name__ == "__main__":
    sys.exit(problem(Path.cwd()) or None)
