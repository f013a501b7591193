# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules for host names, one for every option that takes a bare one. Pure."""

from __future__ import annotations

import re

from . import errors

_PORT = re.compile(r"\d{1,5}", re.ASCII)
# What needs no closer look: labels of the length that DNS takes.
_NAME = re.compile(r"[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63})*")


def host_problem(host: str) -> str | None:
    """Return the problem of a host that must be a bare name or address, None without one.

    An IPv6 address may stand in brackets. Where a URL or a port is given, the phrase says which keys are meant.
    """
    if _NAME.fullmatch(host):
        return None
    if "@" in host:  # checked before what shows the host
        return "must not hold a user or password"
    if not host.strip():
        return "is empty; give the name, or leave the option out (a variable or lookup may have found nothing)"
    if not host.isprintable() or " " in host:
        return f"{host!r} holds a blank or a line break"
    if "://" not in host and host.count(":") > 1 and "[" not in host and "/" not in host:
        return None if _is_ipv6(host) else f"{host!r} is no host name or address"
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(host if "://" in host else f"//{host}")
        name = parts.hostname or ""
        name.encode("idna")
    except ValueError:
        return f"{host!r} is no host name or address"
    if not name:
        return f"{host!r} is no host name or address"
    if host.lower() in (name, f"[{name}]"):
        return None if ":" not in name or _is_ipv6(name) else f"{host!r} is no host name or address"
    return f"{host!r} is more than a name; influxctl wants its parts apart: {_apart(name, host)}"


def _apart(name: str, url: str) -> str:
    """Return the keys of a profile that a URL or `name:port` means."""
    from urllib.parse import urlsplit

    parts = urlsplit(url if "://" in url else f"//{url}")
    keys = [f"host: {name}"]
    port = parts.netloc.rpartition(":")[2]
    if _PORT.fullmatch(port):
        keys.append(f"port: {port}")
    elif parts.scheme in ("http", "https"):
        keys.append(f"port: {80 if parts.scheme == 'http' else 443}")
    if parts.scheme in ("http", "https"):
        keys.append(f"tls.disable: {'true' if parts.scheme == 'http' else 'false'}")
    path = " (and no path)" if parts.path.strip("/") else ""
    return ", ".join(keys) + path


def _is_ipv6(text: str) -> bool:
    import ipaddress

    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return True


def check_host_name(name: str, host: str | None) -> None:
    """Raise OptionError where an option's text isn't a bare host name or address. None is an option without a value."""
    problem = None if host is None else host_problem(host)
    if problem:
        raise errors.OptionError(
            f"{name}: it {problem}." if problem.startswith(("is ", "must ")) else f"{name}: {problem}."
        )
