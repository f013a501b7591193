# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTP over a `requests` session: TLS, retries by method, typed errors. Knows no operation of the API.

Callers import it just before the first request: the import of `requests` takes a tenth of a second, which a run
without requests needn't wait for.
"""

from __future__ import annotations

import json
import os
import random
import re
import ssl
import time
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any, Callable, NamedTuple
from urllib.parse import urlsplit

from .._core.connection import Connection
from .._core.errors import AlreadyExists, Ambiguous, ApiError, Influxdb3Error, NotFound, quoted, remember
from .._core.libraries import unusable
from .._core.throttle import Throttle, pause
from .answers import LARGEST, LARGEST_ERROR, parse_json, read_whole
from .deadline import DEADLINE, TimedResponse
from .proxies import proxy_of
from .trust import tls_advice, trust

try:
    import requests
    import urllib3
except Exception as problem:  # a broken installation raises exceptions of all kinds
    REQUESTS_PROBLEM: Exception | None = problem
else:
    REQUESTS_PROBLEM = None

# The statuses after which a request is sent again. A POST only where the server says that it did nothing.
_RETRY = frozenset({429, 502, 503, 504})
_REFUSED = frozenset({429, 503})

# The API hands on the errors of a gRPC service, `... rpc error: code = AlreadyExists desc = ...` (facts.md#error-form).
# The server words the text behind `desc`, which may hold a user's name of an object.
_GRPC_CODE = re.compile(r"\bcode = (\w+)")

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
        raise Influxdb3Error(
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
        return status in (_REFUSED if method == "POST" else _RETRY)
    return method != "POST" or not sent


def is_own(status: int, content: Any) -> bool:
    """Return whether an answer has the documented form of the API's errors (facts.md#error-form), whatever it says.

    That is a JSON object with an integer `code` that equals the status, and a text `message`. An ingress, a proxy or
    the router in front of the API answers in other forms.
    """
    return (
        isinstance(content, dict)
        and not isinstance(content.get("code"), (bool, float))
        and content.get("code") == status
        and isinstance(content.get("message"), str)
    )


def grpc_code(message: str) -> str | None:
    """Return the name of the gRPC code in an error's message, None where there is none."""
    found = _GRPC_CODE.search(message)
    return found[1] if found else None


def _session(workers: int) -> requests.Session:
    """Return a session with pools of connections, whose answers end at their deadline."""

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

    class Session(requests.Session):
        """Requests' session without redirects, of which it would read the whole body."""

        def get_redirect_target(self, resp: requests.Response) -> None:
            return None

    session = Session()
    for scheme in ("https://", "http://"):
        session.mount(scheme, Adapter(pool_maxsize=workers))
    return session


