# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The 15 operations of the Management API, one function each, and the two forms of its URL.

Facts: facts.md#operations, facts.md#url-forms.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Callable
from urllib.parse import quote

from .._core import entities, errors
from .._core.connection import CLUSTERED_ID, DEDICATED_HOST, Connection
from .._core.stated import CLUSTERED, DEDICATED
from .._core.throttle import Throttle
from .._core.token_values import can_be_secret

BASE = "/api/v0"
# The answers of a server without the path: 404, 405 and 501, and 415 of a gRPC service behind a rule for all paths.
NO_ROUTE = (404, 405, 415, 501)
# The release that brought the API, and the one that brought rename, undelete and the deletion of tables
# (facts.md#releases-of-the-server).
_SINCE = "20250508-1719206"
_LATER_SINCE = "20251218-1946608"
_LATER = f"A server older than release {_LATER_SINCE} doesn't know this operation at all."
_LATER_REMEDIES = {
    404: f"Check the name, and that the server is of release {_LATER_SINCE} or later, which this operation needs."
}
_NO_API = {
    CLUSTERED: "There is no Management API at this address. Clustered has it since release "
    f"{_SINCE}, and whatever stands in front of the cluster must hand on the paths below {BASE}. InfluxDB 3 Core and"
    f" Enterprise have none. For Cloud Dedicated set product: dedicated; it is at {DEDICATED_HOST}.",
    DEDICATED: f"The Management API of Cloud Dedicated is at {DEDICATED_HOST} (leave host out), not at the host of the"
    " data plane. Check account_id and cluster_id as well. InfluxDB 3 Core and Enterprise have no such API; for"
    " Clustered set product: clustered.",
}
_SLASH = (
    "A name with a slash is sent as %2F: whatever stands in front of the API, an ingress for instance, must hand it on"
    " undecoded."
)


def _of_this_token(token_id: str, token: entities.State, doing: str) -> entities.State:
    """Return the token of the server's answer. Raises Influxdb3Error where it is another token than the request's."""
    if token.get("id") != token_id:
        raise errors.Influxdb3Error(f"Can't {doing}: the server's answer is about another token.", code="bad_answer")
    return token


def long_form(account_id: str, cluster_id: str) -> str:
    """Return the path prefix of the URL form that names account and cluster."""
    return f"{BASE}/accounts/{quote(account_id, safe='')}/clusters/{quote(cluster_id, safe='')}"


def _tail(path: Iterable[str]) -> str:
    return "".join(f"/{quote(segment, safe='')}" for segment in path)


def unwrapped(answer: Any, collection: str) -> list[Any] | None:
    """Return the items of a list's answer, None where it holds no list.

    A list is a plain array; null is an empty one. InfluxData's own client also takes it from an object:
    `{databases: [...]}`, alone or below `data` or `result` (facts.md#requests-and-answers).
    """
    for key in ("data", "result"):
        if isinstance(answer, dict) and isinstance(answer.get(key), dict):
            answer = answer[key]
            break
    if isinstance(answer, dict) and collection in answer:
        answer = answer[collection]
    if answer is None:
        return []
    return answer if isinstance(answer, list) else None


