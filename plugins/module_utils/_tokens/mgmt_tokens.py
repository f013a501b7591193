# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Management tokens through influxctl: how they are listed, made and revoked. They can't be changed.

A new token bears no mark of the run that has made it (facts.md#management-tokens). The list before and after proves
which token was made, together with the printed secret, which begins with the new entry's prefix.
"""

from __future__ import annotations

import builtins
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Callable

from .._core import entities, errors, interface
from .._influxctl.influxctl import Influxctl
from .backend import Kind, Made
from .index import TokenIndex
from .plan import TokenChange, TokenWish, alive

if TYPE_CHECKING:
    from .birth import Birth


class InfluxctlTokens:
    """The management tokens of one cluster.

    `own_token` is the token that influxctl authenticates with, None for another kind of authentication. `concurrency`
    is how many tokens are made at once. The constructor raises OptionError where it is less than 1.
    """

    kind = Kind(entities.MGMT_TOKEN, "mgmt_token", "token")
    workers = 1

    def __init__(
        self, influxctl: Influxctl, own_token: str | None, allow_self_revoke: bool, concurrency: int = 1
    ) -> None:
        if concurrency < 1:
            raise errors.OptionError("concurrency: must be 1 or more.")
        self._influxctl = influxctl
        self._own_token = own_token
        self._allow_self_revoke = allow_self_revoke
        self._concurrency = concurrency

    def list(self) -> builtins.list[entities.State]:
        """Return all management tokens, revoked and expired ones among them."""
        return self._influxctl.list_tokens()

    def check(self, change: TokenChange, wish: TokenWish) -> None:
        """Raise OptionError for another description: influxctl can't change one (facts.md#management-tokens)."""
        if change.update and change.current:
            raise errors.OptionError(
                f"description: the token {change.current['id']} is described {change.current.get('description')!r},"
                " which can't be changed. State what is there, or make a new token."
            )

    def create_many(self, births: Sequence[Birth], before: TokenIndex, take: Callable[[int, Made], None]) -> None:
        """Make tokens of different descriptions in parallel; one list afterwards proves them all."""
        wanted = [(birth.wanted["description"], birth.wanted.get("expires_at")) for birth in births]
        for number, made in enumerate(self._influxctl.create_tokens(wanted, before.tokens, self._concurrency)):
            take(number, made)

    def finish(self, birth: Birth, made: entities.State) -> entities.State:
        """Return the token: it had its final description from the beginning."""
        return made

    def take_back(self, birth: Birth, made: entities.State) -> None:
        """Revoke a new token that is of no use to anybody."""
        self.revoke([made])

    def update(self, token: entities.State, changes: Mapping[str, Any]) -> entities.State:
        """Raise Influxdb3Error: influxctl can't change a management token (facts.md#management-tokens)."""
        raise errors.Influxdb3Error(f"influxctl can't change the management token {token['id']}.")

    def revoke(self, tokens: Sequence[entities.State]) -> None:
        """Revoke the tokens for good, influxctl's own one last. One that is revoked already is no error.

        influxctl may refuse to revoke such a token, and before 2.9.8 it then doesn't revoke the rest
        (facts.md#revoking-several). So the tokens that still work are tried once more. Raises InfluxctlError.
        """
        ids = [token["id"] for token in sorted(tokens, key=self._authenticates)]
        try:
            self._influxctl.revoke_tokens(ids)
        except errors.InfluxctlError:
            left = self._left_of(ids)
            if left is None:
                raise
            if left:
                self._influxctl.revoke_tokens(left)

    def is_own(self, token: entities.State) -> bool:
        """Return whether influxctl authenticates with this very token, and the task doesn't allow its revocation."""
        return self._authenticates(token) and not self._allow_self_revoke

    def _authenticates(self, token: entities.State) -> bool:
        prefix = token.get("token_prefix")
        return bool(prefix and self._own_token and self._own_token.startswith(prefix))

    def _left_of(self, ids: Sequence[str]) -> builtins.list[str] | None:
        """Return which of the IDs are of tokens that work; None where that can't be told."""
        try:
            working = {token["id"] for token in self.list() if alive(token, interface.now())}
        except errors.InfluxctlError:
            return None
        return [token_id for token_id in ids if token_id in working]
