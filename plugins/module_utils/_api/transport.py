# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTP with the libraries `requests` and `urllib3`: TLS, and retries by method. Knows no operation of the API.

`requests` finds the way to the server: proxies, CAs, certificates. Then urllib3 sends each request, because a session
of `requests` takes as much processor time again for each. Neither follows redirects, and cookies aren't kept.

Callers import it just before the first request: the import of `requests` takes a tenth of a second, which a run
without requests needn't wait for. What is made of a failure is in `failures.py`, which only a failure imports.
"""

from __future__ import annotations

import json
import os
import random
import time
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any, Callable, NamedTuple

from .._core import errors
from .._core.connection import Connection
from .._core.libraries import unusable
from .._core.throttle import Throttle, pause
from . import answers
from .deadline import DEADLINE, TimedResponse
from .proxies import proxy_of
from .trust import trust

try:
    import requests
    import urllib3
except Exception as problem:  # a broken installation raises exceptions of all kinds
    REQUESTS_PROBLEM: Exception | None = problem
else:
    REQUESTS_PROBLEM = None

# The statuses after which a request is sent again. A POST only where the server says that it did nothing.
_RETRY = frozenset({429, 502, 503, 504})
REFUSED = frozenset({429, 503})

_BUSY = {
    429: "The server limits requests: run again later or raise retries.",
    503: "The server is overloaded or starting: run again later or raise retries.",
}


class Service(NamedTuple):
    """The service that a `Transport` talks to: the messages about failures depend on it.

    `name` names the service, `option` is the option with its address. `remedies` are sentences of advice by the HTTP
    status that this service's credential may meet.
    """

    name: str
    option: str
    remedies: Mapping[int, str]


MANAGEMENT_API = Service(
    "the Management API",
    "host",
    {
        401: "The management token was not accepted: check that it is complete, not expired and not revoked.",
        403: "The management token may not do this: check its rights, and that it belongs to this cluster.",
        404: "Check the name, and the host and product of the connection.",
    },
)


def check_library() -> None:
    """Raise Influxdb3Error (code `missing_library`) where `requests` isn't there or can't be loaded."""
    if REQUESTS_PROBLEM is not None:
        raise errors.Influxdb3Error(
            f"{unusable('requests', REQUESTS_PROBLEM)} Install it for that interpreter (pip install requests), or"
            " run the module on the controller: delegate_to: localhost with ansible_python_interpreter:"
            " '{{ ansible_playbook_python }}'.",
            code="missing_library",
        )


def may_retry(method: str, status: int | None, sent: bool) -> bool:
    """Return whether a failed request may be sent again.

    `status` is the HTTP status, None without an answer; `sent` is false where the request provably never reached
    the server. A POST isn't idempotent, and nothing makes it so (facts.md#no-idempotency-key).
    """
    if status is not None:
        return status in (REFUSED if method == "POST" else _RETRY)
    return method != "POST" or not sent


def _adapter(workers: int) -> requests.adapters.HTTPAdapter:
    """Return what has pools of connections, whose answers end at their deadline."""

    def time_answers(manager: Any) -> None:
        timed = {}
        for scheme, pool in manager.pool_classes_by_scheme.items():
            connection = type("TimedConnection", (pool.ConnectionCls,), {"response_class": TimedResponse})
            timed[scheme] = type("TimedPool", (pool,), {"ConnectionCls": connection})
        manager.pool_classes_by_scheme = timed

    class Adapter(requests.adapters.HTTPAdapter):
        """Requests' adapter with other pools."""

        def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
            super().init_poolmanager(*arguments, **options)
            time_answers(self.poolmanager)

        def proxy_manager_for(self, proxy: Any, **options: Any) -> Any:
            is_new = proxy not in self.proxy_manager
            manager = super().proxy_manager_for(proxy, **options)
            if is_new:
                time_answers(manager)
            return manager

    return Adapter(pool_maxsize=workers)


class Route(NamedTuple):
    """The pool of connections to the server, what stands before a request's path, and the headers of all requests."""

    pool: Any
    start: str
    headers: dict[str, str]


