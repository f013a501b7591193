# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The interface of one kind of tokens: how they are listed, made, changed, proved and revoked."""

from __future__ import annotations

import builtins
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Callable, NamedTuple, Protocol, Union

from .._core import entities, errors
from .index import TokenIndex
from .plan import TokenChange, TokenWish

if TYPE_CHECKING:
    from .birth import Birth


class Kind(NamedTuple):
    """A kind of token: its fields, its key in a module's result, and the key below that which may hold the secret."""

    entity: entities.Entity
    noun: str
    secret_key: str


Made = Union[entities.State, errors.Influxdb3Error]


class Backend(Protocol):
    """One kind of tokens of one cluster. Every function may raise Influxdb3Error."""

    @property
    def kind(self) -> Kind:
        """The names and fields of the tokens."""

    @property
    def workers(self) -> int:
        """How many threads may use this backend at the same time."""

    def list(self) -> builtins.list[entities.State]:
        """Return all tokens, revoked and expired ones among them."""

    def check(self, change: TokenChange, wish: TokenWish) -> None:
        """Raise OptionError where this kind of token can't be changed as the change says."""

    def create_many(self, births: Sequence[Birth], before: TokenIndex, take: Callable[[int, Made], None]) -> None:
        """Make tokens, and call `take` for each with its number and the token with its secret, or an error.

        `before` are the tokens that were listed before. The secrets are registered for masking. A token whose secret
        got lost is revoked where it can be recognized. Up to `workers` threads call `take`.
        """

    def finish(self, birth: Birth, made: entities.State) -> entities.State:
        """Give a new token, whose secret is safe, its final description. Return what the server reports."""

    def take_back(self, birth: Birth, made: entities.State) -> None:
        """Revoke a new token that is of no use to anybody."""

    def update(self, token: entities.State, changes: Mapping[str, Any]) -> entities.State:
        """Change a token and return what the server reports."""

    def revoke(self, tokens: Sequence[entities.State]) -> None:
        """Revoke tokens for good; one that is revoked already is no error."""

    def is_own(self, token: entities.State) -> bool:
        """Return whether the module authenticates with this very token, and must not revoke it."""


class Proof(NamedTuple):
    """How a token is proved to work before the tokens are revoked that it supersedes.

    `doubt` takes a token and returns why it can't be proved, empty where it can. `run` takes a token and its secret and
    waits until it works; it raises Influxdb3Error when that takes too long. `asked` says that each token that is made
    or changed is proved, also where nothing is revoked. `waived` says that tokens are also revoked for one that can't
    be proved.
    """

    doubt: Callable[[entities.State], str]
    run: Callable[[entities.State, str], None]
    asked: bool = False
    waived: bool = False
