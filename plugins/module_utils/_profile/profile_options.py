# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options that describe a profile, and what they ask for. The keys of a profile: facts.md#profile-keys. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from .._core import errors
from .._core.credentials import check_secret, foreign_secret_problem
from .._core.host_names import check_host_name
from .._core.stated import PRODUCTS, without_unset
from .profile_reader import Profile
from .profiles import Wish

_STRING: dict[str, Any] = {"type": "str"}
_BOOLEAN: dict[str, Any] = {"type": "bool"}
_SWITCH: dict[str, Any] = {"type": "bool", "default": False}
_TLS: dict[str, dict[str, Any]] = {
    "insecure": _BOOLEAN,
    "disable": _BOOLEAN,
    "cert": _STRING,
    "key": {"type": "str", "no_log": False},
    "ca": _STRING,
}
_OAUTH2: dict[str, dict[str, Any]] = {
    "client_id": _STRING,
    "scopes": {"type": "list", "elements": "str"},
    "parameters": {"type": "dict"},
    "token_url": {"type": "str", "no_log": False},
    "device_url": _STRING,
}
_TOKEN: dict[str, dict[str, Any]] = {"token_file": {"type": "str", "no_log": False}}
_AUTH: dict[str, dict[str, Any]] = {
    "oauth2": {"type": "dict", "options": _OAUTH2},
    "token": {"type": "dict", "options": _TOKEN, "no_log": False},
}
_KEYS: dict[str, dict[str, Any]] = {
    "product": {"type": "str", "choices": list(PRODUCTS)},
    "host": _STRING,
    "port": {"type": "int"},
    "account_id": _STRING,
    "cluster_id": _STRING,
    "mgmt_token": {"type": "str", "no_log": True},
    "database": _STRING,
    "token": {"type": "str", "no_log": True},
    "tls": {"type": "dict", "options": _TLS},
    "auth": {"type": "dict", "options": _AUTH},
}
# The options of one profile, beside its name.
ONE_PROFILE: dict[str, dict[str, Any]] = {
    **_KEYS,
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "exclusive": _SWITCH,
    "exclusive_auth": _SWITCH,
}
PROFILE_OPTIONS: dict[str, dict[str, Any]] = {
    "name": _STRING,
    **ONE_PROFILE,
    "profiles": {
        "type": "list",
        "elements": "dict",
        "options": {"name": {"type": "str", "required": True}, **ONE_PROFILE},
    },
}
# Identity providers take any parameters; what is named like a secret is treated as one.
_SECRET = re.compile("secret|password|passphrase|token|credential|assertion", re.IGNORECASE)


def _entries(params: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [params] if params["profiles"] is None else params["profiles"]


def secret_parameters(params: Mapping[str, Any]) -> Iterator[str]:
    """Yield the values of those OAuth2 parameters whose names say that they are secret."""
    for entry in _entries(params):
        yield from filter(None, _secret_parameters(entry).values())


def _secret_parameters(entry: Mapping[str, Any]) -> dict[str, str]:
    oauth2 = (entry["auth"] or {}).get("oauth2") or {}
    parameters = (oauth2.get("parameters") or {}).items()
    return {name: value for name, value in parameters if _SECRET.search(name) and isinstance(value, str)}


def _check_credentials(entry: Mapping[str, Any]) -> None:
    """Raise OptionError for a secret or a host that can't work, because it would replace one that does."""
    whose = f" of the profile {entry['name']!r}"
    check_host_name(f"host{whose}", entry["host"])
    for option in ("mgmt_token", "token"):
        check_secret(f"{option}{whose}", entry[option])
    for name, value in _secret_parameters(entry).items():
        problem = foreign_secret_problem(value)
        if problem:
            raise errors.OptionError(f"auth.oauth2.parameters{whose}: {name} {problem}.")


def wishes(params: Mapping[str, Any]) -> list[Wish]:
    """Return what the options ask for: one profile, or each of `profiles`. Raises OptionError."""
    entries = _entries(params)
    names = [entry["name"] for entry in entries]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise errors.OptionError(f"profiles: {twice!r} is stated more than once.")
    return [_wish(entry) for entry in entries]


def _wish(entry: Mapping[str, Any]) -> Wish:
    name, port = entry["name"], entry["port"]
    if not name.strip():
        raise errors.OptionError("name: a profile's name must not be empty.")
    if port is not None and not 1 <= port <= 65535:
        raise errors.OptionError(f"port: {port} is not between 1 and 65535, as the profile {name!r} has it.")
    if entry["state"] == "present":
        _check_credentials(entry)
    stated: Profile = {"name": name, **{key: entry[key] for key in _KEYS}}
    keys = without_unset({**stated, "port": None if port is None else str(port)})
    return Wish(name, keys, entry["state"] == "present", entry["exclusive"], entry["exclusive_auth"])