class Answer(NamedTuple):
    """An answer, with at most so many bytes of the body as an answer of its kind may have."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    whole: bool


class Request(NamedTuple):
    """The parts of a request that the message about its failure names."""

    method: str
    path: str
    doing: str
    service: Service
    remedies: Mapping[int, str]


class Transport:
    """Sends requests over a pool of connections. Not for use after a fork.

    `workers` is the number of threads that may send at the same time. The connection's address and token are those of
    `service`. `on_answer` gets the head of each answer, before its body is read.
    """

    def __init__(
        self,
        connection: Connection,
        workers: int = 1,
        throttle: Throttle | None = None,
        service: Service = MANAGEMENT_API,
        on_answer: Callable[[urllib3.HTTPResponse], None] | None = None,
    ) -> None:
        check_library()
        self._connection = connection
        self._service = service
        self._on_answer = on_answer
        self._throttle = throttle or Throttle()
        self._adapter = _adapter(workers)
        self._proxies = requests.utils.get_environ_proxies(connection.base_url)
        self._proxy = proxy_of(requests.utils.select_proxy(connection.base_url, self._proxies))
        self._secrets = (connection.token, *(self._proxy.secrets if self._proxy else ()))
        for secret in self._secrets:
            errors.remember(secret)
        # Over plain http there is no certificate to check, so the file of SSL_CERT_FILE may be missing.
        self._trust = trust(connection.base_url.startswith("https:") and connection.verify, os.environ)
        self._route: Route | None = None
        if connection.verify is False:
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)

    def request(
        self, method: str, path: str, body: Any = None, *, doing: str, remedies: Mapping[int, str] | None = None
    ) -> Any:
        """Send one request and return the parsed JSON answer, None after a deletion.

        `path` is absolute and already percent-encoded. `doing` names the action and its object for messages, for
        instance `create database 'telegraf'`. `remedies` are sentences of advice by the status, for statuses that have
        a special cause with this kind of request. Raises ApiError or one of its kinds.
        """
        about = Request(method, path, doing, self._service, {**_BUSY, **self._service.remedies, **(remedies or {})})
        throttle = self._throttle
        attempt, maybe_done, answered = 1, False, self._throttle.answered
        throttle.wait()
        while True:
            answer: Answer | None = None
            try:
                answer = self._send(method, path, body)
                if answer.status not in REFUSED:
                    throttle.answered += 1
                return self._parsed(answer, about)
            except OSError as error:  # every exception of requests is one; a missing CA file is a plain one
                failure, sent, again = self._no_answer(error, about)
            except errors.ApiError as error:
                failure, sent = error, True
                again = may_retry(method, error.status, sent)
            refused = failure.status in REFUSED
            if refused and throttle.answered != answered:
                # The server has served other requests since then, so it is slow and not down.
                attempt, answered = 1, throttle.answered
            failure.repeated = maybe_done
            if not again or attempt > self._connection.retries or throttle.stopped:
                raise failure
            maybe_done = maybe_done or (sent and not refused)
            header = answer.headers.get("Retry-After") if answer is not None else None
            seconds = pause(attempt, header, datetime.now(timezone.utc), random.random())
            if refused:
                throttle.hold(seconds)
            else:
                throttle.nap(seconds)
            throttle.wait()
            if throttle.stopped:
                raise failure
            attempt += 1

    def _send(self, method: str, path: str, body: Any) -> Answer:
        """Send one request and return its answer. Raises OSError where it isn't complete within the timeout."""
        # Several threads may find the same way at once: it leads to the same pool.
        route = self._route = self._route or self._find_route()
        data, headers = None, route.headers
        if body is not None:
            data, headers = json.dumps(body).encode(), {**headers, "Content-Type": "application/json"}
        DEADLINE.until = time.monotonic() + self._connection.timeout
        try:
            answer = route.pool.request(
                method,
                route.start + path,
                body=data,
                headers=headers,
                retries=self._adapter.max_retries,  # none: all are this class's
                # A token is never carried to where a redirect points.
                redirect=False,
                assert_same_host=False,  # with a proxy, the path is a whole URL
                timeout=self._connection.timeout,
                preload_content=False,
                decode_content=False,
                enforce_content_length=True,  # urllib3 1.26 takes a body that is cut off for a whole one
            )
            try:
                if self._on_answer is not None:
                    self._on_answer(answer)
                return _received(answer)
            finally:
                answer.close()
                answer.release_conn()
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise _error_of_requests(error) from error
        finally:
            DEADLINE.until = None

    def _find_route(self) -> Route:
        """Return the way to the server. Raises OSError as requests does, a plain one for a CA file that is missing."""
        adapter: Any = self._adapter
        verify, cert = self._trust.verify, self._connection.client_cert
        headers = {
            **requests.utils.default_headers(),
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "Authorization": f"Bearer {self._connection.token}",
        }
        request = requests.Request("GET", f"{self._connection.base_url}/", headers).prepare()
        url = str(request.url)
        try:
            if hasattr(adapter, "get_connection_with_tls_context"):  # since requests 2.32
                pool = adapter.get_connection_with_tls_context(request, verify, proxies=self._proxies, cert=cert)
            else:
                pool = adapter.get_connection(url, self._proxies)
        except urllib3.exceptions.HTTPError as error:
            raise _error_of_requests(error) from error
        adapter.cert_verify(pool, url, verify, cert)
        return Route(pool, adapter.request_url(request, self._proxies).rstrip("/"), dict(request.headers))

    def _parsed(self, answer: Answer, about: Request) -> Any:
        """Return the JSON of a success. Raises the ApiError of any other answer."""
        status, deleted = answer.status, about.method == "DELETE" and answer.status in (200, 204)
        if deleted and not answer.body.strip():
            return None
        content, is_json = None, answer.whole
        try:
            content = answers.parse_json(answer.body) if is_json else None
        except ValueError:
            is_json = False
        if deleted and is_json:
            return None
        if 200 <= status < 300 and is_json and (content is not None or about.method == "GET"):
            return content
        from .failures import error_of_answer

        raise error_of_answer(answer, content, about, self._secrets)

    def _no_answer(self, error: Exception, about: Request) -> tuple[errors.ApiError, bool, bool]:
        """Return the typed error of a request that got no whole answer, whether it may have reached the server, and
        whether it may be sent again.
        """
        from .failures import error_without_answer, is_tls, never_sent

        sent = not never_sent(error)
        failure = error_without_answer(error, about, self._connection, self._proxy, self._trust.source, self._secrets)
        return failure, sent, not is_tls(error) and may_retry(about.method, None, sent)


