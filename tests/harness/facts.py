# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads the page of facts: its chapters by their anchors, which the code cites behind a `#`."""

from __future__ import annotations

import re

from harness.install import CHECKOUT

PAGE = CHECKOUT / "docs" / "development" / "facts.md"


def chapters() -> dict[str, str]:
    """Return the texts below the headings, by the anchors that a Markdown renderer makes of the headings."""
    parts = re.split(r"^#{2,3} (.+)$", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {anchor(heading): text for heading, text in zip(parts[1::2], parts[2::2], strict=True)}


def anchor(heading: str) -> str:
    """The anchor of a heading: lower case, without punctuation, dashes for blanks."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")
