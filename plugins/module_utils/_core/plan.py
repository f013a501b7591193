# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan for a database or a table: a pure function from its current and its desired state to a change.

No I/O, no clock. Check mode stops after it, and the diff comes from the change.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from . import entities, errors


class Change(NamedTuple):
    """What happens to one object: at most one of create, delete, rename and restore, and then an update.

    `before` and `after` are None where the object doesn't exist; `update` holds the fields that PATCH must send.
    """

    before: entities.State | None
    after: entities.State | None
    create: bool = False
    delete: bool = False
    rename: bool = False
    restore: bool = False
    update: Mapping[str, Any] = entities.NOTHING

    @property
    def changed(self) -> bool:
        return self.create or self.delete or self.rename or self.restore or bool(self.update)


def find(states: Sequence[entities.State], name: str) -> entities.State | None:
    """Return the object of that name."""
    return next((state for state in states if state.get("name") == name), None)


def plan(
    entity: entities.Entity,
    current: entities.State | None,
    desired: entities.State | None,
    old: entities.State | None = None,
) -> Change:
    """Return how the object gets from `current` to `desired`; only the fields that `desired` states count.

    `desired` is None for an object that shall not exist. `old` is the object under the name that a rename starts
    from. Raises Refused where a field differs that can't be changed, or where both names of a rename exist, and
    OptionError for a value that can't be given; a task may state the value of an existing object in any case.
    """
    if desired is None:
        return Change(current, None, delete=current is not None)
    if old is not None and current is not None:
        raise errors.Refused(
            f"Both the {entity.noun} {old['name']!r} and {desired['name']!r} exist, so {old['name']!r} can't be"
            " renamed. Delete or rename one of them, or drop rename_from."
        )
    base = old if old is not None else current
    if base is None:
        entity.check_new(desired)
        return Change(None, dict(desired), create=True)
    update: entities.State = {}
    for spec in entity.fields:
        wanted = desired.get(spec.name)
        if wanted is None or spec.name in ("name", "database") or wanted == base.get(spec.name):
            continue
        if not spec.mutable:
            raise errors.Refused(
                f"The {spec.name} of the {entity.noun} {base['name']!r} is {base.get(spec.name)!r} and can't be changed"
                f" to {wanted!r}: the API fixes it at creation. State what is there, or create an object of another"
                " name.",
                code="immutable",
            )
        update[spec.name] = wanted
    entity.check_new(update)
    return Change(base, {**base, **desired}, rename=old is not None, update=update)