def _error_of_requests(error: Exception) -> requests.exceptions.RequestException:
    """Return the error that requests makes of one of urllib3's, or of the system's."""
    if isinstance(error, urllib3.exceptions.ReadTimeoutError):
        return requests.exceptions.ReadTimeout(error)
    if isinstance(getattr(error, "reason", error), urllib3.exceptions.ProxyError):
        return requests.exceptions.ProxyError(error)
    return requests.exceptions.ConnectionError(error)


def _received(answer: urllib3.HTTPResponse) -> Answer:
    """Read an answer's body, as much as one of its kind may have. Raises what urllib3 does."""
    status, headers = answer.status, answer.headers
    if status == 204:
        # There is no body, whatever the head announces, so nothing is lost if the connection is cut behind it. The pool
        # reuses one that is in order for the next request; closing the answer closes any other.
        if "Transfer-Encoding" not in headers and headers.get("Content-Length", "0") == "0":
            answer.release_conn()
        return Answer(status, headers, b"", True)
    chunks = answer.stream(2**16, decode_content=False)
    largest = answers.LARGEST if 200 <= status < 300 else answers.LARGEST_ERROR
    try:
        body, whole = answers.read_whole(chunks, headers.get("Content-Encoding", ""), largest)
    except ValueError as error:
        body, whole = str(error).encode(), False
    return Answer(status, headers, body, whole)
