# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tells which keys of a `config.toml` influxctl refuses. Pure: data in, sentences out, which show no value of a key.

For one key that influxctl doesn't know (since 2.0.1, facts.md#unknown-keys), or whose value is of another type, it
refuses the whole file, so that no profile in it works. The keys that it knows: facts.md#profile-keys.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .._core import errors

TEXT, SWITCH, TEXTS, ANY_TABLE = "a text", "true or false", "a list of texts", "a table"
_TEXT_KEYS: tuple[str, ...] = (
    "name",
    "product",
    "host",
    "port",
    "account_id",
    "cluster_id",
    "mgmt_token",
    "database",
    "token",
)
PROFILE_KEYS: dict[str, Any] = {
    **dict.fromkeys(_TEXT_KEYS, TEXT),
    "tls": {"insecure": SWITCH, "disable": SWITCH, "cert": TEXT, "key": TEXT, "ca": TEXT},
    "auth": {
        "oauth2": {
            "client_id": TEXT,
            "scopes": TEXTS,
            "parameters": ANY_TABLE,
            "token_url": TEXT,
            "device_url": TEXT,
        },
        "token": {"token_file": TEXT},
    },
}
# The keys that only older versions of influxctl take: the path of each, and what to do.
_REMOVED: dict[tuple[str, ...], str] = {
    ("auth", "oauth2", "client_secret"): "influxctl refuses it since 2.9.8; remove it",
}
_PYTHON_TYPES: dict[str, type] = {TEXT: str, SWITCH: bool, ANY_TABLE: dict}
_BARE = re.compile(r"[A-Za-z0-9_-]+")
# No key of influxctl's is longer. A longer one may be a secret in the wrong place.
_LONGEST = 40
# How many refused keys a warning names.
_NAMED = 5

Refused = dict[str, Any]
_Path = tuple[str, ...]


def refused_keys(document: Mapping[str, Any]) -> list[Refused]:
    """Return the keys that influxctl refuses in a config, each with `profile`, `key` and `remedy`.

    `profile` is the profile's name, None outside of profiles. `key` is the path in the profile or in the file, such as
    `auth.oauth2.client_secret`. `remedy` says what to do, as a part of a sentence.
    """
    found = [_refused(None, (key,), _outside(key, value)) for key, value in document.items() if key != "profile"]
    profiles = document.get("profile")
    for number, profile in enumerate(profiles if isinstance(profiles, list) else [], 1):
        if isinstance(profile, dict):
            name = profile.get("name")
            label = name if isinstance(name, str) else f"number {number}"
            found += [_refused(label, path, remedy) for path, remedy in _wrong(profile, PROFILE_KEYS, ())]
    return found


def warnings(path: str, found: Sequence[Refused]) -> list[str]:
    """Return the sentence about the keys that influxctl refuses in the file, or none."""
    if not found:
        return []
    named = [f"{one['key']}{_location(one['profile'])} ({one['remedy']})" for one in found[:_NAMED]]
    more = f"; and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
    return [f"influxctl refuses the whole file {path}, with all of its profiles, because of: {'; '.join(named)}{more}."]


def _location(profile: str | None) -> str:
    return "" if profile is None else f" in the profile {_shown(profile)}"


def _refused(profile: str | None, path: _Path, remedy: str) -> Refused:
    return {"profile": profile, "key": ".".join(map(_shown, path)), "remedy": remedy}


def _shown(key: str) -> str:
    if len(key) > _LONGEST:
        key = f"{key[:9]}…"
    return errors.mask(key if _BARE.fullmatch(key) else repr(key))


def _outside(key: str, value: Any) -> str:
    """Return what to do about a key that isn't in a profile: influxctl 1.x had its profiles there."""
    import difflib

    if difflib.get_close_matches(key, ["profile"], 1, 0.8):
        return "influxctl wants [[profile]]"
    if isinstance(value, dict) and (key == "default" or set(value) & set(_TEXT_KEYS)):
        return f"as influxctl 1.x had it; make it a [[profile]] with the name {_shown(key)}, and remove it here"
    if key in PROFILE_KEYS:
        return "as influxctl 1.x had it; move it below a [[profile]], or remove it"
    return "remove it"


def _wrong(table: Mapping[str, Any], keys: Mapping[str, Any], above: _Path) -> Iterator[tuple[_Path, str]]:
    """Yield the path and remedy of each key in a table that influxctl doesn't take there, or not with that type."""
    for key, value in table.items():
        path = (*above, key)
        kind = keys.get(key)
        if kind is None:
            yield path, _REMOVED.get(path) or _advice(key, keys, above)
        elif isinstance(kind, dict):
            if isinstance(value, dict):
                yield from _wrong(value, kind, path)
            else:
                yield path, "it must be a table"
        elif not _is_of(kind, value):
            yield path, f"it must be {kind}" + (", in quotes" if kind == TEXT else "")


def _is_of(kind: str, value: Any) -> bool:
    if kind == TEXTS:
        return isinstance(value, list) and all(isinstance(one, str) for one in value)
    return isinstance(value, _PYTHON_TYPES[kind])


def _advice(key: str, keys: Mapping[str, Any], above: _Path) -> str:
    """Return what to do about a key that influxctl doesn't know at its place."""
    if above and key in PROFILE_KEYS:
        return f"move it above [profile.{'.'.join(above)}], to the profile's own keys"
    import difflib

    meant = difflib.get_close_matches(key, list(keys), 1, 0.75)
    if meant:
        return f"{meant[0]} is meant, perhaps"
    places = [".".join(path) for path in _places(PROFILE_KEYS, ()) if path[-1] == key]
    return f"it belongs to [profile.{places[0].rpartition('.')[0]}]" if places else "remove it"


def _places(keys: Mapping[str, Any], above: _Path) -> Iterator[_Path]:
    for key, kind in keys.items():
        if isinstance(kind, dict):
            yield from _places(kind, (*above, key))
        else:
            yield (*above, key)
