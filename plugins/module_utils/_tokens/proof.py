# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Chooses how a new database token is proved to work: by a query that `activation.py` sends. Writes no data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._core import entities, errors
from .._core.addresses import parse_host
from .._core.connection import Connection
from .._core.stated import DEDICATED
from .._core.throttle import Throttle
from .backend import Proof

NOT_READABLE = "it may not read a database by its name, so that nothing can be queried without a side effect"
# Seconds to wait for a token on which a revocation hinges: activation takes "seconds to minutes" (facts.md#activation).
DEFAULT_WAIT = 300


def readable_database(permissions: Any) -> str | None:
    """Return the first database that permissions allow to read by its name, None where there is none."""
    return next((p["resource"] for p in permissions or () if p["action"] == "read" and p["resource"] != "*"), None)


def data_plane(connection: Connection, query_host: str | None) -> str:
    """Return the base URL of the data plane: for Dedicated a host of its own (facts.md#queries). Raises OptionError."""
    if query_host:
        try:
            return parse_host(query_host)
        except ValueError as error:
            raise errors.OptionError(f"query_host: {error}.") from None
    if connection.product == DEDICATED:
        return f"https://{connection.cluster_id}.a.influxdb.io"
    return connection.base_url


def check_proof(params: Mapping[str, Any]) -> None:
    """Raise OptionError where a token can't be proved as the options ask for it. `wait_active` is in seconds."""
    seconds, permissions = params["wait_active"], params["permissions"]
    if seconds is not None and seconds < 0:
        raise errors.OptionError("wait_active: must be 0 (off) or a number of seconds.")
    if seconds and permissions is not None and readable_database(permissions) is None:
        raise errors.OptionError(
            f"wait_active: {NOT_READABLE}. Leave wait_active out, or allow the token to read a database."
        )


def proof_of(connection: Connection, params: Mapping[str, Any], throttle: Throttle | None = None) -> Proof:
    """Return how the token is proved to work. Raises OptionError.

    `throttle` is the run's, which may be stopped.
    """
    check_proof(params)
    base_url = data_plane(connection, params["query_host"])
    seconds = params["wait_active"]

    def doubt(token: entities.State) -> str:
        if seconds == 0:
            return "wait_active is 0"
        return "" if readable_database(token.get("permissions")) else NOT_READABLE

    def run(token: entities.State, secret: str) -> None:
        from .activation import wait_until_active

        queried = connection._replace(base_url=base_url)
        wait_until_active(queried, token, secret, DEFAULT_WAIT if seconds is None else seconds, throttle)

    return Proof(doubt, run, asked=bool(seconds), waived=params["revoke_unproved"])