class _Answer(NamedTuple):
    """An answer, with at most so many bytes of the body as an answer of its kind may have."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    whole: bool


class _Request(NamedTuple):
    """The parts of a request that the message about its failure names."""

    method: str
    path: str
    doing: str
    service: Service
    remedies: Mapping[int, str]


class Transport:
    """Sends requests over one session with a pool of connections. Not for use after a fork.

    `workers` is the number of threads that may send at the same time. The connection's address and token are those of
    `service`. `on_answer` gets the head of each answer, before its body is read.
    """

    def __init__(
        self,
        connection: Connection,
        workers: int = 1,
        throttle: Throttle | None = None,
        service: Service = MANAGEMENT_API,
        on_answer: Callable[[requests.Response], None] | None = None,
    ) -> None:
        check_library()
        self._connection = connection
        self._service = service
        self._on_answer = on_answer
        self._throttle = throttle or Throttle()
        self._session = _session(workers)
        # Read once: requests would look through the environment for every request.
        self._session.proxies = requests.utils.get_environ_proxies(connection.base_url)
        self._proxy = proxy_of(requests.utils.select_proxy(connection.base_url, self._session.proxies))
        self._secrets = (connection.token, *(self._proxy.secrets if self._proxy else ()))
        for secret in self._secrets:
            remember(secret)
        # Over plain http there is no certificate to check, so the file of SSL_CERT_FILE may be missing.
        self._trust = trust(connection.base_url.startswith("https:") and connection.verify, os.environ)
        # So that ~/.netrc can't replace the Authorization header, nor CURL_CA_BUNDLE the connection's CA.
        self._session.trust_env = False
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
        about = _Request(method, path, doing, self._service, {**_BUSY, **self._service.remedies, **(remedies or {})})
        throttle = self._throttle
        attempt, maybe_done, answered = 1, False, self._throttle.answered
        throttle.wait()
        while True:
            answer: _Answer | None = None
            try:
                answer = self._send(method, path, body)
                if answer.status not in _REFUSED:
                    throttle.answered += 1
                return self._parsed(answer, about)
            except OSError as error:  # every exception of requests is one; a missing CA file is a plain one
                sent = not _never_sent(error)
                failure = self._no_answer(error, sent, about)
                again = not _is_tls(error) and may_retry(method, None, sent)
            except ApiError as error:
                failure, sent = error, True
                again = may_retry(method, error.status, sent)
            refused = failure.status in _REFUSED
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

    def _send(self, method: str, path: str, body: Any) -> _Answer:
        """Send one request and return its answer. Raises OSError where it isn't complete within the timeout."""
        headers = {
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "Authorization": f"Bearer {self._connection.token}",
        }
        data = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            data = json.dumps(body).encode()
        DEADLINE.until = time.monotonic() + self._connection.timeout
        try:
            answer = self._session.request(
                method,
                self._connection.base_url + path,
                data=data,
                headers=headers,
                verify=self._trust.verify,
                cert=self._connection.client_cert,
                timeout=self._connection.timeout,
                # A token is never carried to where a redirect points.
                allow_redirects=False,
                stream=True,
            )
            with answer:
                if self._on_answer is not None:
                    self._on_answer(answer)
                return _received(answer)
        finally:
            DEADLINE.until = None

    def _parsed(self, answer: _Answer, about: _Request) -> Any:
        """Return the JSON of a success. Raises the ApiError of any other answer."""
        status, deleted = answer.status, about.method == "DELETE" and answer.status in (200, 204)
        if deleted and not answer.body.strip():
            return None
        content, is_json = None, answer.whole
        try:
            content = parse_json(answer.body) if is_json else None
        except ValueError:
            is_json = False
        if deleted and is_json:
            return None
        if 200 <= status < 300 and is_json and (content is not None or about.method == "GET"):
            return content
        secrets = self._secrets
        if isinstance(content, dict) and isinstance(content.get("message"), str):
            message = quoted(content["message"], secrets)
        else:
            # Masked before it is cut: half a token looks like none.
            text = answer.body[:LARGEST_ERROR].decode("utf-8", "replace")
            message = quoted(" ".join(text.split()), secrets)[:200]
        raise _error_for(answer, message, about, own=is_own(status, content))

    def _no_answer(self, error: Exception, sent: bool, about: _Request) -> ApiError:
        """Return the typed error of a request that got no whole answer."""
        method, path, doing = about.method, about.path, about.doing
        where = self._connection.base_url + (f" through the proxy {self._proxy.name}" if self._proxy else "")
        cause = quoted(_root_cause(error), self._secrets)
        if _is_tls(error):
            host = urlsplit(self._connection.base_url).hostname or ""
            advice = tls_advice(_causes(error), self._trust.source, host)
            return ApiError(
                f"Can't {doing}: TLS with {where} failed ({cause}). {advice}",
                method=method, path=path, code="tls",
            )  # fmt: skip
        if sent and method == "POST":
            return Ambiguous(
                f"Can't {doing}: the answer of {where} got lost ({cause}), so it isn't known whether it was done.",
                method=method, path=path,
            )  # fmt: skip
        if self._proxy and any(isinstance(cause, requests.exceptions.ProxyError) for cause in _causes(error)):
            return ApiError(
                f"Can't {doing}: the proxy {self._proxy.name} gives no way to {self._connection.base_url} ({cause})."
                " Check the proxy, or go without it: HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY of the environment"
                " where this module runs.",
                method=method, path=path, code="unreachable",
            )  # fmt: skip
        return ApiError(
            f"Can't {doing}: no answer from {where} ({cause}). Check host and port, the network, proxies, timeout, and"
            " whether the server wants https or a client certificate (client_cert).",
            method=method, path=path, code="unreachable",
        )  # fmt: skip


