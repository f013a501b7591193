# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One request to the data plane, with nothing but Python's standard library: it is sent by hosts that have no more.

Nothing is repeated and nothing is understood here. A redirect is an answer like any other, so that a token is never
carried to where one points.
"""

from __future__ import annotations

import http.client
import os
import ssl
import time
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from urllib import request as urllib_request
from urllib.error import URLError
from urllib.parse import urlencode, urlsplit

from .._core import errors
from . import answers
from .deadline import DEADLINE, TimedResponse
from .proxies import Proxy, logins_in, proxy_of
from .tls_advice import CUT, tls_advice
from .trust import Trust, trust


class DataPlane(NamedTuple):
    """Where the data plane is: scheme, authority and path prefix; what TLS trusts; seconds for a whole answer.

    `verify` is True (the system's CAs), False, or the path of a CA bundle.
    """

    base_url: str
    verify: bool | str
    timeout: float


class Answer(NamedTuple):
    """What came back: the status, the headers, and as much of the body as an answer may have."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class _TimedConnection(http.client.HTTPConnection):
    response_class = TimedResponse


class _TimedTlsConnection(http.client.HTTPSConnection):
    response_class = TimedResponse


class _Http(urllib_request.HTTPHandler):
    def http_open(self, req: urllib_request.Request) -> Any:
        return self.do_open(_TimedConnection, req)


class _Https(urllib_request.HTTPSHandler):
    def __init__(self, context: ssl.SSLContext) -> None:
        super().__init__(context=context)
        self._tls = context

    def https_open(self, req: urllib_request.Request) -> Any:
        return self.do_open(_TimedTlsConnection, req, context=self._tls)


class _AnyStatus(urllib_request.HTTPErrorProcessor):
    """Hands every answer out: urllib follows a redirect, and raises for an error, where its own processor says so."""

    def http_response(self, request: urllib_request.Request, response: Any) -> Any:
        return response

    https_response = http_response


def harmless_query(database: str) -> str:
    """Return the path of a query that changes nothing, whatever the database holds (facts.md#queries)."""
    return "/query?" + urlencode({"db": database, "q": "SHOW MEASUREMENTS"})


def ask(plane: DataPlane, method: str, path: str, token: str, *, doing: str) -> Answer:
    """Send one request and return its answer. `path` is percent-encoded, `doing` names the action for messages.

    Raises ApiError where there is no answer, with the code `tls` or `unreachable`.
    """
    for secret in (token, *logins_in(os.environ)):
        errors.remember(secret)
    trusted = trust(plane.base_url.startswith("https:") and plane.verify, os.environ)
    proxies, proxy = _proxies(plane.base_url)
    headers = {"Accept": "application/json", "Accept-Encoding": "identity", "Authorization": f"Bearer {token}"}
    if method == "POST":
        headers["Content-Type"] = "text/plain; charset=utf-8"
    DEADLINE.until = time.monotonic() + plane.timeout
    try:
        opener = urllib_request.build_opener(
            urllib_request.ProxyHandler(proxies), _Http(), _Https(_context(trusted)), _AnyStatus()
        )
        sent = urllib_request.Request(
            plane.base_url + path, data=b"" if method == "POST" else None, headers=headers, method=method
        )
        with opener.open(sent, timeout=plane.timeout) as response:
            return _received(response)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise _no_answer(plane, method, path, doing, _cause(error), trusted, proxy) from None
    finally:
        DEADLINE.until = None


def _proxies(base_url: str) -> tuple[dict[str, str], Proxy | None]:
    """Return the proxies of the environment, and the one that a request passes. ALL_PROXY stands for what isn't there.

    urllib knows no such variable, as curl and `requests` do.
    """
    parts = urlsplit(base_url)
    proxies = urllib_request.getproxies()
    if "all" in proxies:
        proxies.setdefault(parts.scheme, proxies["all"])
    if urllib_request.proxy_bypass(parts.netloc):
        return {}, None
    return proxies, proxy_of(proxies.get(parts.scheme))


def _context(trusted: Trust) -> ssl.SSLContext:
    if isinstance(trusted.verify, str):
        if os.path.isdir(trusted.verify):
            return ssl.create_default_context(capath=trusted.verify)
        return ssl.create_default_context(cafile=trusted.verify)
    context = ssl.create_default_context()
    if trusted.verify is False:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _received(response: Any) -> Answer:
    largest = answers.LARGEST if 200 <= response.status < 300 else answers.LARGEST_ERROR
    coding = response.headers.get("Content-Encoding", "")
    body, _whole = (b"", True) if response.status == 204 else answers.read_whole(_chunks(response), coding, largest)
    return Answer(response.status, response.headers, body)


def _chunks(response: Any) -> Iterator[bytes]:
    while piece := response.read1(2**16):
        yield piece


def _cause(error: Exception) -> Exception:
    reason = error.reason if isinstance(error, URLError) else None
    return reason if isinstance(reason, Exception) else error


def _no_answer(
    plane: DataPlane, method: str, path: str, doing: str, cause: Exception, trusted: Trust, proxy: Proxy | None
) -> errors.ApiError:
    """Return the error of a request without an answer."""
    where = plane.base_url + (f" through the proxy {proxy.name}" if proxy else "")
    reason = errors.quoted(str(cause) or type(cause).__name__)
    if isinstance(cause, ssl.SSLError) and not isinstance(cause, (*CUT, TimeoutError)):
        advice = tls_advice([cause], trusted.source, urlsplit(plane.base_url).hostname or "")
        return errors.ApiError(
            f"Can't {doing}: TLS with {where} failed ({reason}). {advice}", method=method, path=path, code="tls"
        )
    return errors.ApiError(
        f"Can't {doing}: no answer from {where} ({reason}). Check that this host reaches it: name and port, the"
        " network, proxies (HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY of this task's environment), timeout, and"
        " whether the server wants https.",
        method=method, path=path, code="unreachable",
    )  # fmt: skip
