# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the rows of the summary from the outcomes of the hosts.

The outcome of a host is a dictionary, because Ansible keeps it as a variable: `outcome` ("renewed", "unchanged" or
"would renew"), `id`, `description` and `expires_at` of the token that the host holds, `old` (the tokens that this one
supersedes, each with `id` and `expires_at`) and `revoked` (the IDs among them that were revoked). A host that did not
come to the end has no outcome.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, TypedDict


class OldToken(TypedDict):
    """A token that still works; `expires_at` is in RFC 3339, or None where it never ends."""

    id: str
    expires_at: str | None


class Row(TypedDict):
    """One host of the summary.

    `outcome` is one of "renewed", "unchanged", "would renew", "not finished" and "not asked". `token_id` and
    `expires_at` are None where the host did not come to the end. `old_tokens` is None where nobody knows them.
    """

    host: str
    outcome: str
    token_id: str | None
    expires_at: str | None
    old_tokens: list[OldToken] | None


def summarize(
    hosts: Iterable[str],
    outcomes: Mapping[str, Mapping[str, Any]],
    tokens: Sequence[Mapping[str, Any]] | None,
    descriptions: Mapping[str, str],
    begun: Collection[str] | None = None,
) -> list[Row]:
    """Return a row for each host, in the order of `hosts`.

    For a host without an outcome, `tokens` (mgmt_token_info's list) and `descriptions` (by host) say which tokens are
    not revoked, one of which the host holds; None for `tokens` is a list that nobody could get. `begun` are the hosts
    that the run came to; None says that it came to all.
    """
    revoked = {token_id for outcome in outcomes.values() for token_id in outcome["revoked"]}
    # A later batch may have renewed the shared token that the hosts of an earlier one hold.
    superseded = {token["id"]: token for outcome in outcomes.values() for token in outcome["old"]}
    rows = []
    old: list[OldToken] | None
    for host in hosts:
        outcome = outcomes.get(host)
        if outcome:
            state, token_id, ends = outcome["outcome"], outcome["id"], outcome["expires_at"]
            own = [superseded[token_id]] if token_id in superseded else []
            old = _tokens(token for token in [*outcome["old"], *own] if token["id"] not in revoked)
        else:
            state, token_id, ends = "not finished" if begun is None or host in begun else "not asked", None, None
            old = None if tokens is None else _tokens(_unrevoked(tokens, descriptions.get(host)))
        rows.append(Row(host=host, outcome=state, token_id=token_id, expires_at=ends, old_tokens=old))
    return rows


def _unrevoked(tokens: Sequence[Mapping[str, Any]], description: str | None) -> list[Mapping[str, Any]]:
    """Return the tokens of a description that are not revoked; none where it isn't known."""
    return [t for t in tokens if description and t.get("description") == description and not t.get("revoked_at")]


def _tokens(tokens: Iterable[Mapping[str, Any]]) -> list[OldToken]:
    return [OldToken(id=token["id"], expires_at=token.get("expires_at")) for token in tokens]
