# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the results of modules from the entries of a run. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .._core import entities, errors, interface
from .backend import Kind
from .entry import Entry


def one_result(entry: Entry, kind: Kind, *, adjusted: bool) -> interface.Result:
    """Return the result of a module for one token. `adjusted` says that the attributes of its secret file differed.

    Raises the entry's error, if it has one.
    """
    if entry.error:
        raise entry.error
    before, after = sides(entry, kind)
    return interface.Result(
        changed=entry.change.changed or adjusted,
        values={kind.noun: kind.entity.to_result(entry.token), "superseded": _superseded(entry, kind)},
        before=before,
        after=after,
        secrets=[(kind.noun, kind.secret_key, entry.secret)] if entry.secret and entry.order.reveals else (),
        warnings=entry.warnings,
    )


def many_result(entries: Sequence[Entry], kind: Kind, *, adjusted: bool) -> interface.Result:
    """Return the result with every entry's outcome, and with one error if any entry has failed."""
    option = f"{kind.noun}s"
    changed = [entry for entry in entries if _has_changed(entry)]
    both = {str(entry.order.wish.description): sides(entry, kind) for entry in changed}
    return interface.Result(
        changed=bool(changed) or adjusted,
        values={option: [_outcome(entry, kind) for entry in entries]},
        before={name: before for name, (before, _after) in both.items()},
        after={name: after for name, (_before, after) in both.items()},
        secrets=[
            (option, number, kind.secret_key, entry.secret)
            for number, entry in enumerate(entries)
            if entry.secret and entry.order.reveals
        ],
        warnings=[warning for entry in entries for warning in entry.warnings],
        error=_summary(entries, kind),
    )


def revoked_result(entries: Sequence[Entry], kind: Kind) -> interface.Result:
    """Return the result with the tokens that were revoked. Raises the error of the first entry that failed."""
    for entry in entries:
        if entry.error:
            raise entry.error
    outcomes = [_outcome(entry, kind) for entry in entries if entry.change.revoke]
    shown = [kind.entity.to_result(entry.token) or {} for entry in entries if entry.change.revoke]
    return interface.Result(
        changed=bool(outcomes),
        values={f"{kind.noun}s": outcomes},
        before={token["id"]: token for token in shown},
        after={},
        warnings=[warning for entry in entries for warning in entry.warnings],
    )


def _has_changed(entry: Entry) -> bool:
    return entry.change.changed and entry.token is not None


def _outcome(entry: Entry, kind: Kind) -> dict[str, Any]:
    """Return one entry of many as the result shows it, also where there is no token."""
    return {
        **(kind.entity.to_result(entry.token or {"description": entry.order.wish.description}) or {}),
        "changed": _has_changed(entry),
        "created": bool(entry.change.create) and entry.token is not None,
        "superseded": _superseded(entry, kind),
        "failure": entry.error.failure() if entry.error else None,
    }


def _superseded(entry: Entry, kind: Kind) -> list[dict[str, Any] | None]:
    return [kind.entity.to_result(token) for token in entry.change.superseded]


def sides(entry: Entry, kind: Kind) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return both sides of the diff: the token, and the IDs of the active ones beside it."""
    change = entry.change
    after = _side(kind.entity.to_result(entry.token), [old for old in change.superseded if old not in change.revoke])
    if not entry.order.present:
        return _side(kind.entity.to_result(change.current), change.superseded), {}
    if not change.changed:
        return after, after
    others = [old for old in change.superseded if old is not change.current]
    return _side(kind.entity.to_result(change.current), others), after


def _side(shown: dict[str, Any] | None, others: Sequence[entities.State]) -> dict[str, Any]:
    return {} if shown is None else {**shown, "superseded": [old["id"] for old in others]}


def _summary(entries: Sequence[Entry], kind: Kind) -> errors.Influxdb3Error | None:
    """Return one error for all entries that failed, None where none has."""
    failed = [(entry.order.wish.description, entry.error) for entry in entries if entry.error]
    if not failed:
        return None
    problems = "; ".join(f"{description!r}: {error}" for description, error in failed[: entities.SHOWN])
    more = f"; and {len(failed) - entities.SHOWN} more" if len(failed) > entities.SHOWN else ""
    codes = {error.code for _description, error in failed}
    return errors.Influxdb3Error(
        f"{len(failed)} of {len(entries)} {kind.entity.noun}s failed: {problems}{more}",
        code=codes.pop() if len(codes) == 1 else "several",
    )
