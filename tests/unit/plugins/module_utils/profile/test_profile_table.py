# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The table of documents: the edits that users make, on real-life layouts and on generated ones, and what else changed.

`pytest -m complete -rP` on this file prints it.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from unit.plugins.module_utils.profile.test_profiles import assert_holds
from unit.plugins.module_utils.profile.toml_documents import Document, Piece, documents
from unit.plugins.module_utils.profile.toml_layouts import LAYOUTS

from ansible_collections.influxops.influxdb3.plugins.module_utils._profile import profiles
from ansible_collections.influxops.influxdb3.plugins.module_utils._profile.profiles import Wish

_OAUTH2 = {"oauth2": {"client_id": "influxctl", "scopes": ["a", "b"], "parameters": {"audience": "x"}}}
CONNECTION = {"product": "clustered", "host": "new.example.com"}
# What is asked of a profile, by name; the profile's own name is added.
EDITS: dict[str, dict[str, Any]] = {
    "token": {"keys": {"mgmt_token": "M.V1.newnewnew"}},
    "connection": {"keys": {**CONNECTION, "port": "443", "database": "metrics"}},
    "tls": {"keys": {**CONNECTION, "tls": {"ca": "/ca.pem", "insecure": True}}},
    "only mgmt_token": {"keys": {**CONNECTION, "mgmt_token": "M.V1.newnewnew"}, "exclusive_auth": True},
    "only oauth2": {"keys": {**CONNECTION, "auth": _OAUTH2}, "exclusive_auth": True},
    "only token_file": {"keys": {**CONNECTION, "auth": {"token": {"token_file": "/t"}}}, "exclusive_auth": True},
    "nothing else": {"keys": {**CONNECTION, "mgmt_token": "M.V1.newnewnew"}, "exclusive": True},
    "absent": {"keys": {}, "is_present": False},
}


@dataclass
class Table:
    """One row per document: how many edits were made, and how many bytes changed outside the edited profile."""

    rows: list[tuple[str, int, int]] = field(default_factory=list)

    def try_all(self, title: str, document: Document, names: list[str]) -> None:
        """Make every edit on the named profiles, and note the row."""
        changed = 0
        for name in names:
            for edit in EDITS.values():
                changed += lost_bytes(document, name, edit)
        self.rows.append((title, len(names) * len(EDITS), changed))

    def check(self) -> None:
        """Print the table, and hold it against the goal: nothing."""
        for title, edits, changed in self.rows:
            print(f"{title:55} {edits:3} edits {changed:3} bytes changed outside the edited profile")
        print(f"{len(self.rows)} documents, {sum(row[1] for row in self.rows)} edits")
        assert sum(row[2] for row in self.rows) == 0


def lost_bytes(document: Document, name: str, edit: Mapping[str, Any]) -> int:
    """Make one edit; return how many bytes of others it changed. What it holds then must be just what is intended."""
    found = document.data["profile"]
    index = [profile["name"] for profile in found].index(name)
    # Where a document's profile lacks what influxctl needs, the edit brings it along.
    wish = Wish(**{"name": name, **edit, "keys": {"name": name, **CONNECTION, **edit["keys"]}})
    result = profiles.edit(document.text, [wish])
    edited, (outcome,) = result.text, result.outcomes
    data = document.data
    if wish.is_present:
        how = {"exclusive": wish.exclusive, "exclusive_auth": wish.exclusive_auth}
        data["profile"][index] = profiles.merge(found[index], wish.keys, **how)
    else:
        del data["profile"][index]
        if not data["profile"]:
            del data["profile"]
    assert_holds(edited, data)
    assert outcome.before is not None
    return document.differing(index, edited)


def pieces(text: str) -> Iterator[Piece]:
    """Yield the lines of a layout with their profiles.

    Comments above a header are the header's. Below the last statement that a profile has there, the first blank line is
    its own, and what follows is nobody's.
    """
    owner: int | None = None
    count, in_string, waiting = -1, False, list[str]()
    for line in text.splitlines(keepends=True):
        header = not in_string and re.match(r"\s*\[", line)
        in_string ^= line.count('"""') % 2 == 1
        if not in_string and not header and re.match(r"\s*(#|$)", line):
            waiting.append(line)
            continue
        before = owner
        if header:
            count += bool(re.match(r"\s*\[\[profile\]\]", line))
            owner = count if re.match(r"\s*\[+profile\b", line) else None
        yield from fillers(waiting, before, owner)
        waiting = []
        yield Piece(line, owner)
    yield from fillers(waiting, owner, None)


def fillers(lines: list[str], above: int | None, below: int | None) -> Iterator[Piece]:
    """Yield the blank lines and comments between two statements with the profile that they belong to."""
    blank = next((number for number, line in enumerate(lines) if not line.strip()), None)
    if above == below:
        yield from (Piece(line, above) for line in lines)
    elif blank is None:
        yield from (Piece(line, below) for line in lines)
    else:
        yield from (Piece(line, above) for line in lines[: blank + 1])
        yield from (Piece(line, None) for line in lines[blank + 1 :])


def test_the_count_sees_what_is_lost_and_what_is_added() -> None:
    document = Document([Piece("a\n", None), Piece("b\n", 1), Piece("own\n", 0), Piece("c\n", None), Piece("own\n", 0)])
    assert document.foreign(0) == ["a\nb\n", "c\n", ""]
    for edited, bytes_of_others in {
        "a\nb\nc\n": 0,
        "a\nb\nx\nc\nx\n": 0,
        "a\nx\nb\nc\n": 4,
        "x\na\nb\nc\n": 4,
        "a\nb\n": 2,
        "c\na\nb\n": 6,
    }.items():
        assert document.differing(0, edited) == bytes_of_others, edited
    assert document.differing(1, f"{document.text}x\n") == len("a\n" + "own\nc\nown\n")
    assert document.differing(None, document.text) == 0
    assert document.differing(None, f"{document.text}x\n") == len(document.text)


def test_layouts_are_told_apart_by_line() -> None:
    owners = [piece.owner for piece in pieces(LAYOUTS["15 a tool's own tables around"])]
    assert (owners.count(None), owners.count(0), owners.count(1)) == (15, 6, 6)
    banner = [piece.text for piece in pieces(LAYOUTS["17 a banner between profiles"]) if piece.owner is None]
    assert "# PRODUCTION: ask ops before you touch it\n" in banner


def test_real_life_layouts() -> None:
    table = Table()
    for title, text in LAYOUTS.items():
        document = Document(list(pieces(text)))
        assert document.text == text
        table.try_all(title, document, ["default"])
    assert len(table.rows) >= 15
    table.check()


@pytest.mark.parametrize("number", [10, pytest.param(200, marks=pytest.mark.complete)])
def test_generated_documents(number: int) -> None:
    table = Table()

    @settings(max_examples=number, suppress_health_check=list(HealthCheck))
    @given(documents())
    def collect(document: Document) -> None:
        names = [profile["name"] for profile in tomllib.loads(document.text)["profile"]]
        table.try_all(f"generated {len(table.rows) + 1}", document, names)

    collect()
    assert len(table.rows) >= number
    table.check()
