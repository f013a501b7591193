# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sends a probe's requests to the Management API: every reply is a value, also one that the documents don't have."""

from __future__ import annotations

import time
from datetime import datetime, timezone
from typing import Any, Callable

from .._api.endpoints import BASE, NO_ROUTE, ManagementApi, long_form, unwrapped
from .._api.observation import Observation, observe
from .._core import errors
from .._core.connection import CLUSTERED_ID, Connection
from .._core.throttle import Throttle
from .._core.token_values import can_be_secret
from .._tokens.proof import DEFAULT_WAIT, data_plane
from .answers import Reply


class Server:
    """One server, and the replies that it gives.

    `on_secret` is called with each secret in a reply. `clock` is monotonic, in seconds.
    """

    def __init__(
        self,
        connection: Connection,
        on_secret: Callable[[str], None],
        query_host: str | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._connection = connection
        self._on_secret = on_secret
        self._query_host = query_host
        self._throttle = Throttle()
        self._clock = clock
        self._status: int | None = None
        self._transport = self._new_transport()
        long = (connection.account_id, connection.cluster_id)
        ids = (long[0], long[1]) if long[0] and long[1] else (CLUSTERED_ID, CLUSTERED_ID)
        self._bases = {"short": BASE, "long": long_form(*ids)}
        self._base = ""
        self.forms: dict[str, Reply] = {}
        """The reply to a list of the databases in each form of URL that was tried."""
        self.head: Observation | None = None
        """What the head of the first answer shows."""

    def _new_transport(self) -> Any:
        from .._api.transport import Transport

        return Transport(self._connection, throttle=self._throttle, on_answer=self._note)

    @property
    def certificate_is_hidden(self) -> str:
        """The sentence that says why no answer can show the server's certificate; empty where answers can."""
        if not self._connection.base_url.startswith("https:"):
            return "The connection is plain http, which has no certificate."
        if self._connection.verify is False:
            return "The certificate isn't checked (validate_certs), and Python reads only one that is."
        return ""

    def _note(self, answer: Any) -> None:
        self._status = answer.status
        self.head = self.head or observe(answer)

    def reach(self) -> None:
        """Find the forms of URL that the server has, and use one of them from now on (facts.md#url-forms).

        Raises Influxdb3Error where it has none.
        """
        for name, base in self._bases.items():
            for _attempt in range(2):
                reply = self.forms[name] = self._send("GET", f"{base}/databases", None)
                if reply.status in NO_ROUTE or listed(reply, "databases") is not None:
                    break
        found = [name for name, reply in self.forms.items() if listed(reply, "databases") is not None]
        if not found:
            # For its error, whose sentence says what to do.
            ManagementApi(self._connection, self._on_secret).list_databases()
            raise errors.Influxdb3Error(
                "The Management API answers now, but didn't a moment ago: run again.", code="unstable"
            )
        self._base = self._bases[found[0]]

    def send(self, method: str, tail: str, body: Any = None) -> Reply:
        """Send a request in the form that was found. `tail` is percent-encoded and begins with a slash."""
        return self._send(method, self._base + tail, body)

    def _send(self, method: str, path: str, body: Any) -> Reply:
        transport = self._transport
        if method == "DELETE":
            # Where the connection is cut behind the answer (facts.md#requests-and-answers), the next one would be lost.
            self._transport = self._new_transport()
        try:
            answer = transport.request(method, path, body, doing="probe")
        except errors.ApiError as error:
            # A second attempt finds what the first may have done, and a success that can't be read may be anybody's:
            # neither is an answer to the question.
            is_lost = error.repeated or (error.status is not None and error.status < 300)
            return Reply(None if is_lost else error.status, None, error.own, error.server_message or "")
        secret = answer.get("accessToken") if isinstance(answer, dict) else None
        if can_be_secret(secret):
            errors.remember(str(secret))
            self._on_secret(str(secret))
        return Reply(self._status, answer)

    def pause(self, seconds: float) -> None:
        """Wait, unless the run is to stop."""
        self._throttle.nap(seconds)

    def now(self) -> datetime:
        """Return the server's time by the first answer; this machine's where that shows none."""
        here = datetime.now(timezone.utc)
        seen = self.head
        return here if seen is None or seen.server_time is None else here + (seen.server_time - seen.at)

    def has_data_plane(self, secret: str) -> bool:
        """Return whether there is a data plane at all (facts.md#health)."""
        from .._api.transport import Transport

        base_url = data_plane(self._connection, self._query_host)
        try:
            Transport(self._connection._replace(token=secret, base_url=base_url, retries=1)).request(
                "GET", "/ping", doing="ask whether the data plane is there"
            )
        except errors.ApiError as error:
            return error.status in (200, 204)
        return True

    def activation(self, token: dict[str, Any], secret: str) -> float | None:
        """Return the seconds until the data plane accepts a new token, None where it doesn't within DEFAULT_WAIT.

        `token` has an `id`, and in `permissions` a database that it may read.
        """
        from .._tokens.activation import wait_until_active

        queried = self._connection._replace(base_url=data_plane(self._connection, self._query_host))
        begun = self._clock()
        try:
            wait_until_active(queried, token, secret, DEFAULT_WAIT, self._throttle, clock=self._clock)
        except errors.Influxdb3Error:
            return None
        return self._clock() - begun


def listed(reply: Reply, collection: str) -> list[dict[str, Any]] | None:
    """Return the objects of a list's reply, None where it holds no list."""
    items = unwrapped(reply.body, collection) if reply.is_success else None
    if items is None or not all(isinstance(item, dict) for item in items):
        return None
    return items
