# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The values for a connection in an influxctl profile, and the file of a token that it names. Pure.

Apart from connection.py, because most runs have no profile, and Python compiles a module's files anew for every task.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from . import errors
from .credentials import secret_problem
from .stated import DEDICATED, stated_values

_TEXTS = ("product", "host", "mgmt_token", "account_id", "cluster_id")
_TLS_TEXTS = ("ca", "cert", "key")
_TLS_SWITCHES = ("insecure", "disable")
_PORT = re.compile(r"\d{1,9}", re.ASCII)


def from_profile(profile: Mapping[str, Any]) -> dict[str, Any]:
    """Return the connection options that an influxctl profile of the right types states (facts.md#profile-keys).

    A Dedicated profile's `host` and `port` are those of the data plane; the Management API isn't there.
    """
    profile = stated_values(profile)
    tls = stated_values(profile.get("tls") or {})
    dedicated = profile.get("product") == DEDICATED
    host, port = (None, None) if dedicated else (profile.get("host"), profile.get("port"))
    return {
        "product": profile.get("product"),
        "host": f"http://{host}" if host and tls.get("disable") and "://" not in host else host,
        "port": int(port) if port is not None else None,
        "management_token": profile.get("mgmt_token"),
        "account_id": profile.get("account_id"),
        "cluster_id": profile.get("cluster_id"),
        "validate_certs": False if tls.get("insecure") else None,
        "ca_path": tls.get("ca"),
        "client_cert": tls.get("cert"),
        "client_key": tls.get("key"),
    }


def mistyped(profile: Mapping[str, Any]) -> list[str]:
    """Return a phrase for each key of a profile whose value isn't of its type (facts.md#profile-keys)."""
    tls = profile.get("tls", {})
    if not isinstance(tls, dict):
        return ["tls in the influxctl profile is no table"]
    tls = stated_values(tls)
    wrong = [name for name in _TEXTS if not isinstance(profile.get(name, ""), str)]
    wrong += [f"tls.{name}" for name in _TLS_TEXTS if not isinstance(tls.get(name, ""), str)]
    problems = [f"{name} in the influxctl profile is no text" for name in wrong]
    for name in _TLS_SWITCHES:
        if not isinstance(tls.get(name, False), bool):
            problems.append(f"tls.{name} in the influxctl profile is neither true nor false")
    if not _PORT.fullmatch(str(profile.get("port", 0))):
        problems.append("port in the influxctl profile is no number")
    return problems


def missing_login(profile: Mapping[str, Any]) -> str:
    """Return the reason why a profile that influxctl can use has no token for our requests."""
    auth = profile.get("auth")
    if isinstance(auth, dict) and auth.get("oauth2"):
        how = "authenticates by a login (auth.oauth2)"
    else:
        how = "names no way to authenticate, so that influxctl would ask for a login"
    return (
        f"; the influxctl profile {profile.get('name', '')!r} {how}, and a login is something that only influxctl can"
        " do: make a management token with it (influxctl management create)"
    )


def token_file_of(profile: Mapping[str, Any]) -> str | None:
    """Return the file from which influxctl takes a profile's token, None without one (facts.md#profile-keys).

    A `mgmt_token` in the profile goes first. Raises OptionError for a relative path, because it begins in the directory
    in which influxctl is run.
    """
    auth = profile.get("auth")
    token = auth.get("token") if isinstance(auth, dict) else None
    path = token.get("token_file") if isinstance(token, dict) else None
    if profile.get("mgmt_token") or not path or not isinstance(path, str):
        return None
    if not path.startswith(("/", "~")):
        raise errors.OptionError(
            f"auth.token.token_file in the influxctl profile {profile.get('name', '')!r} is the relative path {path!r},"
            " and where it begins depends on where influxctl is run: make it absolute, or give management_token."
        )
    return path


def token_in(content: bytes) -> str:
    """Return the token that a `token_file` holds: the text itself, without the line end that an editor leaves.

    InfluxData calls the file `token.json` and doesn't document its content, so a JSON object with an `access_token` is
    read as well. Raises ValueError, whose text holds nothing of the content.
    """
    try:
        text = content.decode("ascii")
    except UnicodeDecodeError:
        raise ValueError("holds more than a token: a character outside ASCII") from None
    text = text.rstrip("\r\n")
    if text.lstrip().startswith("{"):
        try:
            token = json.loads(text)["access_token"]
        except (ValueError, RecursionError, KeyError):
            token = None
        if not isinstance(token, str):
            raise ValueError("is JSON without an access_token")
        text = token
    problem = secret_problem(text)
    if problem:
        raise ValueError(problem)
    return text
