# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds the server's tokens by description, ID and nonce, so that 1,000 wishes don't look at 1,000 tokens each."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from .._core import entities
from .plan import TokenWish, unmarked


class TokenIndex:
    """One list of the server's tokens, `tokens`, with revoked and expired ones among them."""

    def __init__(self, tokens: Sequence[entities.State]) -> None:
        self.tokens = tokens
        self._by_id = {token["id"]: token for token in tokens}
        self._by_description: dict[str, list[entities.State]] = {}
        self._by_nonce: dict[str, list[entities.State]] = {}
        for token in tokens:
            description, nonce = unmarked(token)
            self._by_description.setdefault(description, []).append(token)
            if nonce:
                self._by_nonce.setdefault(nonce, []).append(token)

    def __contains__(self, token_id: str) -> bool:
        return token_id in self._by_id

    @property
    def nonces(self) -> Collection[str]:
        """The nonces of all tokens that bear a mark."""
        return self._by_nonce.keys()

    def about(self, wish: TokenWish, held_id: str | None, nonces: Collection[str] = ()) -> list[entities.State]:
        """Return the tokens that matter for a wish: by its description, by its ID, by `held_id`, and by the nonces.

        `held_id` is the ID of the token whose secret is at hand.
        """
        found = {token["id"]: token for token in self._by_description.get(wish.description or "", ())}
        for token_id in (wish.id, held_id):
            if token_id in self._by_id:
                found[token_id] = self._by_id[token_id]
        for nonce in nonces:
            found.update((token["id"], token) for token in self._by_nonce.get(nonce, ()))
        return list(found.values())
