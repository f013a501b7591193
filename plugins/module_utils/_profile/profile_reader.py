# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the profiles of an influxctl `config.toml`, and returns what of them may be shown. Pure; opens no file.

It is apart from profiles.py, so that a module which only reads carries no editor along. The keys of a profile:
facts.md#profile-keys.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .._core import errors, printing
from . import toml_data

Profile = dict[str, Any]
# The kinds of authentication, by the path that holds them; which one wins in influxctl is open (facts.md#profile-keys).
AUTH_KINDS: dict[str, toml_data.Path] = {
    "mgmt_token": ("mgmt_token",),
    "oauth2": ("auth", "oauth2"),
    "token_file": ("auth", "token"),
}
PUBLIC = ("name", "product", "host", "port", "account_id", "cluster_id", "database")
TLS = ("insecure", "disable", "cert", "key", "ca")
# Where the secrets of a profile stand. Only influxctl before 2.9.8 takes `client_secret` (facts.md#profile-keys).
_SECRETS = (("mgmt_token",), ("token",), ("auth", "oauth2", "client_secret"))
# What a diff shows as it is. An identity provider's parameters, and keys that this collection doesn't know, may be
# secret.
SHOWN = {
    *((key,) for key in PUBLIC),
    *(("tls", key) for key in TLS),
    *(("auth", "oauth2", key) for key in ("client_id", "scopes", "token_url", "device_url")),
    ("auth", "token", "token_file"),
}


def read_profiles(text: str) -> list[Profile]:
    """Return the profiles in their order. Raises ProfileError for invalid TOML or a `profile` of another shape."""
    return profiles_of(toml_data.load(text))


def profiles_of(document: Mapping[str, Any]) -> list[Profile]:
    """Return a config's profiles in their order. Raises ProfileError for a `profile` of another shape."""
    profiles = document.get("profile", [])
    if not isinstance(profiles, list) or not all(isinstance(profile, dict) for profile in profiles):
        raise errors.ProfileError(
            "its profile is a plain table or value; influxctl wants [[profile]]", code="invalid_profile"
        )
    return profiles


def number_by_name(profiles: Sequence[Profile]) -> dict[str, list[int]]:
    """Return the numbers (from 0) of the profiles of each name. A profile without a name is in no list."""
    numbers: dict[str, list[int]] = {}
    for number, profile in enumerate(profiles):
        name = profile.get("name")
        if isinstance(name, str):
            numbers.setdefault(name, []).append(number)
    return numbers


def only(numbers: Mapping[str, Sequence[int]], name: str) -> int | None:
    """Return the number of the profile of a name, None where there is none. Raises ProfileError for several."""
    found = numbers.get(name, ())
    if len(found) > 1:
        raise errors.ProfileError(f"it holds the profile {name!r} {len(found)} times", code="duplicate_profile")
    return found[0] if found else None


def find_profile(profiles: Sequence[Profile], name: str) -> int | None:
    """Return the number of the profile of a name, None where there is none. Raises ProfileError for several."""
    return only(number_by_name(profiles), name)


def auth_kind(profile: Profile) -> str | None:
    """Return how a profile authenticates: `mgmt_token`, `oauth2`, `token_file`, or None."""
    return next((kind for kind, path in AUTH_KINDS.items() if toml_data.get(profile, path) is not None), None)


def token_prefix(token: Any) -> str | None:
    """Return the nine characters by which `influxctl management list` names a token (facts.md#token-shapes).

    None for no text, and for one that is so short that nine characters would show a large part of it.
    """
    if not isinstance(token, str) or not (token.startswith("M.V") or len(token) >= 2 * printing.PREFIX_LENGTH):
        return None
    return token[: printing.PREFIX_LENGTH] if len(token) > printing.PREFIX_LENGTH else None


def public(profile: Profile) -> dict[str, Any]:
    """Return what may be shown of a profile: never a secret, nor a key that this collection doesn't know."""
    tls = profile.get("tls")
    shown: dict[str, Any] = {key: profile.get(key) for key in PUBLIC}
    shown["tls"] = {key: tls.get(key) for key in TLS} if isinstance(tls, dict) else None
    shown["auth"] = auth_kind(profile)
    shown["mgmt_token_prefix"] = token_prefix(profile.get("mgmt_token"))
    return shown


def secrets_of(profile: Profile) -> list[str]:
    """Return the secrets in a profile. A placeholder such as `m` is none, and would mask a database of that name."""
    found = (toml_data.get(profile, path) for path in _SECRETS)
    return [secret for secret in found if isinstance(secret, str) and len(secret) >= errors.SHORTEST_SECRET]


def other_prefixes(document: Mapping[str, Any], name: str) -> list[str]:
    """Return the prefixes of the management tokens that the profiles of other names hold, in their order."""
    prefixes = [token_prefix(one.get("mgmt_token")) for one in profiles_of(document) if one.get("name") != name]
    return [prefix for prefix in prefixes if prefix]


def hidden_texts(document: Mapping[str, Any]) -> set[str]:
    """Return the texts of a config that no message may hold: all that a diff doesn't show, in every profile.

    Texts shorter than a secret are left out, because masking them would hide parts of other words.
    """
    profiles = document.get("profile")
    found = set(printing.texts_in({key: value for key, value in document.items() if key != "profile"}))
    for profile in profiles if isinstance(profiles, list) else [profiles]:
        for path, value in toml_data.leaves(profile).items() if isinstance(profile, dict) else ():
            if path not in SHOWN:
                found.update(printing.texts_in(value))
    return {text for text in found if len(text) >= errors.SHORTEST_SECRET}