def _received(answer: requests.Response) -> _Answer:
    """Read an answer's body, as much as one of its kind may have. Raises OSError as requests does."""
    status, headers = answer.status_code, answer.headers
    if status == 204:
        # There is no body, whatever the head announces, so nothing is lost if the connection is cut behind it.
        # The pool reuses the connection for the next request; closing the answer would close it.
        answer.raw.release_conn()
        return _Answer(status, headers, b"", True)
    chunks = answer.raw.stream(2**16, decode_content=False)
    largest = LARGEST if 200 <= status < 300 else LARGEST_ERROR
    try:
        body, whole = read_whole(chunks, headers.get("Content-Encoding", ""), largest)
    except ValueError as error:
        body, whole = str(error).encode(), False
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise requests.exceptions.ConnectionError(error) from error
    return _Answer(status, headers, body, whole)


def _error_for(answer: _Answer, message: str, about: _Request, *, own: bool) -> ApiError:
    """Return the typed error of an answer that isn't a success, or that is one without JSON."""
    status = answer.status
    meant = grpc_code(message) if own and status == 400 else None
    kind, code, remedy = ApiError, None, about.remedies.get(status, "")
    method, service = about.method, about.service
    if 300 <= status < 400:
        code = "redirect"
        location = answer.headers.get("Location")
        remedy = f"The server redirects to {location}; set {service.option} to where {service.name} is."
    elif 200 <= status < 300:
        kind, code = (Ambiguous, None) if method == "POST" else (ApiError, "bad_answer")
        if answer.body.lstrip()[:1] in (b"{", b"["):  # JSON that parse_json doesn't take
            code = "bad_answer"
        remedy = f"This is no answer of {service.name}: check {service.option}, port, path and proxies."
    elif status == 409 or meant == "AlreadyExists":
        kind = AlreadyExists
    elif status == 404 or meant == "NotFound":
        kind = NotFound
    elif status in (401, 403):
        code = "unauthorized" if status == 401 else "forbidden"
    elif method == "POST" and status >= 500 and status not in _REFUSED:
        kind = Ambiguous
    return kind(
        f"Can't {about.doing}: the server answered {status} {message!r}. {remedy}".strip(),
        method=method, path=about.path, status=status, code=code, server_message=message, own=own,
    )  # fmt: skip


def _causes(error: BaseException | None) -> list[BaseException]:
    """Return the error and the errors that it wraps: requests hides urllib3's reason in arguments and attributes."""
    found: list[BaseException] = []
    while error is not None and error not in found:
        found.append(error)
        inner = getattr(error, "reason", None) or (error.args[0] if error.args else None)
        error = inner if isinstance(inner, BaseException) else error.__cause__ or error.__context__
    return found


def _root_cause(error: BaseException) -> str:
    return str(_causes(error)[-1]) or type(error).__name__


def _is_tls(error: BaseException) -> bool:
    """Return whether TLS itself failed (also for a file that can't be read), not the connection below it.

    A connection that is cut inside TLS also surfaces as an SSLError, but as an end of file.
    """
    if not isinstance(error, requests.exceptions.RequestException):
        return True
    cut = (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError)
    return any(isinstance(cause, ssl.SSLError) and not isinstance(cause, cut) for cause in _causes(error))


def _never_sent(error: BaseException) -> bool:
    """Return whether the connection provably never stood, so that the server can't have seen the request."""
    if isinstance(error, requests.exceptions.ReadTimeout):
        return False
    kinds = (
        requests.exceptions.ConnectTimeout,
        requests.exceptions.ProxyError,
        urllib3.exceptions.NewConnectionError,
        urllib3.exceptions.ConnectTimeoutError,
    )
    return any(isinstance(cause, kinds) for cause in _causes(error))
