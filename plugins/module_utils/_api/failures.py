# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What went wrong with a request, as typed errors: an answer that is no success, or none at all. Pure.

The functions import the types of `requests` themselves, because this file must be readable without that library.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from .._core import errors
from .._core.connection import Connection
from . import answers
from .proxies import Proxy
from .tls_advice import CUT, tls_advice
from .transport import REFUSED, Answer, Request

# The API hands on the errors of a gRPC service, `... rpc error: code = AlreadyExists desc = ...` (facts.md#error-form).
# The server words the text behind `desc`, which may hold a user's name of an object.
_GRPC_CODE = re.compile(r"\bcode = (\w+)")


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


def error_of_answer(answer: Answer, content: Any, about: Request, secrets: Iterable[str]) -> errors.ApiError:
    """Return the typed error of an answer that is no success. `content` is its JSON, None where it is none."""
    if isinstance(content, dict) and isinstance(content.get("message"), str):
        message = errors.quoted(content["message"], secrets)
    else:
        # Masked before it is cut: half a token looks like none.
        text = answer.body[: answers.LARGEST_ERROR].decode("utf-8", "replace")
        message = errors.quoted(" ".join(text.split()), secrets)[:200]
    return _error_for(answer, message, about, own=is_own(answer.status, content))


def _error_for(answer: Answer, message: str, about: Request, *, own: bool) -> errors.ApiError:
    """Return the typed error of an answer that isn't a success, or that is one without JSON."""
    status = answer.status
    meant = grpc_code(message) if own and status == 400 else None
    kind, code, remedy = errors.ApiError, None, about.remedies.get(status, "")
    method, service = about.method, about.service
    if 300 <= status < 400:
        code = "redirect"
        location = answer.headers.get("Location")
        remedy = f"The server redirects to {location}; set {service.option} to where {service.name} is."
    elif 200 <= status < 300:
        kind, code = (errors.Ambiguous, None) if method == "POST" else (errors.ApiError, "bad_answer")
        if answer.body.lstrip()[:1] in (b"{", b"["):  # JSON that parse_json doesn't take
            code = "bad_answer"
        remedy = f"This is no answer of {service.name}: check {service.option}, port, path and proxies."
    elif status == 409 or meant == "AlreadyExists":
        kind = errors.AlreadyExists
    elif status == 404 or meant == "NotFound":
        kind = errors.NotFound
    elif status in (401, 403):
        code = "unauthorized" if status == 401 else "forbidden"
    elif method == "POST" and status >= 500 and status not in REFUSED:
        kind = errors.Ambiguous
    return kind(
        f"Can't {about.doing}: the server answered {status} {message!r}. {remedy}".strip(),
        method=method, path=about.path, status=status, code=code, server_message=message, own=own,
    )  # fmt: skip


def error_without_answer(
    error: BaseException,
    about: Request,
    connection: Connection,
    proxy: Proxy | None,
    trusted: str,
    secrets: Iterable[str],
) -> errors.ApiError:
    """Return the typed error of a request that got no whole answer.

    `proxy` is the one on the way, if any; `trusted` is the source of the CAs, as `Trust` has it; `secrets` are
    masked in what the error quotes.
    """
    from requests.exceptions import ProxyError

    method, path, doing = about.method, about.path, about.doing
    where = connection.base_url + (f" through the proxy {proxy.name}" if proxy else "")
    cause = errors.quoted(_root_cause(error), secrets)
    if is_tls(error):
        host = urlsplit(connection.base_url).hostname or ""
        advice = tls_advice(_causes(error), trusted, host)
        return errors.ApiError(
            f"Can't {doing}: TLS with {where} failed ({cause}). {advice}",
            method=method, path=path, code="tls",
        )  # fmt: skip
    if not never_sent(error) and method == "POST":
        return errors.Ambiguous(
            f"Can't {doing}: the answer of {where} got lost ({cause}), so it isn't known whether it was done.",
            method=method, path=path,
        )  # fmt: skip
    if proxy and any(isinstance(cause, ProxyError) for cause in _causes(error)):
        return errors.ApiError(
            f"Can't {doing}: the proxy {proxy.name} gives no way to {connection.base_url} ({cause})."
            " Check the proxy, or go without it: HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY of the environment"
            " where this module runs.",
            method=method, path=path, code="unreachable",
        )  # fmt: skip
    return errors.ApiError(
        f"Can't {doing}: no answer from {where} ({cause}). Check host and port, the network, proxies, timeout, and"
        " whether the server wants https or a client certificate (client_cert).",
        method=method, path=path, code="unreachable",
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


def is_tls(error: BaseException) -> bool:
    """Return whether TLS itself failed (also for a file that can't be read), not the connection below it."""
    from requests.exceptions import RequestException

    if not isinstance(error, RequestException):
        return True
    return any(isinstance(cause, ssl.SSLError) and not isinstance(cause, CUT) for cause in _causes(error))


def never_sent(error: BaseException) -> bool:
    """Return whether the connection provably never stood, so that the server can't have seen the request."""
    from requests.exceptions import ConnectTimeout, ProxyError, ReadTimeout
    from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

    if isinstance(error, ReadTimeout):
        return False
    kinds = (ConnectTimeout, ProxyError, NewConnectionError, ConnectTimeoutError)
    return any(isinstance(cause, kinds) for cause in _causes(error))
