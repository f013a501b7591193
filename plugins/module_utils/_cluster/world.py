# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the world from which a cluster's plan is made: the server's lists, once for all workers, and secret files."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Callable, Generic, NamedTuple, TypeVar

from .._api.endpoints import ManagementApi
from .._core import entities, errors
from .._core.threads import for_each
from .._tokens import db_tokens, secret_text
from .._tokens.entry import read_kept
from .._tokens.index import TokenIndex
from .items import DatabaseItem, TokenItem
from .outcome import result_or_error

if TYPE_CHECKING:
    from .tables import Seen, TableLists, Tables, TableWish

Content = TypeVar("Content")


class Listing(Generic[Content]):
    """A list that all workers share. A worker gets the answer to another one's request where that is recent enough."""

    def __init__(self, fetch: Callable[[], Content]) -> None:
        self._fetch = fetch
        self._lock = threading.Lock()
        self._last: tuple[float, Content] | None = None

    def content(self) -> Content:
        """Return the last list, however old it is; ask for one if there is none. Raises Influxdb3Error."""
        return self._last[1] if self._last else self.since(time.monotonic())

    def since(self, instant: float) -> Content:
        """Return a list that was asked for at this instant of the monotonic clock or later. Raises Influxdb3Error."""
        with self._lock:
            if self._last is None or self._last[0] < instant:
                begun = time.monotonic()
                self._last = (begun, self._fetch())
            return self._last[1]

    def now(self) -> Content:
        """Return the list as it is now. Raises Influxdb3Error."""
        return self.since(time.monotonic())


class SharedTokens(db_tokens.HttpTokens):
    """The database tokens of one cluster, listed once for all workers that ask at the same time."""

    def __init__(self, api: ManagementApi, listing: Listing[TokenIndex]) -> None:
        super().__init__(api)
        self._listing = listing

    def list(self) -> list[entities.State]:
        """Return all database tokens, as they are now."""
        return list(self._listing.now().tokens)


class Server:
    """The cluster's API, and its lists, which all workers share.

    `table_lists` list tables. They are None where no tables are listed, and an error where that is impossible.
    `looks_up` says that they are used for every table, and not only for one that is to be restored by its name.
    `list_deleted` has influxctl list the deleted databases.
    """

    def __init__(
        self,
        api: ManagementApi,
        table_lists: TableLists | errors.Influxdb3Error | None = None,
        list_deleted: Callable[[], Sequence[entities.State]] = tuple,
        *,
        looks_up: bool = False,
    ) -> None:
        self.api = api
        self.deleted: Listing[Sequence[entities.State]] = Listing(list_deleted)
        self._table_lists = table_lists
        self._looks_up = looks_up
        self._tables: dict[str, Listing[Tables]] = {}
        self._deleted_tables: dict[str, Listing[Sequence[entities.State]]] = {}
        self.databases: Listing[Mapping[str, entities.State]] = Listing(
            lambda: {str(state.get("name")): state for state in api.list_databases()}
        )
        self.tokens: Listing[TokenIndex] = Listing(lambda: TokenIndex(api.list_tokens()))
        self.backend = SharedTokens(api, self.tokens)

    def lists_for(self, wish: TableWish) -> bool:
        """Return whether tables are listed for this one."""
        return self._looks_up or wish.needs_name

    def tables(self, database: str) -> Listing[Tables]:
        """Return the shared list of a database's tables. The first worker that needs its content gets it."""
        return self._tables.setdefault(database, Listing(lambda: self._lists().active(database)))

    def deleted_tables(self, database: str) -> Listing[Sequence[entities.State]]:
        """Return the shared list of a database's deleted tables. The first worker that needs its content gets it."""
        return self._deleted_tables.setdefault(database, Listing(lambda: self._lists().deleted(database)))

    def _lists(self) -> TableLists:
        if self._table_lists is None:
            raise RuntimeError("nobody lists tables")
        return value_or_raise(self._table_lists)


def value_or_raise(read: Content | errors.Influxdb3Error) -> Content:
    """Return a value that was read. Raises the Influxdb3Error that stands in its place."""
    if isinstance(read, errors.Influxdb3Error):
        raise read
    return read


class World(NamedTuple):
    """The values that are read before anything is planned: databases by name, tokens, and the tokens' secret files.

    `kept` has an entry for each item of the option `db_tokens`, in their order: its secret file's content, or the error
    of reading that. `tables` has one for each item of `tables`: what is seen of its database. `deleted` are the deleted
    databases where an item needs them, an error where they can't be listed.
    """

    databases: Mapping[str, entities.State]
    tokens: TokenIndex
    kept: tuple[secret_text.Kept | errors.Influxdb3Error, ...] = ()
    tables: tuple[Seen | errors.Influxdb3Error, ...] = ()
    deleted: Sequence[entities.State] | errors.Influxdb3Error = ()

    def list_deleted(self) -> Sequence[entities.State]:
        """Return the deleted databases. Raises Influxdb3Error where they can't be listed."""
        return value_or_raise(self.deleted)


def read_world(
    server: Server,
    databases: Sequence[DatabaseItem],
    items: Sequence[TokenItem],
    conceal: Callable[[str], None],
    *,
    need_databases: bool,
    need_tokens: bool,
    concurrency: int,
) -> World:
    """Read the secret files, and after them the server's lists, so that a token in a file is in the list if it exists.

    influxctl is only run for a database that is to be restored by its name and isn't active. Raises Influxdb3Error
    where a list of the API can't be read.
    """
    kept = tuple(read_kept([item.order for item in items], conceal))
    needed: list[Listing[Any]] = [server.databases] * need_databases + [server.tokens] * need_tokens
    for_each(concurrency, lambda listing: listing.content(), needed)
    active = server.databases.content() if need_databases else {}
    need_deleted = any(item.wish.needs_name and item.name not in active for item in databases)
    return World(
        active,
        server.tokens.content() if need_tokens else TokenIndex([]),
        kept,
        deleted=result_or_error(server.deleted.content) if need_deleted else (),
    )
