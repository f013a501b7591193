# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes tokens, one or many, through their life: decides, makes, keeps and proves them, and revokes superseded ones.

Knows neither HTTP nor influxctl; a `Backend` does. The order of the steps protects access, because a run may be cut off
at any point:

1. the run locks the secret file, if there is one, and sees that it can be written;
2. it revokes the tokens that runs which were cut off have made;
3. it makes the token, where that is possible under a mark that proves the token to be this run's (`marked.py`);
4. it makes the secret durable in the file;
5. it gives the description its final form, and from now on other runs take the token for current;
6. it sees the token work, where the task asks for that or old tokens are to be revoked;
7. it revokes the tokens that the new one supersedes.

An entry that fails loses no other's secret: each new secret is in its file or in the result, also when the task fails.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from typing import Callable

from .._core import entities, errors
from .._core.durations import format_instant
from .._core.threads import for_each
from . import secret_text
from .backend import Backend, Made
from .birth import Birth
from .entry import Entry, read_kept
from .index import TokenIndex
from .plan import dead_when_made, unmarked


class Saga:
    """One run over a list of entries. `conceal` gets each secret that is read.

    `index` has the tokens of the server from which the entries were decided, where the caller has decided them. An
    error of an entry is noted in it; only a list that can't be read raises, an Influxdb3Error.
    """

    def __init__(
        self,
        backend: Backend,
        entries: Sequence[Entry],
        conceal: Callable[[str], None],
        index: TokenIndex | None = None,
    ) -> None:
        self._backend = backend
        self._conceal = conceal
        self._index = TokenIndex(()) if index is None else index
        self.entries = entries

    def plan(self) -> None:
        """Read the secret files, then list the server's tokens, and decide about each entry. Changes nothing.

        Raises Influxdb3Error where the tokens can't be listed.
        """
        self.read_files()
        self.decide(TokenIndex(self._backend.list() if self.entries else ()))

    def read_files(self) -> None:
        """Read the secret files."""
        entries = self._open()
        for entry, kept in zip(entries, read_kept([entry.order for entry in entries], self._conceal)):
            entry.keep(kept)

    def decide(self, index: TokenIndex) -> None:
        """Decide about each entry, from tokens that were listed after the secret files were read."""
        self._index = index
        for entry in self._open():
            with entry.failing_alone():
                entry.decide(index, self._backend)

    def carry_out(self) -> None:
        """Make the decided changes. Where another run has been at work with a secret file, decide once more before.

        Raises Influxdb3Error where the tokens can't be listed for that.
        """
        with ExitStack() as stack:
            while self._lock(stack):
                self.plan()
            self._revoke([(entry, entry.change.orphans) for entry in self._open()])
            for entry in self._open():
                if entry.slot:
                    entry.slot.settle(self._index.nonces)
            self._finish_replaced()
            self._create()
            self._update()
            self._prove()
            self._revoke([(entry, entry.change.revoke) for entry in self._open()])

    def adjust(self, *, dry: bool) -> bool:
        """Give the secret files their owner, group and mode; return whether any differed. `dry` changes none."""
        if dry:
            return any(entry.kept.differs for entry in self._open())
        adjusted = False
        for entry in self._open():
            if entry.order.path is not None:
                from .secret_slot import adjust

                with entry.failing_alone():
                    adjusted = adjust(entry.order.path, entry.order.owner) or adjusted
        return adjusted

    def _open(self) -> list[Entry]:
        """Return the entries with which the run goes on."""
        return [entry for entry in self.entries if entry.error is None and not entry.is_finished]

    def _lock(self, stack: ExitStack) -> bool:
        """Lock the files that may be replaced; return whether the entries have to be decided about once more.

        All runs lock files in the same order, so that two don't wait for each other.
        """
        moved = False
        due = [e for e in self._open() if e.order.path and not e.slot and (e.change.create or e.kept.nonces)]
        for entry in sorted(due, key=lambda entry: entry.order.path or ""):
            with entry.failing_alone():
                moved = entry.lock(stack) or moved
        return moved

    def _finish_replaced(self) -> None:
        """Take the mark of a run that was cut off from a token that is replaced.

        With the mark, later runs would report it as the token of an unknown run.
        """
        for entry in self._open():
            replaced = entry.change.current if entry.change.create else None
            if replaced and unmarked(replaced)[1]:
                with entry.failing_alone():
                    self._backend.update(replaced, {"description": unmarked(replaced)[0]})

    def _create(self) -> None:
        """Make the tokens that are lacking and keep their secrets."""
        due = [entry for entry in self._open() if entry.change.create]
        if not due:
            return
        births = [Birth(entry.token or {}, entry.slot) for entry in due]

        def take(number: int, made: Made) -> None:
            entry = due[number]
            with entry.failing_alone():
                if isinstance(made, errors.Influxdb3Error):
                    raise made
                self._keep(entry, births[number], made)

        self._backend.create_many(births, self._index, take)

    def _keep(self, entry: Entry, birth: Birth, made: entities.State) -> None:
        """Keep a new token's secret; if it can't be kept, the token is revoked, because nobody can use it."""
        token = {**made, "description": birth.wanted["description"]}
        if dead_when_made(token):
            raise self._taken_back(entry, birth, made, _dead(token))
        try:
            if birth.slot:
                birth.slot.commit(_as_secret(token, token[self._backend.kind.secret_key]))
        except errors.SecretFileError as error:
            raise self._taken_back(entry, birth, made, error) from None
        try:
            entry.token = {**token, **self._backend.finish(birth, made)}
        except errors.Influxdb3Error as error:
            if birth.slot is None:
                raise self._taken_back(entry, birth, made, error) from None
            entry.token = token
            error.also(f"The token {token['id']} and its secret are safe; run again to finish.")
            raise
        entry.secret = token[self._backend.kind.secret_key]

    def _taken_back(
        self, entry: Entry, birth: Birth, made: entities.State, error: errors.Influxdb3Error
    ) -> errors.Influxdb3Error:
        """Revoke a new token that is of no use, and return the error, which then says what became of the token."""
        entry.token = None
        try:
            self._backend.take_back(birth, made)
        except errors.Influxdb3Error as failure:
            rest = f"The token {made['id']} was made, its secret is lost, and revoking it failed: {failure} Revoke it."
            error.also(rest, "orphan")
        else:
            error.also(f"The token {made['id']} that was just made is revoked again.")
        return error

    def _update(self) -> None:
        for_each(self._backend.workers, self._update_one, self._open())

    def _update_one(self, entry: Entry) -> None:
        if entry.change.update and entry.token:
            with entry.failing_alone():
                entry.token = {**entry.token, **self._backend.update(entry.token, entry.change.update)}

    def _prove(self) -> None:
        for_each(self._backend.workers, self._prove_one, self._open())

    def _prove_one(self, entry: Entry) -> None:
        try:
            entry.prove()
        except errors.Influxdb3Error as error:
            entry.fail_after_creation(error)

    def _revoke(self, doomed: Sequence[tuple[Entry, Sequence[entities.State]]]) -> None:
        """Revoke each entry's tokens, all of them by one call of the backend."""
        tokens = [token for _entry, its in doomed for token in its]
        try:
            if tokens:
                self._backend.revoke(tokens)
        except errors.Influxdb3Error as error:
            for entry, its in doomed:
                if its:
                    entry.fail_after_creation(error)


def _as_secret(token: entities.State, secret: str) -> secret_text.Secret:
    """Return the content of a secret file for a new token."""
    instants = {key: token.get(key) for key in ("created_at", "expires_at")}
    return {
        "id": token["id"],
        "description": token.get("description"),
        "token": secret,
        **{key: format_instant(value) if value else None for key, value in instants.items()},
    }


def _dead(created: entities.State) -> errors.Influxdb3Error:
    """Return the error about a new token that was dead when it was made."""
    made, ends = (format_instant(created[name]) for name in ("created_at", "expires_at"))
    return errors.Influxdb3Error(
        f"The new token {created['id']} is dead: by the server's clock it was made at {made} and ended at {ends}. Set"
        " this machine's clock and the server's right, or choose a later expiry. No other token was revoked.",
        code="dead_token",
    )
