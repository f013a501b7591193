# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many management tokens at once: one list before, creations in parallel, one list after; or one revocation of many.

An entry that fails loses no other's secret: what was made is in its file or in the result, also when the task fails.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .._core.entities import MGMT_TOKEN, State, parse_option
from .._core.errors import Influxdb3Error, OptionError, SecretFileError
from .._core.interface import ModuleView, Result, now
from .._core.token_values import parse_token_id
from . import secret_file
from .mgmt_tokens import InfluxctlTokens
from .plan import TokenChange, TokenWish, alive, check_wish, plan_token, stillborn
from .tokens import Backend, as_secret, dead, left_alone, predicted, refuse_foreign, spare_own, wish_of

# An entry of `tokens`; the options beside it hold for all entries.
ENTRY_OPTIONS: dict[str, Any] = {
    "description": {"type": "str", "required": True},
    "expires_at": {"type": "str"},
    "expires_in": {"type": "str"},
    "renew_before": {"type": "str"},
    "max_age": {"type": "str"},
    "force": {"type": "bool", "default": False},
    "held_prefix": {"type": "str"},
    "secret_file": {"type": "path", "no_log": False},
}
_SHOWN_FAILURES = 5


@dataclass
class Entry:
    """One wanted token and what became of it.

    `held` is what its secret file keeps, `token` the token as it is (in check mode: would be) in the end, `secret` its
    secret if it is known, `error` why something that was wanted isn't so.
    """

    wish: TokenWish
    path: str | None
    held_prefix: str | None
    held: secret_file.Secret | None = None
    change: TokenChange | None = None
    token: State | None = None
    secret: str | None = None
    error: Influxdb3Error | None = None

    @contextmanager
    def failing_alone(self) -> Iterator[None]:
        """Keep an error to this entry. A token that was only predicted is none then."""
        try:
            yield
        except Influxdb3Error as error:
            self.error = error
            if self.token and "id" not in self.token:
                self.token = None

    def make(self) -> bool:
        """Return whether a new token is to be made."""
        return self.error is None and self.change is not None and bool(self.change.create)


def parse_entries(options: Sequence[Mapping[str, Any]], at: datetime) -> list[Entry]:
    """Return the entries that the option states. Raises OptionError, which names the entry."""
    entries = [_parse_entry(number, one, at) for number, one in enumerate(options, 1)]
    for what, values in (
        ("description", [entry.wish.description for entry in entries]),
        ("secret_file", [os.path.abspath(entry.path) for entry in entries if entry.path]),
    ):
        twice = [value for value, count in Counter(values).items() if count > 1]
        if twice:
            raise OptionError(f"tokens: more than one entry has the {what} {twice[0]!r}.")
    return entries


def _parse_entry(number: int, options: Mapping[str, Any], at: datetime) -> Entry:
    try:
        wish = wish_of({**options, "id": None}, MGMT_TOKEN)
        check_wish(wish, at)
        path = secret_file.parse_path("secret_file", options["secret_file"])
    except OptionError as error:
        raise OptionError(f"tokens: entry {number}: {error}") from None
    return Entry(wish, path, options["held_prefix"])


def manage_batch(module: ModuleView, backend: InfluxctlTokens) -> Result:
    """Bring all tokens to the stated form. What is wrong with the options is found before influxctl runs."""
    params, at = module.params, now()
    entries = parse_entries(params["tokens"], at)
    owner = secret_file.parse_owner(params["owner"], params["group"])
    if params["concurrency"] < 1:
        raise OptionError("concurrency: must be 1 or more.")
    for entry in entries:
        with entry.failing_alone():
            entry.held = secret_file.read(entry.path, owner) if entry.path else None
        if entry.held and entry.held["token"]:
            module.no_log_values.add(entry.held["token"])
    listed = backend.list() if entries else []
    warnings: list[str] = []
    for entry in entries:
        if entry.error is None:
            with entry.failing_alone():
                warnings += plan_entry(entry, listed, at, params, backend)
    due = [entry for entry in entries if entry.make()]
    if module.check_mode:
        for entry in (entry for entry in due if entry.path):
            with entry.failing_alone():
                secret_file.check_writable(str(entry.path))
    else:
        _make(backend, due, listed, owner, params["concurrency"])
        _revoke(backend, entries)
    adjusted = _adjust(entries, owner, dry=module.check_mode)
    result = _report(entries, warnings, return_secret=params["return_secret"])
    result.changed = result.changed or adjusted
    return result


def plan_entry(
    entry: Entry, listed: Sequence[State], at: datetime, params: Mapping[str, Any], backend: Backend
) -> list[str]:
    """Decide about one entry, from the secret that its file keeps or whose prefix is held elsewhere.

    Returns warnings about what is left on purpose.
    """
    wish, held = entry.wish, entry.held
    refuse_foreign(held, listed, wish, at, entry.path)
    held_id = held["id"] if held else None
    if entry.held_prefix and held_id is None:
        key = (entry.held_prefix, wish.description)
        matching = [t["id"] for t in listed if (t.get("token_prefix"), t.get("description")) == key]
        held_id = matching[0] if len(matching) == 1 else None
    change = plan_token(
        listed,
        wish,
        at,
        held_id=held_id,
        need_secret=entry.path is not None or entry.held_prefix is not None,
        on_lost_secret=params["on_lost_secret"],
        revoke_superseded=params["revoke_superseded"],
    )
    entry.change, warnings = spare_own(change, backend)
    entry.token = predicted(change, wish, at)
    if held and not change.create and held["id"] == entry.token.get("id"):
        entry.secret = held["token"]
    return warnings


