# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looks at the Management API and at influxctl, and returns what they show, failures included. Sends reads only."""

from __future__ import annotations

import os
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from .._api.endpoints import ManagementApi
from .._api.observation import Observation, observe
from .._core import entities, errors
from .._core.connection import Connection
from .._core.durations import format_instant
from .._influxctl.influxctl import Influxctl
from .._influxctl.lists import Lists
from .._influxctl.program import find_influxctl
from .._influxctl.runner import find_program
from .._influxctl.version import ask_version, version_text
from .._tokens.mgmt_tokens import InfluxctlTokens
from .connect import connection_of
from .influxctl_access import Access, influxctl_access

# Seconds for `influxctl version`.
_VERSION_TIMEOUT = 10.0
Found = dict[str, Any]


def look_at_api(module: AnsibleModule) -> Found:
    """Return what one list of databases shows of the API, as the return value `api` of preflight_info.

    Raises nothing for an API that doesn't answer: `failure` and `problem` say why.
    """
    seen: list[Observation] = []
    connection: Connection | None = None
    form, error = None, None
    try:
        connection = connection_of(module)
        api = ManagementApi(connection, module.no_log_values.add, on_answer=lambda head: seen.append(observe(head)))
        try:
            api.list_databases()
        finally:
            form = api.url_form
    except errors.Influxdb3Error as problem:
        error = problem
    last = seen[-1] if seen else None
    is_plain = connection is None or not connection.base_url.startswith("https:")
    return {
        "url": connection.base_url if connection else None,
        "url_form": form,
        "is_checked": None if is_plain or connection is None else connection.verify is not False,
        "certificate_ends": format_instant(last.certificate_ends) if last and last.certificate_ends else None,
        "clock_skew": round((last.server_time - last.at).total_seconds()) if last and last.server_time else None,
        "failure": error.failure() if error else None,
        "problem": str(error) if error else None,
    }


def look_at_influxctl(module: AnsibleModule) -> Found:
    """Return `influxctl`, and where that runs `management` and `users`, as the return values of preflight_info."""
    program = module.params["influxctl_path"]
    found: Found = {"path": find_influxctl(program, os.environ), "version": None, "problem": None}
    try:
        find_program(program)
        found["version"] = version_text(ask_version(program, _VERSION_TIMEOUT))
    except errors.Influxdb3Error as error:
        return {"influxctl": {**found, "problem": str(error)}}
    try:
        with influxctl_access(module) as access:
            return {"influxctl": found, "management": _management(access), "users": _users(access)}
    except errors.Influxdb3Error as error:
        return {"influxctl": found, "management": {"problem": str(error), "own": []}}


def _management(access: Access) -> Found:
    tokens = InfluxctlTokens(Influxctl(access.client), access.own_token, allow_self_revoke=False)
    try:
        own = [entities.MGMT_TOKEN.to_result(token) for token in tokens.list() if tokens.is_own(token)]
    except errors.Influxdb3Error as error:
        return {"problem": str(error), "own": []}
    return {"problem": None, "own": own}


def _users(access: Access) -> Found:
    try:
        return {"number": len(Lists(access.client, access.product).users()), "problem": None}
    except errors.Influxdb3Error as error:
        return {"number": None, "problem": str(error)}
