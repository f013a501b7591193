# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes a token under a mark, so that a later run can tell which run has made it.

The API has no idempotency key (facts.md#no-idempotency-key). So this writes a nonce into the journal beside the secret
file, if there is one, and then makes the token with the nonce in its description (`plan.mark`). A token whose secret
got lost is found by the nonce and revoked: by this run where an answer got lost, by a later one where this run was cut
off. A token with an unknown nonce may be that of a run that is at work: it is named, and never revoked.
"""

from __future__ import annotations

import builtins
import secrets
from collections.abc import Sequence
from typing import Protocol

from .._core import entities, errors
from .birth import Birth
from .index import TokenIndex
from .plan import mark, unmarked

_BAD_ANSWER = "bad_answer"


class Store(Protocol):
    """Tokens whose descriptions can be changed. Every function may raise Influxdb3Error."""

    def list(self) -> builtins.list[entities.State]:
        """Return all tokens, revoked and expired ones among them."""

    def create(self, wanted: entities.State) -> entities.State:
        """Make a token and return it with its secret."""

    def revoke(self, tokens: Sequence[entities.State]) -> None:
        """Revoke tokens for good; one that is revoked already is no error."""


def make(store: Store, birth: Birth, before: TokenIndex) -> entities.State:
    """Make a token under a mark, and return it with its secret. After an answer that got lost, ask once more.

    `before` are the tokens that were listed before. Raises Influxdb3Error, with the code `orphan` where a token may be
    left whose secret nobody has.
    """
    try:
        return _ask(store, birth, before)
    except errors.Influxdb3Error as error:
        if not _is_ambiguous(error):
            raise
    return _ask(store, birth, before)


def take_back(store: Store, birth: Birth, made: entities.State) -> None:
    """Revoke a token whose secret is lost. Raises Influxdb3Error.

    A token with its nonce under another ID is revoked as well: then the answer has named a wrong ID.
    """
    store.revoke([made])
    store.revoke([token for token in _of_nonce(store, birth) if token["id"] != made["id"] and _is_valid(token)])
    birth.settle()


def _ask(store: Store, birth: Birth, before: TokenIndex) -> entities.State:
    """Make a token with a new nonce. Raises Influxdb3Error.

    Where the error leaves it open whether there is a token, it is looked for and revoked before.
    """
    birth.begin(secrets.token_hex(16))
    try:
        made = store.create({**birth.wanted, "description": mark(birth.wanted["description"], birth.nonce)})
        _check_ours(made, birth.nonce, before)
    except Exception as unknown:
        # Every exception may leave a token that nobody has, also one that nobody expects.
        error = _as_error(unknown)
        if _is_ambiguous(error):
            _revoke_lost(store, birth, error)
        elif _did_nothing(error):
            birth.settle()
        raise error from None
    return made


def _as_error(unknown: Exception) -> errors.Influxdb3Error:
    if isinstance(unknown, errors.Influxdb3Error):
        return unknown
    what = type(unknown).__name__
    return errors.Influxdb3Error(
        f"The server's answer to the creation of a token broke off with {what}.", code=_BAD_ANSWER
    )


def _check_ours(made: entities.State, nonce: str, before: TokenIndex) -> None:
    """Raise Influxdb3Error where the answer to a create isn't about the token that was asked for."""
    if unmarked(made)[1] != nonce or made["id"] in before:
        raise errors.Influxdb3Error(
            "The server's answer to the creation of a token is about another token: it bears another description or an"
            " ID that was there before.",
            code=_BAD_ANSWER,
        )


def _is_ambiguous(error: errors.Influxdb3Error) -> bool:
    return error.code in (errors.Ambiguous.code, _BAD_ANSWER)


def _did_nothing(error: errors.Influxdb3Error) -> bool:
    """Return whether a request was provably refused, or never reached the server."""
    return isinstance(error, errors.ApiError) and (error.code == "unreachable" or (error.status or 500) < 500)


def _of_nonce(store: Store, birth: Birth) -> list[entities.State]:
    return [token for token in store.list() if unmarked(token)[1] == birth.nonce]


def _is_valid(token: entities.State) -> bool:
    return token.get("revoked_at") is None


def _revoke_lost(store: Store, birth: Birth, error: errors.Influxdb3Error) -> None:
    """Revoke the token with the nonce, if there is one. Where that fails, raise `error`, which then says what to do."""
    found: list[entities.State] = []
    try:
        found = _of_nonce(store, birth)
        store.revoke([token for token in found if _is_valid(token)])
    except errors.Influxdb3Error as second:
        names = ", ".join(token["id"] for token in found)
        rest = (
            f"The token {names} was made, its secret is lost, and revoking it failed: {second}"
            if found
            else f"Whether it was made could not be looked up: {second} Its description would hold {birth.nonce}."
        )
        later = "Run again, which revokes it" if birth.slot else "Revoke it, for instance with id and state: absent"
        # With a code of its own, so that nobody asks for one more token.
        error.also(f"{rest} {later}.", "orphan")
        raise error from None
    if found:
        birth.settle()
