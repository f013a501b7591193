# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Decides from answers and proofs which tokens may be revoked.

These are old tokens whose every holder has proved another, and new ones that nobody holds. The invariant: no token that
a host holds is revoked before that host has proved another. A token whose holders aren't known stays.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from .kind import Kind
from .planning import Answer, Member, Old


@dataclass(frozen=True)
class Applied:
    """The outcome of the step `apply` at a host.

    Attributes:
        proved: whether the host has proved the token that the issuer has answered with.
        is_seen: whether the file was read after the step; otherwise it isn't known what the host holds.
        holds: the key of the token that the host holds after the step.
        beside: the keys of the tokens that stand elsewhere in the same file after the step.
        file_identity: as in `Member`, after the step: it changes when missing directories are made.
        second_identity: likewise.
        changed: whether the file was written.
        failure: why the step failed; empty where it didn't.
        is_used: whether the programs that use the token have taken it up; false where the user's tasks for that failed.
        may_be_revoked: whether the proof failed as it does with a token that another run has revoked meanwhile.
    """

    proved: bool = False
    is_seen: bool = False
    holds: str | None = None
    beside: tuple[str, ...] = ()
    file_identity: str = ""
    second_identity: str = ""
    changed: bool = False
    failure: str = ""
    may_be_revoked: bool = False
    is_used: bool = True


@dataclass(frozen=True)
class Stay:
    """Tokens that stay valid, and why."""

    ids: tuple[str, ...]
    reason: str


@dataclass(frozen=True)
class Settlement:
    """The IDs of the tokens to revoke, by the issuer that is asked; and the tokens that stay, by host.

    `revoke` has the old tokens, `unheld` the new ones that no host holds.
    """

    revoke: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unheld: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    stays: Mapping[str, tuple[Stay, ...]] = field(default_factory=dict)


def has_proved(answer: Answer, applied: Applied | None) -> bool:
    """Return whether a host is known to hold the answer's token, to have proved it, and to use it.

    A prefix is too short to be unique. Where an old token has the new one's, the host may hold either of them.
    """
    return bool(
        applied
        and applied.proved
        and applied.is_used
        and applied.is_seen
        and answer.key
        and applied.holds == answer.key
        and all(old.key != answer.key for old in answer.superseded)
    )


def settle_each(members: Sequence[Member], answers: Mapping[str, Answer], applied: Mapping[str, Applied]) -> Settlement:
    """Return the settlement where each host has a token of its own.

    `answers` and `applied` are by host; a host that the step did not reach, or at which it broke off, has no `applied`.
    """
    revoke: dict[str, list[str]] = {}
    unheld: dict[str, list[str]] = {}
    stays: dict[str, list[Stay]] = {}
    holders = _holders(members, applied)
    for member in members:
        answer, done = answers.get(member.host, Answer()), applied.get(member.host)
        if is_unheld(answer, done) and answer.id:
            unheld.setdefault(member.issuer, []).append(answer.id)
        if not answer.superseded:
            continue
        if not has_proved(answer, done):
            stays.setdefault(member.host, []).append(Stay(_ids(answer.superseded), not_proved(member.host, done)))
            continue
        kept, others = _parted(answer.superseded, done.beside if done else ())
        elsewhere = {old.key for old in others if holders.get(old.key, set()) - {member.host}}
        foreign, free = _parted(others, elsewhere)
        revoke.setdefault(member.issuer, []).extend(_ids(free))
        if kept:
            stays.setdefault(member.host, []).append(Stay(_ids(kept), held_beside(member.path)))
        if foreign:
            names = sorted(set().union(*(holders[old.key] for old in foreign)) - {member.host})
            stays.setdefault(member.host, []).append(Stay(_ids(foreign), f"these hosts hold them: {', '.join(names)}"))
    return Settlement(_unique(revoke), _unique(unheld), {host: tuple(found) for host, found in stays.items()})


def _holders(members: Sequence[Member], applied: Mapping[str, Applied]) -> dict[str, set[str]]:
    """Return for each key the hosts that hold it at the end, as far as they were seen: clones hold each other's."""
    holders: dict[str, set[str]] = {}
    for member in members:
        done = applied.get(member.host)
        keys = (done.holds, *done.beside) if done and done.is_seen else (member.held, *member.beside)
        for key in filter(None, keys):
            holders.setdefault(key, set()).add(member.host)
    return holders


