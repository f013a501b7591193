# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waits until a new database token works: until the data plane answers a query with it. Nothing is written there."""

from __future__ import annotations

import time
from typing import Callable

from .._api.data_plane import harmless_query
from .._api.transport import Service, Transport
from .._core import entities, errors
from .._core.connection import Connection
from .._core.throttle import Throttle
from .proof import NOT_READABLE, readable_database

_LONGEST_PAUSE = 5.0


def wait_until_active(
    connection: Connection,
    token: entities.State,
    secret: str,
    seconds: float,
    throttle: Throttle | None = None,
    *,
    pause: Callable[[Throttle, float], None] = Throttle.nap,
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Query the data plane with a new token until it answers; nothing is written there (facts.md#queries).

    `connection` is the Management API's, with the data plane's `base_url`. Every answer but a success means "not yet":
    activation takes seconds to minutes (facts.md#activation), and no server is sure to keep 401, 403 and 404 apart.
    Raises Influxdb3Error (code `not_active`) after `seconds`, or when the run is to stop, and OptionError for a token
    that may not read a database by its name. Where another token has waited in vain, the data plane is asked once only.
    """
    database = readable_database(token.get("permissions"))
    if database is None:
        raise errors.OptionError(f"wait_active: {NOT_READABLE}.")
    query, throttle = _query(connection, secret, database), throttle or Throttle()
    # Otherwise a thousand tokens would wait one after the other.
    patience = 0.0 if connection.base_url in throttle.silent else seconds
    deadline, wait = clock() + patience, 0.5
    while error := query():
        if throttle.stopped:
            raise _not_active(token, f"when the run {throttle.stopped}", connection, error)
        if clock() >= deadline:
            throttle.silent.add(connection.base_url)
            raise _not_active(token, f"after {patience:g} seconds", connection, error)
        pause(throttle, min(wait, _LONGEST_PAUSE, max(0.0, deadline - clock())))
        wait *= 2
    throttle.silent.discard(connection.base_url)


def _query(connection: Connection, secret: str, database: str) -> Callable[[], errors.ApiError | None]:
    """Return a function that queries the database once, and returns why that failed, None where it didn't."""
    # The usual remedies are about the management token, and this is another one.
    remedies = {status: "The new token is not accepted there." for status in (401, 403)} | {
        404: "The database is not to be seen there."
    }
    transport = Transport(
        connection._replace(token=secret, retries=0), service=Service("the data plane", "query_host", remedies)
    )
    path = harmless_query(database)

    def query() -> errors.ApiError | None:
        try:
            transport.request("GET", path, doing=f"query database {database!r} with the new token")
        except errors.ApiError as error:
            return error
        return None

    return query


def _not_active(
    token: entities.State, when: str, connection: Connection, error: errors.ApiError
) -> errors.Influxdb3Error:
    return errors.Influxdb3Error(
        f"The token {token['id']} is made, but {when} it didn't work yet at {connection.base_url}: {error} What it"
        " supersedes is not revoked and stays valid. Run again later, raise wait_active, or set query_host to where"
        " this machine reaches the data plane.",
        code="not_active",
    )
