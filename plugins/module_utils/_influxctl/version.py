# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The version of influxctl. Apart from influxctl.py, so that a module on a host can ask without the code of tokens."""

from __future__ import annotations

import os
import re

from .runner import Output, Runner

Version = tuple[int, int, int]
# `management`, and with it `mgmt_token` in a profile (facts.md#versions-of-influxctl).
OLDEST = (2, 6, 0)
# `--expires-at` of `management create` (facts.md#versions-of-influxctl).
EXPIRY_SINCE = (2, 10, 0)
_VERSION = re.compile(r"(?<![\w.])v?(\d{1,9})\.(\d{1,9})\.(\d{1,9})\b")


def parse_version(text: str) -> Version | None:
    """Return the first number of three parts in the text of `influxctl version`, None where there is none."""
    found = _VERSION.search(text)
    return (int(found[1]), int(found[2]), int(found[3])) if found else None


def version_in(output: Output) -> Version | None:
    """Return the version in the output of `influxctl version`, None where there is none."""
    return parse_version(f"{output.stdout}\n{output.stderr}")


def ask_version(program: str | None, timeout: float) -> Version | None:
    """Return the version of a program, None where it says none that can be read. `timeout` is in seconds.

    Raises InfluxctlError where there is no program that can be run.
    """
    # With an empty config, because a config that is broken mustn't keep influxctl from saying its version.
    return version_in(Runner(program, os.devnull, None, timeout).run(["version"]))


def version_text(version: Version | None) -> str | None:
    """Return a version as text, None for none."""
    return None if version is None else ".".join(map(str, version))