def is_beside(answer: Answer, applied: Applied) -> bool:
    """Return whether another entry of a host's file holds a token that the answer's supersedes."""
    return any(old.key in applied.beside for old in answer.superseded)


def is_unheld(answer: Answer, applied: Applied | None) -> bool:
    """Return whether a new token is known to be held by nobody: its only host was seen not to hold it."""
    return bool(
        answer.is_new
        and applied
        and applied.is_seen
        and answer.key is not None
        and applied.holds != answer.key
        and answer.key not in applied.beside
    )


def settle_shared(
    members: Sequence[Member],
    answers: Mapping[str, Answer],
    applied: Mapping[str, Applied],
    *,
    sharers: Collection[str],
    proved_before: Collection[str],
    doubt: str,
) -> Settlement:
    """Return the settlement where all hosts hold one token: it stays until all of them have proved the new one.

    `sharers` are all hosts that may hold the token, also those that the run doesn't reach, and `doubt` says why there
    may be more of them. `proved_before` has the names, as `proof_name` gives them, of the proofs of earlier batches.
    Hosts of different issuers share a token where these reach one cluster in two ways. A new token is never unheld: the
    store keeps it, and the next run goes on with it.
    """
    revoke: dict[str, list[str]] = {}
    stays: dict[str, list[Stay]] = {}
    proved_now: dict[str | None, set[str]] = {}
    for one in members:
        answer = answers.get(one.host, Answer())
        if has_proved(answer, applied.get(one.host)):
            proved_now.setdefault(answer.id, set()).add(one.host)
    beside = {key for one in members if one.host in applied for key in applied[one.host].beside}
    for issuer in dict.fromkeys(member.issuer for member in members):
        group = [member for member in members if member.issuer == issuer]
        answer = next((answers[one.host] for one in group if one.host in answers), Answer())
        if not answer.superseded:
            continue
        before = {host for host in sharers if proof_name(host, answer.id) in proved_before}
        kept, free = _parted(answer.superseded, beside)
        leader = group[0]
        if kept:
            stays.setdefault(leader.host, []).append(Stay(_ids(kept), held_beside(leader.path)))
        lacking = sorted(set(sharers) - before - proved_now.get(answer.id, set()))
        reason = why_shared_stays(lacking, doubt)
        if reason and free:
            stays.setdefault(leader.host, []).append(Stay(_ids(free), reason))
        elif free:
            revoke.setdefault(issuer, []).extend(_ids(free))
    return Settlement(_unique(revoke), {}, {host: tuple(found) for host, found in stays.items()})


def why_shared_stays(lacking: Sequence[str], doubt: str) -> str:
    """Return why the old shared token stays valid; empty where it may be revoked."""
    return f"these hosts have not proved the new token: {', '.join(lacking)}" if lacking else doubt


def doubt_of(kind: Kind, unmatched: Sequence[str], *, is_partial: bool) -> str:
    """Return why more hosts may share a token than a run knows of; empty where there are no more.

    `unmatched` are the patterns that match no host of the inventory. `is_partial` says that the inventory may lack some
    hosts.
    """
    if unmatched:
        return f"{kind.sharing} is {', '.join(map(repr, unmatched))}, and no host of the inventory matches that"
    if is_partial:
        return f"the inventory may be a part of the fleet. Set {kind.size} to the number of hosts that share the token"
    return ""


def proof_name(host: str, token_id: str | None) -> str:
    """Return a text that names a host's proof of a token. It is kept with the facts of localhost."""
    return f"{token_id} {host}"


def not_proved(host: str, applied: Applied | None) -> str:
    """Return why a host's old tokens stay: the host has proved no other token, or its programs don't use that yet."""
    if applied and not applied.is_used:
        return f"what uses the token on {host} has not taken the new one up"
    return f"{host} has not proved another token"


def held_beside(path: str) -> str:
    """Return why a token stays that another profile of the file holds."""
    return f"another profile of {path} holds them. Give each profile a prefix of its own for its descriptions"


def _parted(old: Sequence[Old], beside: Collection[str]) -> tuple[tuple[Old, ...], tuple[Old, ...]]:
    """Return the tokens that stand elsewhere in a file, and the others."""
    kept = tuple(one for one in old if one.key in beside)
    return kept, tuple(one for one in old if one.key not in beside)


def _ids(tokens: Sequence[Old]) -> tuple[str, ...]:
    return tuple(token.id for token in tokens)


def _unique(found: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    return {issuer: tuple(dict.fromkeys(ids)) for issuer, ids in found.items() if ids}