def _make(
    backend: InfluxctlTokens,
    entries: Sequence[Entry],
    listed: Sequence[State],
    owner: secret_file.Owner,
    concurrency: int,
) -> None:
    """Make the entries' tokens and keep their secrets. Every file is proved to be writable before the first token."""
    with ExitStack() as stack:
        slots: dict[str, secret_file.Slot] = {}
        # In one order for all runs, because each slot is a lock.
        for path, entry in sorted((entry.path, entry) for entry in entries if entry.path):
            with entry.failing_alone():
                slots[path] = stack.enter_context(secret_file.Slot(path, owner))
                if secret_file.read(path, owner) != entry.held:
                    raise SecretFileError(
                        f"secret_file {path} was written by another run meanwhile. Run again.", code="busy"
                    )
        due = [entry for entry in entries if entry.error is None]
        wanted = [entry.token or {} for entry in due]
        for entry, made in zip(due, backend.create_many(wanted, listed, concurrency) if due else []):
            if isinstance(made, Influxdb3Error):
                entry.error, entry.token = made, None
            elif stillborn(made):
                entry.error, entry.token = _taken_back(backend, made, dead(made)), None
            else:
                entry.token, entry.secret = made, made["token"]
        for entry in due:
            if entry.error is None and entry.path:
                _keep(backend, entry, slots[entry.path])


def _keep(backend: InfluxctlTokens, entry: Entry, slot: secret_file.Slot) -> None:
    """Keep a new secret. If it can't be kept, the token is revoked again, because nobody can use it."""
    token = entry.token or {}
    try:
        slot.commit(as_secret(token, "token"))
    except SecretFileError as error:
        entry.error = _taken_back(backend, token, error)
        entry.token = entry.secret = None


def _taken_back(backend: InfluxctlTokens, token: State, error: Influxdb3Error) -> Influxdb3Error:
    """Revoke a new token that is of no use, and return the error that says why, and what became of it."""
    fate = "is revoked again."
    try:
        backend.revoke([token])
    except Influxdb3Error as failure:
        fate = f"is not revoked: {failure}"
    return Influxdb3Error(f"{error} The token {token['id']} that was just made {fate}", code=error.code)


def _adjust(entries: Sequence[Entry], owner: secret_file.Owner, *, dry: bool) -> bool:
    """Give the files their owner, group and mode; return whether any differed."""
    adjusted = False
    for entry in entries:
        if entry.path and entry.error is None:
            with entry.failing_alone():
                adjusted = secret_file.adjust(entry.path, owner, dry=dry) or adjusted
    return adjusted


def _revoke(backend: InfluxctlTokens, entries: Sequence[Entry]) -> None:
    """Revoke what is superseded, in one run of influxctl."""
    concerned = [entry for entry in entries if entry.error is None and entry.change and entry.change.revoke]
    doomed = [old for entry in concerned if entry.change for old in entry.change.revoke]
    if not doomed:
        return
    try:
        backend.revoke(doomed)
    except Influxdb3Error as error:
        for entry in concerned:
            entry.error = error


def revoke_ids(module: ModuleView, backend: InfluxctlTokens) -> Result:
    """Revoke the tokens of these IDs that are active, in one run of influxctl. Raises OptionError."""
    if module.params["state"] != "absent":
        raise OptionError("ids: many tokens by their IDs can only be revoked; set state: absent.")
    wanted = {parse_option("ids", token_id, parse_token_id) for token_id in module.params["ids"]}
    listed, at = backend.list() if wanted else [], now()
    active = [token for token in listed if token["id"] in wanted and alive(token, at)]
    own = [token["id"] for token in active if backend.is_own(token)]
    doomed = [token for token in active if token["id"] not in own]
    if doomed and not module.check_mode:
        backend.revoke(doomed)
    shown = [MGMT_TOKEN.to_result(token) or {} for token in doomed]
    return Result(
        changed=bool(doomed),
        values={"mgmt_tokens": [{**token, "changed": True, "superseded": [], "failure": None} for token in shown]},
        before={token["id"]: token for token in shown},
        after={},
        warnings=left_alone(own),
    )


def _report(entries: Sequence[Entry], warnings: list[str], *, return_secret: bool) -> Result:
    """Return every entry's outcome, and the error of the task if there are any."""
    results, secrets = [], []
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    for number, entry in enumerate(entries):
        name, change = str(entry.wish.description), entry.change
        shown = MGMT_TOKEN.to_result(entry.token or {"description": name}) or {}
        changed = change is not None and change.changed and entry.token is not None
        if change and changed:
            before[name], after[name] = MGMT_TOKEN.to_result(change.current), shown
        results.append(
            {
                **shown,
                "changed": changed,
                "superseded": [MGMT_TOKEN.to_result(old) for old in change.superseded] if change else [],
                "failure": entry.error.failure() if entry.error else None,
            }
        )
        if entry.secret and (return_secret or entry.path is None):
            secrets.append(("mgmt_tokens", number, "token", entry.secret))
    return Result(
        changed=any(result["changed"] for result in results),
        values={"mgmt_tokens": results},
        before=before,
        after=after,
        secrets=secrets,
        warnings=warnings,
        error=_summary(entries),
    )


def _summary(entries: Sequence[Entry]) -> Influxdb3Error | None:
    """Return one error for all entries that failed."""
    failed = [(entry.wish.description, entry.error) for entry in entries if entry.error]
    if not failed:
        return None
    told = "; ".join(f"{description!r}: {error}" for description, error in failed[:_SHOWN_FAILURES])
    more = f"; and {len(failed) - _SHOWN_FAILURES} more" if len(failed) > _SHOWN_FAILURES else ""
    codes = {error.code for _description, error in failed}
    return Influxdb3Error(
        f"{len(failed)} of {len(entries)} management tokens failed: {told}{more}",
        code=codes.pop() if len(codes) == 1 else "several",
    )
