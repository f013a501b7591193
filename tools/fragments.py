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
    """What git says, or nothing where it fails."""
    result = subprocess.run(["git", *words], cwd=checkout, check=False, capture_output=True, text=True)
    return result.stdout.strip() if result.returncode == 0 else ""


def last_release(checkout: Path) -> str:
    """The newest release's tag, which is its version, or nothing before the first."""
    return git(checkout, "describe", "--tags", "--abbrev=0", "--match", "[0-9]*")


def problem(checkout: Path) -> str:
    """What is missing, or nothing. A release empties the directory, so every fragment in it is newer than the tag."""
    if any((checkout / "changelogs" / "fragments").glob("*.y*ml")):
        return ""
    release = last_release(checkout)
    if not release:
        return "The first release needs a fragment with a release_summary in changelogs/fragments."
    changed = git(checkout, "diff", "--name-only", release, "--", *SHIPPED)
    new = git(checkout, "ls-files", "--others", "--exclude-standard", "--", *SHIPPED)
    names = sorted({*changed.splitlines(), *new.splitlines()})
    if not names:
        return ""
    return f"Changed since {release} without a fragment in changelogs/fragments: {', '.join(names)}"


if __name__ == "__main__":
    sys.exit(problem(Path.cwd()) or None)
