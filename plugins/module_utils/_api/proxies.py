# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A proxy's name for messages, and its secrets, which no message may hold. Pure."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

# A password of one or two characters can't be masked: every sentence holds it.
_SHORTEST = 3


class Proxy(NamedTuple):
    """`name` is the proxy's URL without user and password; `secrets` are the forms of its password."""

    name: str
    secrets: tuple[str, ...]


def proxy_of(url: str | None) -> Proxy | None:
    """Return the proxy of a URL as it stands in an environment variable, None where there is none.

    A text that can't be a URL is a proxy without a name, because the text may hold a password anywhere.
    """
    if not url:
        return None
    try:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        port = f":{parts.port}" if parts.port else ""
        host = parts.hostname or ""
    except ValueError:
        return Proxy("of the environment, whose URL is broken", ())
    login = parts.netloc.rpartition("@")[0]
    user, _colon, password = login.partition(":")
    sent = f"{unquote(user)}:{unquote(password)}".encode("utf-8", "surrogateescape")
    forms = (login, password, unquote(password), b64encode(sent).decode()) if login else ()
    name = f"{parts.scheme}://{f'[{host}]' if ':' in host else host}{port}"
    return Proxy(name, tuple(form for form in forms if len(form) >= _SHORTEST))


def logins_in(environ: Mapping[str, str]) -> set[str]:
    """Return the secrets of all proxies that an environment names, for all programs that look there."""
    proxies = (proxy_of(value) for name, value in environ.items() if name.lower().endswith("_proxy"))
    return {secret for proxy in proxies if proxy for secret in proxy.secrets}
