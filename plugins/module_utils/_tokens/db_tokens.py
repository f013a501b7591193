# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Database tokens over the Management API: their options, and the backend that lists, makes and changes them."""

from __future__ import annotations

import builtins
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Callable

from .._api.endpoints import ManagementApi
from .._core import entities, errors, interface
from .._core.threads import for_each
from .._core.token_values import PERMISSIONS_OPTION
from .backend import Kind, Made
from .index import TokenIndex
from .plan import TokenChange, TokenWish
from .wishes import SECRET_FILE_OPTIONS, TOKEN_OPTIONS

if TYPE_CHECKING:
    from .birth import Birth

KIND = Kind(entities.DB_TOKEN, "db_token", "access_token")
# The options of one token, as those of a module or of an item of cluster's list.
OPTIONS: interface.Spec = {
    **TOKEN_OPTIONS,
    **SECRET_FILE_OPTIONS,
    "permissions": PERMISSIONS_OPTION,
    "wait_active": {"type": "int"},
    "revoke_unproved": {"type": "bool", "default": False},
    "query_host": {"type": "str"},
}
RULES: dict[str, Any] = {"required_one_of": [("description", "id")]}


class HttpTokens:
    """The database tokens of one cluster.

    `workers` is how many threads the connection is for. `refuses_unknown` says that no token is made for, or gets
    access to, a database that isn't there.
    """

    kind = KIND

    def __init__(self, api: ManagementApi, workers: int = 1, *, refuses_unknown: bool = False) -> None:
        self._api = api
        self.workers = workers
        self._refuses_unknown = refuses_unknown
        self._databases: Collection[str] | None = None

    def list(self) -> builtins.list[entities.State]:
        """Return all database tokens. Raises ApiError."""
        return self._api.list_tokens()

    def check(self, change: TokenChange, wish: TokenWish) -> None:
        """Raise OptionError for permissions on a database that isn't there, where `refuses_unknown` says so.

        Every other change is accepted, because permissions and description can be replaced.
        """
        if self._refuses_unknown and (change.create or "permissions" in change.update):
            stated = {permission["resource"] for permission in wish.permissions or ()} - {"*"}
            lacking = sorted(stated - set(self._database_names()))
            if lacking:
                raise errors.OptionError(
                    f"permissions: the cluster has no database {', '.join(map(repr, lacking))}. Create it first, for"
                    " instance with the role cluster, or state the name of one that is there."
                )

    def _database_names(self) -> Collection[str]:
        if self._databases is None:
            self._databases = {str(database.get("name")) for database in self._api.list_databases()}
        return self._databases

    def create_many(self, births: Sequence[Birth], before: TokenIndex, take: Callable[[int, Made], None]) -> None:
        """Make each token under a mark. With one worker, a token's secret is kept before the next token is made."""
        from . import marked

        def make(number: int) -> None:
            try:
                made: Made = marked.make(self, births[number], before)
            except errors.Influxdb3Error as error:
                made = error
            take(number, made)

        for_each(self.workers, make, range(len(births)))

    def create(self, wanted: entities.State) -> entities.State:
        """Make a token and return it with its secret as `access_token`. Raises ApiError."""
        return self._api.create_token(wanted)

    def finish(self, birth: Birth, made: entities.State) -> entities.State:
        """Replace the marked description by the final one. The nonce stays in the journal until that is done."""
        final = self.update(made, {"description": birth.wanted["description"]})
        birth.settle()
        return final

    def take_back(self, birth: Birth, made: entities.State) -> None:
        """Revoke a new token that is of no use to anybody."""
        from . import marked

        marked.take_back(self, birth, made)

    def update(self, token: entities.State, changes: Mapping[str, Any]) -> entities.State:
        """Replace the token's permissions or description."""
        return self._api.update_token(token["id"], changes)

    def revoke(self, tokens: Sequence[entities.State]) -> None:
        """Revoke the tokens; one that is gone or revoked already is no error. Raises ApiError."""
        for_each(self.workers, self._revoke, tokens)

    def _revoke(self, token: entities.State) -> None:
        try:
            self._api.revoke_token(token["id"])
        except errors.ApiError as error:
            if isinstance(error, errors.NotFound) and error.own:
                return
            # What servers say to a second revocation, a retry's or another run's, is open (facts.md#revocation).
            if not (error.repeated or error.status in (400, 404, 409)) or self._works(token["id"]):
                raise

    def is_own(self, token: entities.State) -> bool:
        """Return False: a database token can't authorize administration."""
        return False

    def _works(self, token_id: str) -> bool:
        """Return whether the server shows the token as not revoked. Raises ApiError."""
        try:
            return self._api.get_token(token_id).get("revoked_at") is None
        except errors.NotFound as error:
            if error.own:
                return False
        # A program in front of the API may have given the 404, so the list decides.
        return any(t["id"] == token_id and t.get("revoked_at") is None for t in self._api.list_tokens())
