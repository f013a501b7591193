# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Management tokens through influxctl, as `tokens.manage` wants them, with the configuration that influxctl needs."""

from __future__ import annotations

import builtins
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from typing import Any, NoReturn
from urllib.parse import urlsplit

from .._core.connection import DEDICATED, DEDICATED_HOST, Connection
from .._core.entities import State
from .._core.errors import InfluxctlError, Influxdb3Error, OptionError
from .._core.interface import now
from .._core.signals import first_signal
from .._influxctl.influxctl import Influxctl
from .._profile import profiles
from .plan import alive


class InfluxctlTokens:
    """The management tokens of one cluster. `own_token` is what influxctl authenticates with, if it is known."""

    # influxctl can't change a description (facts.md#management-tokens).
    marks = False

    def __init__(self, influxctl: Influxctl, own_token: str | None, allow_self_revoke: bool) -> None:
        self._influxctl = influxctl
        self._own_token = own_token
        self._allow_self_revoke = allow_self_revoke

    def list(self) -> builtins.list[State]:
        """Return all management tokens, revoked and expired ones among them."""
        return self._influxctl.list_tokens()

    def create(self, wanted: State, before: Sequence[State]) -> State:
        """Make a token and prove which it is."""
        return self._influxctl.create_token(wanted["description"], wanted.get("expires_at"), before)

    def create_many(
        self, wanted: Sequence[State], before: Sequence[State], concurrency: int
    ) -> builtins.list[State | Influxdb3Error]:
        """Make tokens of different descriptions in parallel; each is proved, or an error says why it isn't there."""
        pairs: builtins.list[tuple[str, datetime | None]] = [(w["description"], w.get("expires_at")) for w in wanted]
        return [*self._influxctl.create_tokens(pairs, before, concurrency)]

    def update(self, token: State, changes: State) -> State:
        """Refuse: influxctl can't change a management token (facts.md#management-tokens)."""
        raise Influxdb3Error(f"influxctl can't change the management token {token['id']}.")

    def revoke(self, tokens: Sequence[State]) -> None:
        """Revoke the tokens for good, the own one last. One that is revoked already is no error.

        influxctl may turn such a one down, and before 2.9.8 it leaves the rest then (facts.md#revoking-several).
        """
        ids = [token["id"] for token in sorted(tokens, key=self._authenticates)]
        try:
            self._influxctl.revoke_tokens(ids)
        except InfluxctlError:
            left = self._left_of(ids)
            if left is None:
                raise
            if left:
                self._influxctl.revoke_tokens(left)

    def is_own(self, token: State) -> bool:
        """Return whether influxctl authenticates with this very token, and may not revoke it."""
        return self._authenticates(token) and not self._allow_self_revoke

    def _authenticates(self, token: State) -> bool:
        prefix = token.get("token_prefix")
        return bool(prefix and self._own_token and self._own_token.startswith(prefix))

    def _left_of(self, ids: Sequence[str]) -> builtins.list[str] | None:
        """Return which of the IDs are of tokens that work; None where that can't be told."""
        try:
            working = {token["id"] for token in self.list() if alive(token, now())}
        except InfluxctlError:
            return None
        return [token_id for token_id in ids if token_id in working]


def as_profile(connection: Connection) -> dict[str, Any]:
    """Return the influxctl profile for a connection (keys: facts.md#profile-keys). Raises OptionError."""
    url = urlsplit(connection.base_url)
    if url.path:
        raise OptionError(
            f"host: {connection.base_url} has the path {url.path}, and influxctl has no place for one. Name the host"
            " only."
        )
    profile: dict[str, Any] = {"name": "default", "product": connection.product}
    if connection.product != DEDICATED or url.hostname != DEDICATED_HOST:
        profile["host"] = url.hostname
        profile["port"] = str(url.port or (80 if url.scheme == "http" else 443))
    if connection.product == DEDICATED:
        profile["account_id"], profile["cluster_id"] = connection.account_id, connection.cluster_id
    profile["mgmt_token"] = connection.token
    # A file that holds both is named twice: influxctl wants to be told where the key is.
    certificate, key = (
        connection.client_cert if isinstance(connection.client_cert, tuple) else (connection.client_cert,) * 2
    )
    tls = {
        "disable": True if url.scheme == "http" else None,
        "insecure": True if connection.verify is False else None,
        "ca": connection.verify if isinstance(connection.verify, str) else None,
        "cert": certificate,
        "key": key,
    }
    stated = {name: value for name, value in tls.items() if value is not None}
    return {**profile, "tls": stated} if stated else profile


def _end(number: int) -> NoReturn:
    """Leave through the finally clauses."""
    raise SystemExit(128 + number)


def orderly_end() -> AbstractContextManager[None]:
    """Have signals end the process through the finally clauses, which nothing interrupts."""
    return first_signal(_end, signal.SIG_IGN)


@contextmanager
def private_config(connection: Connection, tmpdir: str) -> Iterator[str]:
    """Give the path of a config (0600 in a directory of 0700) that is removed in any case."""
    text = profiles.new_config(as_profile(connection))
    directory = ""
    try:
        try:
            directory = tempfile.mkdtemp(prefix="influxdb3-", dir=tmpdir)
            path = os.path.join(directory, "config.toml")
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as handle:
                handle.write(text)
        except OSError as error:
            raise InfluxctlError(
                f"The temporary config for influxctl can't be written below {tmpdir}: {error.strerror}.",
                code="unwritable",
            ) from None
        yield path
    finally:
        shutil.rmtree(directory, ignore_errors=True)
