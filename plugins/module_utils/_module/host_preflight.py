# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looks at what a host has for influxctl: its config file, and the program. Changes nothing."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from .._core import errors, regular_file
from .._influxctl import proof, trials
from .._influxctl.program import find_influxctl
from .._influxctl.runner import find_program
from .._influxctl.version import ask_version, version_text
from .._profile import config_file, profile_reader, toml_data
from .file_attributes import describe
from .profile_files import config_location, with_path_in_errors


def try_out(how: trials.Trials, path: str, profile: str | None, document: dict[str, Any]) -> dict[str, Any]:
    """Return `influxctl` (`path`, `version`, `failure`), and with a profile `proved` and perhaps `proof_failure`.

    With a profile, influxctl has to list the databases with it. Without one, or where that fails, influxctl has to say
    its version. `document` is the config's data, whose hidden texts no message may show. Raises nothing for an
    influxctl that doesn't work.
    """
    program: dict[str, Any] = {"path": find_influxctl(how.program, os.environ), "version": None, "failure": None}
    found: dict[str, Any] = {"influxctl": program}
    try:
        find_program(how.program)
        if profile is not None:
            try:
                proof.prove(how, path, profile, profile_reader.hidden_texts(document))
                return {**found, "proved": True}
            except trials.NotProved as error:
                found.update(proved=False, proof_failure=str(error))
        program["version"] = version_text(ask_version(how.program, how.timeout))
    except errors.InfluxctlError as error:
        program["failure"] = str(error)
    return found


def read_config(module: AnsibleModule) -> tuple[dict[str, Any], dict[str, Any] | None, str | None]:
    """Return the config's data, the profile that the options name (None without one), and why it can't be read."""
    try:
        with config_location(module) as where:
            path, text = where.path, config_file.read_at(where)
        document = with_path_in_errors(path, lambda: toml_data.load(text or ""))
        found = with_path_in_errors(path, lambda: profile_reader.profiles_of(document))
        index = with_path_in_errors(path, lambda: profile_reader.find_profile(found, module.params["name"]))
    except errors.ProfileError as error:
        return {}, None, str(error)
    return document, None if index is None else found[index], None


def tls_files(tls: Mapping[str, Any]) -> list[dict[str, str | None]]:
    """Return `key`, `path` and `problem` of each file that the key `tls` of a profile names (facts.md#profile-keys)."""
    return [
        {"key": key, "path": str(tls[key]), "problem": regular_file.problem_of(str(tls[key]))}
        for key in ("ca", "cert", "key")
        if tls.get(key)
    ]


def directory_of(path: str) -> dict[str, Any]:
    """Return `directory` and `directory_mode` (a text) of the nearest existing directory above a file."""
    directory = os.path.dirname(path)
    while not os.path.isdir(directory):
        directory = os.path.dirname(directory)
    return {"directory": directory, "directory_mode": describe(directory)["mode"]}
