# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The gate of the changelog: no shipped file has changed since the last release without a fragment about it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

# The files that users get and that change what the collection does.
SHIPPED = ("meta", "playbooks", "plugins", "roles", "requirements.txt", "bindep.txt")


def git(checkout: Path, *words: str) -> str:
    """Return the output of git, an empty text where it fails."""
    result = subprocess.run(["git", *words], cwd=checkout, check=False, capture_output=True, text=True)
    return result.stdout.strip() if result.returncode == 0 else ""


def last_release(checkout: Path) -> str:
    """Return the newest release's tag, which is its version; an empty text before the first release."""
    return git(checkout, "describe", "--tags", "--abbrev=0", "--match", "[0-9]*")


def fragments(checkout: Path) -> list[Path]:
    """Return all fragments. A release empties their directory, so all of them are newer than its tag."""
    return sorted((checkout / "changelogs" / "fragments").glob("*.y*ml"))


def changed(checkout: Path, base: str, *places: str) -> list[str]:
    """Return the files below `places` that were changed or added since a commit, committed or not."""
    since = git(checkout, "diff", "--name-only", base, "--", *places)
    new = git(checkout, "ls-files", "--others", "--exclude-standard", "--", *places)
    return sorted({*since.splitlines(), *new.splitlines()})


def problem(checkout: Path) -> str:
    """Return the sentence about the missing fragment, an empty text where none is missing.

    On a branch, the branch's changes need a fragment on the branch; on main, those since the last release need one.
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
