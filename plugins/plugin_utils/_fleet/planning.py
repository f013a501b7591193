# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans the requests to issuers from the looks at the hosts, and reads from the answers what a host has to do.

A token is recognized on a host by its key: the public prefix of a management token, the ID of a database token.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .kind import Kind


@dataclass(frozen=True)
class Member:
    """The findings of the look at one host, and the stated form of its token.

    Attributes:
        host: the inventory's name of the host.
        issuer: a number for the way in which its tokens are issued: hosts with the same one ask together.
        description: the description of the host's tokens.
        path: the file that holds the token, for sentences.
        file_identity: the file on the machine itself: equal for two names of one machine.
        entry: the entry of the file that holds the token; empty where the file holds one token only.
        second_path: a further file that gets the token; empty without one.
        second_identity: that file on the machine itself.
        held: the key of the token that the host holds, None for none.
        beside: the keys of the tokens that stand elsewhere in the same file.
        differs: whether something but the token has to be changed in the file.
        wish: the keys of the request to the issuer, beside the description and the token that is held.
        proves: whether a token is proved on the host.
        unused: whether the programs that use the token have not read what the file holds.
        refusal: why the host can't take part; empty where it can.
    """

    host: str
    issuer: str
    description: str
    path: str = ""
    file_identity: str = ""
    entry: str = ""
    second_path: str = ""
    second_identity: str = ""
    held: str | None = None
    beside: tuple[str, ...] = ()
    differs: bool = False
    wish: Mapping[str, Any] = field(default_factory=dict)
    proves: bool = True
    unused: bool = False
    refusal: str = ""

    @property
    def files(self) -> dict[str, str]:
        """The paths of the files that get the token, by their identities on the machine."""
        both = {self.file_identity: self.path, self.second_identity: self.second_path}
        return {identity: path for identity, path in both.items() if identity}


@dataclass(frozen=True)
class Request:
    """The request to one issuer, by the host whose variables say how it is reached."""

    issuer: str
    leader: str
    members: tuple[Member, ...]


@dataclass(frozen=True)
class Plan:
    """The requests of a batch, and the hosts that are refused, each with a sentence."""

    requests: tuple[Request, ...]
    refused: Mapping[str, str]


def plan(members: Sequence[Member], seen: Mapping[str, str], *, shared: bool) -> Plan:
    """Return the requests for the hosts of a batch, in their order, and the hosts that are refused.

    `seen` has for each file the host's name under which it was first seen in earlier batches. A second name of one
    machine is refused where each host has a token of its own, because each would overwrite the other's token in the one
    file at every run.
    """
    refused: dict[str, str] = {}
    first_names = dict(seen)
    groups: dict[str, list[Member]] = {}
    for member in members:
        first_of = {path: first_names.get(identity, member.host) for identity, path in member.files.items()}
        taken = {path: first for path, first in first_of.items() if first != member.host}
        if member.refusal:
            refused[member.host] = member.refusal
        elif taken and not shared:
            path, first = next(iter(taken.items()))
            refused[member.host] = (
                f"{first} and {member.host} are one machine with one file {path}. Take one of the names out of the"
                " inventory, or give each a path of its own."
            )
        else:
            first_names |= {identity: first_names.get(identity, member.host) for identity in member.files}
            groups.setdefault(member.issuer, []).append(member)
    requests = tuple(Request(issuer, group[0].host, tuple(group)) for issuer, group in groups.items())
    return Plan(requests, refused)


@dataclass(frozen=True)
class Old:
    """A token that a newer one of the same description supersedes."""

    id: str
    key: str
    expires_at: str | None = None


@dataclass(frozen=True)
class Answer:
    """The issuer's answer about a host's token: `id` and `key` are those of the token that the host shall hold.

    `is_new` says that it was made just now; then `id` is None in check mode. `failure` says why there is none, empty
    where there is one.
    """

    id: str | None = None
    key: str | None = None
    is_new: bool = False
    created_at: str | None = None
    expires_at: str | None = None
    superseded: tuple[Old, ...] = ()
    failure: str = ""


NO_ANSWER = "The issuer gave no answer for this host."
FORETOLD = "to be made"


def read_answer(kind: Kind, description: str, items: Mapping[str, Mapping[str, Any]], failure: str) -> Answer:
    """Return the issuer's answer about the token of this description.

    `items` are the entries of the module's result by description, `failure` is the sentence for a missing entry.
    """
    item = items.get(description)
    if item is None:
        return Answer(failure=failure)
    if item.get("failure"):
        return Answer(failure=str(item["failure"]["message"]))
    old = tuple(Old(one["id"], one.get(kind.key) or "", one.get("expires_at")) for one in item["superseded"])
    is_new = bool(item["created"])
    # In check mode a token that would be made has no key yet.
    key = item[kind.key] or (FORETOLD if is_new else None)
    return Answer(item["id"], key, is_new, item.get("created_at"), item["expires_at"], old)


def why_no_answer(result: Mapping[str, Any], issuer: str) -> str:
    """Return why the result of asking an issuer has no entry for a host."""
    message = str(result.get("msg") or NO_ANSWER)
    return f"The issuer {issuer} can not be reached: {message}" if result.get("is_away") else message


def is_due(member: Member, answer: Answer) -> bool:
    """Return whether the host has work: a file to write, programs to restart, or a token to prove for a revocation."""
    writes = answer.is_new or member.differs or member.unused or answer.key != member.held
    return writes or (member.proves and bool(answer.superseded))
