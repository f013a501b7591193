# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tells the active tokens that nobody holds from those that somebody may hold. Pure.

Whoever reads an audit revokes what is called an orphan. So a token is one only where nothing speaks for a holder.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple

from .holdings import DATABASE, Row

OWN = "the audit itself uses it"
BEYOND = "a host beyond this report holds it"
TWIN = "a host holds this token, or another one that begins as it does"
NOT_KNOWN = "a host that was not asked, or gave no answer, may hold it"
NOT_TAKEN_UP = "a host has a newer one, which what uses it has not taken up yet"


class Holders(NamedTuple):
    """What speaks for a holder of a token.

    Attributes:
        notes: for the ID of a token the note that tells who holds it.
        unknown: the names of hosts, in the report or beyond it, of which it isn't known what they hold.
        shared: the descriptions of tokens that such a host may share with others.
        used: the descriptions of database tokens of which a host has a newer one that a service hasn't read yet.
        any_unasked: whether a host of the report was not asked.
    """

    notes: Mapping[Any, str]
    unknown: Collection[str]
    shared: Collection[Any]
    used: Collection[Any]
    any_unasked: bool


def part_unheld(rows: Iterable[Row], listed: Iterable[Row], holders: Holders) -> tuple[list[Row], list[Row]]:
    """Return the active tokens that are in no row of a host: those that nobody holds, and the others with a note."""
    held = {row["token_id"] for row in rows}
    orphans, others = [], []
    for row in sorted(
        listed, key=lambda row: (row["kind"] == DATABASE, str(row["description"]), str(row["created_at"]))
    ):
        if row["token_id"] in held or row["state"] not in ("ok", "expiring"):
            continue
        note = _note(row, holders)
        if note:
            others.append({**row, "note": note})
        else:
            orphans.append(row)
    return orphans, others


def _note(row: Row, holders: Holders) -> str | None:
    """Return the note about the holder of a token, None for an orphan."""
    if row["token_id"] in holders.notes:
        return holders.notes[row["token_id"]]
    description = row["description"]
    if holders.any_unasked or description in holders.shared or _names_one_of(holders.unknown, str(description)):
        return NOT_KNOWN
    # A service keeps what it has read until it is restarted, and so it may use a token that is in no file any more.
    return NOT_TAKEN_UP if row["kind"] == DATABASE and description in holders.used else None


def _names_one_of(hosts: Collection[str], description: str) -> bool:
    """Return whether a description ends with a blank and the name of one of the hosts, which may hold blanks itself."""
    return any(mark == " " and description[at + 1 :] in hosts for at, mark in enumerate(description))
