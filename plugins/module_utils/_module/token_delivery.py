# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Brings a host's files of a database token to their stated state: proved, put in place together, and reported."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from .._core import durable, errors, interface
from .._core.addresses import exposed, login_in
from .._core.file_identity import file_identity
from .._tokens import data_proof, delivery_file, secret_text
from . import token_files


def deliver(
    module: AnsibleModule, locations: Sequence[durable.Location], values: dict[str, Any], done: list[str]
) -> interface.Result:
    """Bring the files at locations that no other run works on to their stated state; check mode writes nothing.

    `values` gets the module's return values, and `done` the paths of the files that were written or removed. Both hold
    what was done also where this raises. Raises OptionError, SecretFileError, and ApiError where the proof fails.
    """
    warnings, path = list[str](), locations[0].path
    kept = token_files.kept_in(module, locations[0])
    wanted = _wanted_of(module, path, kept)
    trial = _trial_of(module, warnings) if module.params["state"] == "present" else None
    targets = token_files.targets_of(module, locations, kept, wanted)
    differing = [target for target in targets if target.differs]

    def prove() -> None:
        if trial is None or wanted is None:
            return
        try:
            values["proved"], found = data_proof.prove(trial, wanted, interface.now)
        except errors.ApiError as error:
            values.update(proved=False, db_token_file=_held_in(module, locations, kept))
            error.also(f"{path} is left as it was.")
            raise
        warnings.extend(found)

    def prepare() -> None:
        prove()
        if module.params["_note_unused"]:
            token_files.note_unused(locations[0])

    if module.params["_look"]:
        values["unused"] = token_files.is_unused(locations[0])
    if differing and not module.check_mode:
        token_files.replace(module, differing, prepare, done) if wanted else token_files.remove(differing, done)
    elif module.params["_prove_unchanged"] and not module.check_mode:
        prove()
    diff = delivery_file.diff(kept, wanted, [(target.held, target.wanted) for target in targets[1:]])
    staying = [target.location for target in targets if wanted and not target.differs]
    dressed = [token_files.attributes(module, location, diff) for location in staying]
    values["db_token_file"] = _held_in(module, locations, wanted)
    values["file_identity"] = file_identity(path)
    values["env_file_identity"] = file_identity(locations[1].path) if locations[1:] else None
    warnings += delivery_file.clock_warnings(path, wanted, interface.now()) if wanted else []
    return interface.Result(
        bool(differing) or any(dressed), values, before=diff["before"], after=diff["after"], warnings=warnings
    )


def _wanted_of(module: AnsibleModule, path: str, kept: secret_text.Secret | None) -> secret_text.Secret | None:
    """Return the token that the file shall hold, None for no file. Raises OptionError."""
    stated = delivery_file.stated_secret(module.params)
    if module.params["state"] == "absent":
        return None
    if module.check_mode and module.params["_look"] and stated["token"] is None and kept is None:
        return None
    return delivery_file.complete(path, stated, kept)


def _held_in(
    module: AnsibleModule, locations: Sequence[durable.Location], secret: secret_text.Secret | None
) -> dict[str, Any] | None:
    """Return the result's `db_token_file` for a file with this token, None for no file."""
    variable = {"env_path": locations[-1].path if locations[1:] else None, "env_name": module.params["env_name"]}
    return None if secret is None else {"path": locations[0].path, **delivery_file.public(secret), **variable}


def _trial_of(module: AnsibleModule, warnings: list[str]) -> data_proof.Trial | None:
    """Return how the token is to be tried, None where it isn't. Raises OptionError."""
    options = module.params["prove"]
    if options is None:
        return None
    module.no_log_values.update(login_in(options["host"]))  # refused in a moment, and Ansible shows the options
    trial = data_proof.trial_of(options)
    warnings += filter(None, [exposed(trial.base_url, "database token")])
    return trial
