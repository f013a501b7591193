# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans what becomes of the profiles of an influxctl `config.toml`. Pure: text in, text out; opens no file.

The keys of a profile: facts.md#profile-keys.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .._core import errors, printing
from .._core.stated import CLUSTERED, PRODUCTS
from . import toml_data
from .profile_reader import (
    AUTH_KINDS,
    SHOWN,
    Profile,
    auth_kind,
    number_by_name,
    only,
    profiles_of,
    token_prefix,
)


@dataclass(frozen=True)
class Wish:
    """The stated form of one profile: `keys` are those that the task states. `merge` explains the other fields."""

    name: str
    keys: Profile
    is_present: bool = True
    exclusive: bool = False
    exclusive_auth: bool = False


@dataclass(frozen=True)
class Outcome:
    """One profile before and after the edit, None where it isn't there."""

    name: str
    before: Profile | None
    after: Profile | None

    @property
    def changed(self) -> bool:
        """Whether the edit changes the profile."""
        return not toml_data.same(self.before, self.after)


def diff(before: Profile | None, after: Profile | None) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the two sides of a profile's diff, which differ exactly when the profile does.

    Each side has every key that the profile has, with a mask in place of a value that may be secret.
    """
    was, now = toml_data.leaves(before or {}), toml_data.leaves(after or {})
    changed = {path for path, value in now.items() if path in was and not toml_data.same(was[path], value)}
    return _side(was, set()), _side(now, changed)


def _side(values: Mapping[toml_data.Path, Any], changed: set[toml_data.Path]) -> dict[str, Any]:
    side: dict[str, Any] = {}
    for path, value in values.items():
        if path not in SHOWN and value != {}:
            value = f"{printing.MASK} (changed)" if path in changed else printing.MASK
        side = toml_data.merged(side, toml_data.nested(path, value))
    prefix = token_prefix(values.get(("mgmt_token",)))
    return {**side, "mgmt_token_prefix": prefix} if prefix else side


def check(profile: Profile) -> None:
    """Raise OptionError where influxctl couldn't use the profile (facts.md#profile-keys)."""
    product = profile.get("product")
    if product not in PRODUCTS:
        raise errors.OptionError(
            f"product: the profile {profile.get('name')!r} needs one of clustered and dedicated, and has {product!r}."
        )
    needed = ("host",) if product == CLUSTERED else ("account_id", "cluster_id")
    missing = [key for key in needed if not profile.get(key)]
    if missing:
        raise errors.OptionError(
            f"The profile {profile.get('name')!r} of the product {product} lacks {' and '.join(missing)}, without which"
            " influxctl can't use it."
        )


def merge(current: Profile, wanted: Mapping[str, Any], *, exclusive: bool, exclusive_auth: bool) -> Profile:
    """Return the stated profile: `wanted` over `current`, tables merged key by key.

    `exclusive` drops the keys that aren't wanted. `exclusive_auth` drops the other kinds of authentication where one
    is wanted.
    """
    profile = toml_data.merged({} if exclusive else current, wanted)
    if exclusive_auth and auth_kind(dict(wanted)):
        for path in AUTH_KINDS.values():
            if toml_data.get(wanted, path) is None:
                profile = toml_data.without(profile, path)
    return profile


@dataclass(frozen=True)
class Edited:
    """A config as edited for all wishes: its text, its data, and the outcome of each wish."""

    text: str
    document: toml_data.Table
    outcomes: Sequence[Outcome]


def edit(text: str, wishes: Sequence[Wish]) -> Edited:
    """Return the config edited for all wishes, each of which is about another profile.

    Raises ProfileError, and OptionError for a profile that influxctl couldn't use.
    """
    document = toml_data.load(text)
    found = profiles_of(document)
    numbers = number_by_name(found)
    outcomes: list[Outcome] = []
    changes: list[tuple[int | None, Profile | None]] = []
    for wish in wishes:
        number = only(numbers, wish.name)
        before = None if number is None else found[number]
        outcome = Outcome(wish.name, before, _wanted(before or {}, wish) if wish.is_present else None)
        outcomes.append(outcome)
        if outcome.changed:
            changes.append((number, outcome.after))
    if changes:
        # Here, because most runs change nothing, and the target compiles a module's code at each run.
        from .rewriting import rewrite

        text, document = rewrite(text, document, changes)
    return Edited(text, document, outcomes)


def _wanted(current: Profile, wish: Wish) -> Profile:
    profile = merge(current, wish.keys, exclusive=wish.exclusive, exclusive_auth=wish.exclusive_auth)
    check(profile)
    return profile
