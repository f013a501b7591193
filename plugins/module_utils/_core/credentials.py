# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules for secrets and for host names, one for every option that takes one. Pure.

The `_problem` functions return a phrase that follows the option's name, for callers that list all problems at once. The
`check_` functions raise OptionError. A phrase never repeats a secret.
"""

from __future__ import annotations

import re

from .errors import MASK, OptionError

# The texts that Ansible and this collection print in place of a secret.
_MASKS = (MASK, "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER")
_SCHEME = re.compile(r"(bearer|token|basic)\s", re.IGNORECASE)
_PORT = re.compile(r"\d{1,5}", re.ASCII)
# What needs no closer look: labels of the length that DNS takes.
_NAME = re.compile(r"[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63})*")


def secret_problem(text: str) -> str | None:
    """Return the reason why a text can't be a token of InfluxDB, None where it can (facts.md#token-shapes)."""
    if not text.strip():
        return "is empty; give the token, or leave the option out (a variable or lookup may have found nothing)"
    if _SCHEME.match(text.lstrip()):
        return "begins with the name of an HTTP scheme; give the token alone"
    if any(mask in text for mask in _MASKS):
        return "is the mask that is printed in place of a secret, and not the secret"
    if "{{" in text:
        return "is a template that wasn't filled in"
    if '"' in text or "'" in text:
        return "holds quotes; give the token without them"
    if text != text.rstrip("\r\n"):
        return (
            "holds a blank, a line break or a character outside ASCII: it ends with a line break; use the filter trim"
        )
    if not (text.isascii() and text.isprintable()) or " " in text:
        return "holds a blank, a line break or a character outside ASCII"
    return None


def check_secret(name: str, text: str | None) -> None:
    """Raise OptionError where the text of an option can't be a token. None is an option that isn't given."""
    problem = None if text is None else secret_problem(text)
    if problem:
        raise OptionError(f"{name}: it {problem}.")


def foreign_secret_problem(text: str) -> str | None:
    """Return the problem of a foreign secret of unknown form, such as an identity provider's, None without one."""
    if not text.strip():
        return "is empty; give the secret, or leave it out (a variable or lookup may have found nothing)"
    if any(mask == text for mask in _MASKS):
        return "is the mask that is printed in place of a secret, and not the secret"
    if text != text.strip():
        return "begins or ends with a blank or a line break; use the filter trim"
    return None


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
        raise OptionError(f"{name}: it {problem}." if problem.startswith(("is ", "must ")) else f"{name}: {problem}.")