class ManagementApi:
    """The API of one cluster.

    Every function raises ApiError or one of its kinds. `on_secret` is called with each secret that the server hands
    over, before anything else can happen to it. `on_answer` is that of `Transport`. Several threads may call the
    functions at once.
    """

    def __init__(
        self,
        connection: Connection,
        on_secret: Callable[[str], None],
        workers: int = 1,
        throttle: Throttle | None = None,
        on_answer: Callable[[Any], None] | None = None,
    ) -> None:
        from .transport import Transport

        self._transport = Transport(connection, workers, throttle, on_answer=on_answer)
        self._on_secret = on_secret
        self._no_api = dict.fromkeys(NO_ROUTE, _NO_API[connection.product])
        # The forms that may be the server's, in the order in which a request tries them. A request reads this once,
        # and only ever replaces it by the one form in which the API has answered that very request.
        self._forms: tuple[str, ...] = (BASE, long_form(CLUSTERED_ID, CLUSTERED_ID))
        if connection.account_id and connection.cluster_id:
            self._forms = (long_form(connection.account_id, connection.cluster_id),)

    @property
    def url_form(self) -> str | None:
        """The form of URL in which the API has answered, `short` or `long`; None before it has."""
        if len(self._forms) > 1:
            return None
        return "short" if self._forms == (BASE,) else "long"

    # Databases

    def list_databases(self) -> list[entities.State]:
        """Return the active databases (GetClusterDatabases)."""
        return self._list(entities.DATABASE, "databases")

    def create_database(self, state: entities.State) -> entities.State:
        """Create a database with just the given fields (CreateClusterDatabase)."""
        doing = f"create database {state['name']!r}"
        return self._one(entities.DATABASE, "POST", "databases", body=state, whole=True, doing=doing)

    def update_database(self, name: str, changes: Mapping[str, Any]) -> entities.State:
        """Change limits or retention (UpdateClusterDatabase); the answer holds no partition template."""
        doing = f"update database {name!r}"
        return self._one(entities.DATABASE, "PATCH", "databases", name, body=changes, whole=True, doing=doing)

    def delete_database(self, name: str) -> None:
        """Delete softly (DeleteClusterDatabase)."""
        self._call("DELETE", "databases", name, doing=f"delete database {name!r}")

    def rename_database(self, name: str, new_name: str) -> entities.State:
        """Rename (RenameClusterDatabase); the answer may lack the retention period."""
        doing = f"rename database {name!r} to {new_name!r}"
        return self._one(entities.DATABASE, "PUT", "databases", name, "rename", body={"name": new_name}, doing=doing)

    def restore_database(self, database_id: int) -> entities.State:
        """Undelete by ID (UndeleteClusterDatabase)."""
        doing = f"restore the database with the ID {database_id}"
        return self._one(entities.DATABASE, "PUT", "databases", str(database_id), "undelete", doing=doing)

    # Tables

    def create_table(self, state: entities.State) -> entities.State:
        """Create a table (CreateClusterDatabaseTable)."""
        body = {name: value for name, value in state.items() if name != "database"}
        doing = f"create table {state['name']!r} in database {state['database']!r}"
        return self._one(entities.TABLE, "POST", "databases", state["database"], "tables", body=body, doing=doing)

    def delete_table(self, database: str, name: str) -> None:
        """Delete softly (DeleteClusterDatabaseTable)."""
        self._call("DELETE", "databases", database, "tables", name, doing=f"delete table {name!r} of {database!r}")

    def rename_table(self, database: str, name: str, new_name: str) -> entities.State:
        """Rename (RenameClusterDatabaseTable)."""
        path = ("databases", database, "tables", name, "rename")
        doing = f"rename table {name!r} of database {database!r} to {new_name!r}"
        return self._one(entities.TABLE, "PUT", *path, body={"name": new_name}, doing=doing)

    def restore_table(self, database: str, table_id: int) -> entities.State:
        """Undelete by ID (UndeleteClusterDatabaseTable)."""
        path = ("databases", database, "tables", str(table_id), "undelete")
        return self._one(
            entities.TABLE, "PUT", *path, doing=f"restore the table with the ID {table_id} of {database!r}"
        )

    # Database tokens

    def list_tokens(self) -> list[entities.State]:
        """Return all database tokens, revoked and expired ones among them (GetDatabaseTokens)."""
        tokens = self._list(entities.DB_TOKEN, "tokens")
        if not all(token.get("id") and token.get("created_at") for token in tokens):
            raise errors.Influxdb3Error("The server sent a database token without id or createdAt.", code="bad_answer")
        return tokens

    def get_token(self, token_id: str) -> entities.State:
        """Return one database token, revoked or not (GetDatabaseToken)."""
        doing = f"read the database token {token_id}"
        return _of_this_token(
            token_id, self._one(entities.DB_TOKEN, "GET", "tokens", token_id, whole=True, doing=doing), doing
        )

    def create_token(self, state: entities.State) -> entities.State:
        """Create a database token; the answer holds its secret, this once (CreateDatabaseToken)."""
        doing = f"create the database token {state['description']!r}"
        token = self._one(entities.DB_TOKEN, "POST", "tokens", body=state, whole=True, doing=doing)
        if not token.get("access_token") or not token.get("id"):
            raise errors.Influxdb3Error(
                f"Can't {doing}: the server's answer holds no secret or no id.", code="bad_answer"
            )
        return token

    def update_token(self, token_id: str, changes: Mapping[str, Any]) -> entities.State:
        """Replace a database token's description or permissions (UpdateDatabaseToken)."""
        doing = f"update the database token {token_id}"
        token = _of_this_token(
            token_id, self._one(entities.DB_TOKEN, "PATCH", "tokens", token_id, body=changes, doing=doing), doing
        )
        if "description" in changes and token.get("description") != changes["description"]:
            raise errors.Influxdb3Error(
                f"Can't {doing}: the server's answer has another description.", code="bad_answer"
            )
        return token

    def revoke_token(self, token_id: str) -> None:
        """Revoke a database token for good (DeleteDatabaseToken, facts.md#revocation)."""
        self._call("DELETE", "tokens", token_id, doing=f"revoke the database token {token_id}")

    # Shared by all operations

    def _list(self, entity: entities.Entity, collection: str) -> list[entities.State]:
        answer = self._call("GET", collection, doing=f"list the {entity.noun}s")
        items = unwrapped(answer, collection)
        if items is None:
            raise errors.Influxdb3Error(f"The server's answer to GET {collection} is not a list.", code="bad_answer")
        try:
            return [entity.from_answer(item, whole=True) for item in items]
        except errors.Influxdb3Error as error:
            raise self._not_understood(error, "GET", collection, doing=f"list the {entity.noun}s") from None

    def _one(
        self,
        entity: entities.Entity,
        method: str,
        *path: str,
        body: Mapping[str, Any] | None = None,
        whole: bool = False,
        doing: str,
    ) -> entities.State:
        answer = self._call(method, *path, body=None if body is None else entity.to_api(body), doing=doing)
        if isinstance(answer, dict):
            for field in entity.fields:
                if field.secret and can_be_secret(answer.get(field.api)):
                    errors.remember(answer[field.api])
                    self._on_secret(answer[field.api])
        try:
            return entity.from_answer(answer, whole=whole)
        except errors.Influxdb3Error as error:
            raise self._not_understood(error, method, *path, doing=doing) from None

    def _not_understood(self, error: errors.Influxdb3Error, method: str, *path: str, doing: str) -> errors.ApiError:
        """Return the error of a success whose body can't be understood: the server may have carried out the request."""
        kind = errors.Ambiguous if method == "POST" else errors.ApiError
        url_path = self._forms[0] + _tail(path)
        return kind(f"Can't {doing}: {error}", method=method, path=url_path, status=200, code="bad_answer")

    def _call(self, method: str, *path: str, body: Any = None, doing: str) -> Any:
        """Send a request. Add an explanation to an error that isn't the API's own."""
        tail = _tail(path)
        is_list = method == "GET" and len(path) == 1
        recent = path[-1] in ("rename", "undelete") or (path[2:3] == ("tables",) and method == "DELETE")
        remedies = self._no_api if is_list else _LATER_REMEDIES if recent else {}
        try:
            return self._in_either_form(method, tail, body, doing, remedies)
        except errors.ApiError as error:
            if not error.own and error.status in (400, 404) and "%2F" in tail:
                raise errors.ApiError(
                    f"{error} {_SLASH}", method=method, path=error.path, status=error.status, code="encoded_slash",
                    server_message=error.server_message,
                ) from None  # fmt: skip
            if recent and not error.own and error.status in NO_ROUTE:
                error.args = (f"{error} {_LATER}",)
            raise

    def _in_either_form(self, method: str, tail: str, body: Any, doing: str, remedies: Mapping[int, str]) -> Any:
        """Send a request in the server's form of the URL; until that is found, in the short and then in the long form.

        Before that, even a 404 of the API's own form may be about the path, because a router may answer in that form.
        The server has done nothing then, so the request is sent in the other form as well.
        """
        forms = self._forms
        refusals: list[errors.ApiError] = []
        for form in forms:
            try:
                answer = self._transport.request(method, form + tail, body, doing=doing, remedies=remedies)
            except errors.ApiError as error:
                if error.status not in NO_ROUTE:
                    if error.own and error.status in (400, 409):
                        self._forms = (form,)
                    raise
                refusals.append(error)
            else:
                self._forms = (form,)
                return answer
        own = [number for number, error in enumerate(refusals) if error.own]
        if len(own) == 1:
            self._forms = (forms[own[0]],)
        raise refusals[own[0] if own else 0]
