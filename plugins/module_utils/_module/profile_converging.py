# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Brings the profiles of a config file to their stated state: planned, proved, written, and reported."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Callable

from ansible.module_utils.basic import AnsibleModule

from .._core import durable, interface
from .._core.file_identity import file_identity
from .._influxctl.trials import NotProved, Trials
from .._profile import config_file, profile_reader, profiles, toml_data
from .._profile.profile_keys import refused_keys, warnings
from .file_attributes import differences
from .profile_files import with_path_in_errors


def converge_profiles(
    module: AnsibleModule, where: durable.Location, wishes: Sequence[profiles.Wish], how: Trials | None
) -> interface.Result:
    """Bring the profiles of a file that no other run works on to their stated form; check mode writes nothing.

    `how` is None where no proof is asked for. Raises NotProved, ProfileError and OptionError.
    """
    path, text = where.path, config_file.read_at(where)
    edited = with_path_in_errors(path, lambda: profiles.edit(text or "", wishes))
    changed = any(outcome.changed for outcome in edited.outcomes)
    if changed and where.missing and not module.check_mode:
        from .profile_writing import parents

        # Another run may have made the file in the directories that are now there, before this one locked them.
        with parents(module, where):
            return converge_profiles(module, where, wishes, how)
    prove = None if module.check_mode else _proof_due(module, how, text or "", edited)
    values, before, after = _report(edited.document, edited.outcomes, many=module.params["profiles"] is not None)
    diff = {"before": before, "after": after}
    attributes = {} if text is None else differences(module, path, diff)
    if (changed or attributes or prove is not None) and not module.check_mode:
        values.update(_write(module, where, text, edited.text if changed else None, prove))
    refused = refused_keys(edited.document)
    values.update(
        path=path,
        file_identity=file_identity(path),
        refused_keys=refused,
        proved=True if prove is not None else None,
    )
    return interface.Result(
        changed or bool(attributes), values, before=before, after=after, warnings=warnings(path, refused)
    )


def _write(
    module: AnsibleModule,
    where: durable.Location,
    old: str | None,
    new: str | None,
    prove: Callable[[str], None] | None,
) -> dict[str, Any]:
    """Write the `new` text with the stated attributes, or with None only the attributes; return what to report."""
    # Here, because most runs write nothing, and the target compiles a module's code at each run.
    from . import profile_writing

    if new is not None:
        return profile_writing.write_config(module, where, old, new, prove)
    if prove is not None and old is not None:
        profile_writing.prove_config(where, old, prove)
    profile_writing.fix_attributes(module, where)
    return {}


def _proof_due(
    module: AnsibleModule, how: Trials | None, old: str, edited: profiles.Edited
) -> Callable[[str], None] | None:
    """Return a function that takes the path of a config and proves the profiles in it, None where no proof is due.

    The function raises NotProved; this one does, too, where there is no program that can be run.
    """
    unchanged_too = module.params["_prove_unchanged"]
    names = [one.name for one in edited.outcomes if one.after is not None and (one.changed or unchanged_too)]
    if how is None or not names:
        return None
    # Here, because most runs prove nothing, and the target compiles a module's code at each run.
    from .._influxctl import proof

    proof.check_program(how)
    secrets = {*profile_reader.hidden_texts(toml_data.load(old)), *profile_reader.hidden_texts(edited.document)}
    used = how

    def prove(config_path: str) -> None:
        for name in names:
            proof.prove(used, config_path, name, secrets)

    return prove


def not_proved(
    module: AnsibleModule, where: durable.Location, wishes: Sequence[profiles.Wish], error: NotProved
) -> interface.Result:
    """Return the result of a proof that failed, with the profiles that the file holds now. Raises ProfileError."""
    document = toml_data.load(config_file.read_at(where) or "")
    found = profile_reader.profiles_of(document)
    numbers = profile_reader.number_by_name(found)
    outcomes = []
    for wish in wishes:
        number = profile_reader.only(numbers, wish.name)
        held = None if number is None else found[number]
        outcomes.append(profiles.Outcome(wish.name, held, held))
    values, _before, _after = _report(document, outcomes, many=module.params["profiles"] is not None)
    failure = NotProved(f"{where.path} is left as it is: {error}", code=error.code)
    return interface.Result(False, {**values, "path": where.path, "proved": False}, error=failure)


def _report(
    document: Mapping[str, Any], outcomes: Sequence[profiles.Outcome], *, many: bool
) -> tuple[dict[str, Any], Any, Any]:
    """Return the result's values and the two sides of its diff, for one profile or as lists for many."""
    now = [None if one.after is None else profile_reader.public(one.after) for one in outcomes]
    sides = [profiles.diff(one.before, one.after) for one in outcomes]
    if not many:
        others = profile_reader.other_prefixes(document, outcomes[0].name)
        return {"profile": now[0], "other_mgmt_token_prefixes": others}, *sides[0]
    entries = [{"name": one.name, "changed": one.changed, "profile": now[n]} for n, one in enumerate(outcomes)]
    before, after = ({"profiles": [side[n] for side in sides if side[n]]} for n in (0, 1))
    return {"profiles": entries}, before, after
