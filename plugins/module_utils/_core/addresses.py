# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The address of a server: from a text to a URL, and what of it must not be shown or should be warned of. Pure.

Apart from connection.py, so that Ansible doesn't copy that to every host for a module that has no such options.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from . import errors


def parse_host(host: str, port: int | None = None) -> str:
    """Return scheme, authority and path prefix of the Management API, without a slash at the end.

    `host` is a name, an address (IPv6 with or without brackets), `name:port`, or a URL whose path is kept but for
    an `/api/v0` at its end. `https` unless the URL says `http`. `port` wins over the URL's. Raises ValueError.
    """
    if "@" in host:  # checked first, because the other messages show the host
        raise ValueError("host must not hold a user or password; use management_token")
    bare_ipv6 = "://" not in host and host.count(":") > 1 and "[" not in host
    url = host if "://" in host else f"https://[{host}]" if bare_ipv6 else f"https://{host}"
    try:
        parts = urlsplit(url)
        name, url_port = parts.hostname or "", parts.port
        name.encode("idna")  # a name that no resolver takes fails here and not in the first request
    except ValueError as error:
        raise ValueError(f"host {host!r} is not a host name or URL ({error})") from None
    if parts.scheme not in ("http", "https"):
        raise ValueError(f"host {host!r} has the scheme {parts.scheme!r}; only https and http are possible")
    if not name or parts.query or parts.fragment or not host.isprintable() or " " in host:
        raise ValueError(f"host {host!r} is not a host name or URL")
    number = port if port is not None else url_port
    if number is not None and not 1 <= number <= 65535:
        raise ValueError(f"port {number} is not between 1 and 65535")
    authority = f"[{name}]" if ":" in name else name
    path = parts.path.rstrip("/")
    if path.endswith("/api/v0"):
        path = path[: -len("/api/v0")].rstrip("/")
    return f"{parts.scheme}://{authority}{f':{number}' if number else ''}{path}"


def login_in(host: str | None) -> tuple[str, ...]:
    """Return the parts of a host that Ansible must mask: user and password with the `@`, and a password of some length.

    The module refuses such a host, but Ansible shows the options of a module that fails. With the `@`, a short
    password isn't masked wherever its letters stand.
    """
    if not host or "@" not in host:
        return ()
    login = host.rpartition("@")[0].rpartition("://")[2]
    password = login.partition(":")[2]
    return (f"{login}@", *([password] if len(password) >= errors.SHORTEST_SECRET else []))


def exposed(base_url: str, token: str) -> str | None:
    """Return the warning for a token that is sent in the clear to another machine, None where it isn't.

    `token` is the kind of token for the sentence, for instance `management token`.
    """
    parts = urlsplit(base_url)
    name = parts.hostname or ""
    if parts.scheme != "http" or name == "localhost" or name.endswith(".localhost"):
        return None
    import ipaddress  # few runs need it

    try:
        if ipaddress.ip_address(name).is_loopback:
            return None
    except ValueError:
        pass
    return (
        f"The {token} is sent to {name} over plain http: whoever is on the way can read and use it. Let the"
        " server speak https, or put a proxy in front of it that does."
    )
