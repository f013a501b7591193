# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Edits the profiles of an influxctl `config.toml`. Pure: text in, text out; opens no file.

Every edit is read back and compared with what was intended. The keys of a profile: facts.md D.2.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .connection import PRODUCTS
from .errors import MASK, OptionError
from .profile_reader import AUTH_KINDS, PUBLIC, TLS, Profile, auth_kind, find_profile, read_profiles, token_prefix
from .toml_data import Path, get, leaves, load, merged, nested, same, without
from .toml_editor import Editor, append, proved

# What a diff shows as it is. An identity provider's parameters, and keys that this collection doesn't know, may be
# secret.
_SHOWN = {
    *((key,) for key in PUBLIC),
    *(("tls", key) for key in TLS),
    *(("auth", "oauth2", key) for key in ("client_id", "scopes", "token_url", "device_url")),
    ("auth", "token", "token_file"),
}


@dataclass(frozen=True)
class Wish:
    """What one profile shall be: `keys` are its own, without those that aren't given."""

    name: str
    keys: Profile
    present: bool = True
    exclusive: bool = False
    exclusive_auth: bool = False


@dataclass(frozen=True)
class Outcome:
    """What one profile was and has become, None where it isn't there."""

    name: str
    before: Profile | None
    after: Profile | None

    @property
    def changed(self) -> bool:
        """Whether that differs."""
        return not same(self.before, self.after)


def diff(before: Profile | None, after: Profile | None) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the two sides of a profile's diff, which differ just when the profile does.

    Each has every key that the profile has, with a mask for its value where that may be secret.
    """
    was, now = leaves(before or {}), leaves(after or {})
    changed = {path for path, value in now.items() if path in was and not same(was[path], value)}
    return _side(was, set()), _side(now, changed)


def _side(values: Mapping[Path, Any], changed: set[Path]) -> dict[str, Any]:
    side: dict[str, Any] = {}
    for path, value in values.items():
        if path not in _SHOWN and value != {}:
            value = f"{MASK} (changed)" if path in changed else MASK
        side = merged(side, nested(path, value))
    prefix = token_prefix(values.get(("mgmt_token",)))
    return {**side, "mgmt_token_prefix": prefix} if prefix else side


def given(value: Mapping[str, Any]) -> Profile:
    """Return nested options without what isn't given (None)."""
    pruned = {key: given(inner) if isinstance(inner, dict) else inner for key, inner in value.items()}
    return {key: inner for key, inner in pruned.items() if inner is not None and inner != {}}


def check(profile: Profile) -> None:
    """Raise OptionError where influxctl couldn't use the profile (facts.md D.2)."""
    product = profile.get("product")
    if product not in PRODUCTS:
        raise OptionError(
            f"product: the profile {profile.get('name')!r} needs one of clustered and dedicated, and has {product!r}."
        )
    needed = ("host",) if product == "clustered" else ("account_id", "cluster_id")
    missing = [key for key in needed if not profile.get(key)]
    if missing:
        raise OptionError(
            f"The profile {profile.get('name')!r} of the product {product} lacks {' and '.join(missing)}, without which"
            " influxctl can't use it."
        )


def merge(current: Profile, wanted: Mapping[str, Any], *, exclusive: bool, exclusive_auth: bool) -> Profile:
    """Return the profile as it shall be: `wanted` over `current`, tables merged key by key.

    `exclusive` drops what isn't wanted; `exclusive_auth` drops the other kinds of authentication when one is wanted.
    """
    profile = merged({} if exclusive else current, wanted)
    if exclusive_auth and auth_kind(dict(wanted)):
        for path in AUTH_KINDS.values():
            if get(wanted, path) is None:
                profile = without(profile, path)
    return profile


def edit(text: str, name: str, intended: Profile) -> str:
    """Return the text with the profile `name` made equal to `intended`, appended when it isn't there.

    Raises ProfileError, also when the edit can't be proved to have changed nothing else.
    """
    profiles = read_profiles(text)
    index = find_profile(profiles, name)
    expected = load(text)
    if index is None:
        edited = append(text, intended)
        expected.setdefault("profile", []).append(intended)
    else:
        editor = Editor(text, index)
        current = leaves(profiles[index])
        target = leaves(intended)
        for path in current:
            if path not in target:
                editor.remove(path)
        for path, value in target.items():
            if path not in current or not same(current[path], value):
                editor.set(path, value)
        edited = editor.text()
        expected["profile"][index] = intended
    return proved(edited, expected)


def remove(text: str, name: str) -> str:
    """Return the text without the profile; the text itself when it isn't there. Raises ProfileError."""
    index = find_profile(read_profiles(text), name)
    if index is None:
        return text
    expected = load(text)
    del expected["profile"][index]
    if not expected["profile"]:
        del expected["profile"]
    editor = Editor(text, index)
    editor.remove_profile()
    return proved(editor.text(), expected)


def bring(text: str, wishes: Sequence[Wish]) -> tuple[str, list[Outcome]]:
    """Return the text as all wishes want it, and each one's outcome. Raises ProfileError and OptionError."""
    found = read_profiles(text)
    outcomes = []
    for wish in wishes:
        index = find_profile(found, wish.name)
        before = None if index is None else found[index]
        after = _wanted(before or {}, wish) if wish.present else None
        outcome = Outcome(wish.name, before, after)
        if outcome.changed:
            text = remove(text, wish.name) if after is None else edit(text, wish.name, after)
            found = read_profiles(text)
        outcomes.append(outcome)
    return text, outcomes


def _wanted(current: Profile, wish: Wish) -> Profile:
    profile = merge(current, wish.keys, exclusive=wish.exclusive, exclusive_auth=wish.exclusive_auth)
    check(profile)
    return profile
