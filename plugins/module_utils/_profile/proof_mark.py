# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The line in a config file that says which profile was written and not yet proved. Pure text.

It comes with the very change that has to be proved, in one replacement of the file, and goes after the proof. So
whatever ends a run in between, the next one knows. It is a comment, which influxctl passes over.
"""

from __future__ import annotations

import json
from itertools import takewhile

_BEGIN = "# influxops.influxdb3: written and not yet proved: "


def is_marked(text: str, name: str) -> bool:
    """Return whether a config's text says that the profile is not yet proved."""
    return any(line.rstrip() == _line(name) for line in _marks(text))


def mark(text: str, name: str) -> str:
    """Return the text with the profile's mark. Marks are the first lines: a comment there belongs to no table."""
    return text if is_marked(text, name) else f"{_line(name)}\n{text}"


def unmark(text: str, name: str) -> str:
    """Return the text without the profile's mark, and otherwise byte for byte the same."""
    marks = _marks(text)
    kept = [line for line in marks if line.rstrip() != _line(name)]
    return "".join(kept) + text[len("".join(marks)) :]


def marked(text: str, name: str, proof: str | None) -> str:
    """Return the text that says of a profile whether its proof is `due` or `done`; as it is for None."""
    return text if proof is None else mark(text, name) if proof == "due" else unmark(text, name)


def _line(name: str) -> str:
    # As JSON, a name is on one line, whatever it holds.
    return _BEGIN + json.dumps(name)


def _marks(text: str) -> list[str]:
    return [*takewhile(lambda line: line.startswith(_BEGIN), text.splitlines(keepends=True))]
