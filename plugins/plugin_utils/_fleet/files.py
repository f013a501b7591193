# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Database tokens in private files, as a kind of the protocol. A token is known there by its ID."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ...module_utils._core.addresses import parse_host
from ...module_utils._core.stated import CLUSTERED, DEDICATED, stated_values, without_unset
from .kind import TO_BE_MADE, Holding, Kind, Result, Settings, is_held, secret_to_write

_BARE = (
    "db_token_load_tasks set db_token_loaded to something else than db_token_to_save was. It shall be that dictionary"
    " with its keys id and token, or its JSON: a secret alone doesn't tell whose it is."
)


def why_refused(settings: Settings) -> str:
    """Return a sentence about a variable that is missing or wrong, with what to do; empty where all are right."""
    if not settings.get("path"):
        return "db_token_path is missing. Name the private file that shall hold the host's token."
    if not settings.get("permissions"):
        return (
            "db_token_permissions is missing or empty, and a token without permissions can do nothing. State what it"
            " may do, for instance [{action: write, resource: metrics}]."
        )
    if bool(settings.get("env_path")) != bool(settings.get("env_name")):
        return (
            "db_token_env_path and db_token_env_name come together: the file, and the name of the variable that it"
            " shall hold. Set both, or none."
        )
    try:
        if _is_tried(settings) and not prove_host(settings):
            return (
                "db_token_prove_host is missing: db_token_connection doesn't say where the hosts reach the data plane."
                " Name it, or set db_token_prove_tasks to tasks of yours, or db_token_prove to false, with which no"
                " old token is revoked."
            )
    except ValueError as error:
        return f"db_token_connection: {error}."
    return ""


def _is_tried(settings: Settings) -> bool:
    """Return whether the module is to try the token itself."""
    return bool(settings["prove"]) and settings.get("prove_tasks") is None


def prove_host(settings: Settings) -> str | None:
    """Return where the hosts reach the data plane, None where nothing says it. Raises ValueError.

    Clustered has it at the host of the Management API, Cloud Dedicated at one that has the cluster's ID in its name
    (facts.md#queries).
    """
    reached = stated_values(settings["connection"])
    if settings.get("prove_host"):
        return str(settings["prove_host"])
    product = reached.get("product", CLUSTERED)
    if product == DEDICATED and "cluster_id" in reached:
        return f"https://{reached['cluster_id']}.a.influxdb.io"
    if product == DEDICATED or "host" not in reached:
        return None
    return parse_host(str(reached["host"]), int(reached["port"]) if "port" in reached else None)


def look_options(settings: Settings) -> dict[str, Any]:
    """Return the options with which the module foretells the changes of the files, apart from their token.

    Raises ValueError for a host in the connection that can't be one.
    """
    return {**_options(settings), "_look": True}


def _options(settings: Settings) -> dict[str, Any]:
    file = {name: settings.get(name) for name in ("path", "env_path", "env_name", "owner", "group", "mode")}
    return without_unset({**file, "prove": _prove(settings) if _is_tried(settings) else None})


def _prove(settings: Settings) -> dict[str, Any]:
    reached = settings["connection"]
    how = {
        "host": prove_host(settings),
        "database": settings.get("prove_database"),
        "permissions": settings["permissions"],
        "validate_certs": reached.get("validate_certs"),
        "ca_path": settings.get("prove_ca_path") or reached.get("ca_path"),
        "retries": settings["prove_retries"],
        "delay": settings["prove_delay"],
    }
    return without_unset(how)


def apply_options(
    settings: Settings, member: Mapping[str, Any], answer: Mapping[str, Any], secret: str | None, *, is_check: bool
) -> dict[str, Any]:
    """Return the options that give a host its token. A token that the host holds is not written once more.

    Raises ValueError where the secret that the host needs isn't there.
    """
    # A token that the host holds already is proved as well, so that the tokens may be revoked that it supersedes.
    options = {
        **_options(settings),
        "_prove_unchanged": True,
        "_note_unused": settings.get("changed_tasks") is not None,
    }
    if is_held(member, answer):
        return options
    token = {
        "token": secret_to_write(answer, secret, is_check=is_check),
        "id": answer["id"] or TO_BE_MADE,
        "description": member["description"],
        "created_at": answer["created_at"],
        "expires_at": answer["expires_at"],
    }
    return {**options, **without_unset(token)}


def holding(settings: Settings, result: Result) -> Holding | None:
    """Return the token in the file by a result of db_token_file or db_token_file_info, None where it isn't known."""
    if "db_token_file" not in result or (result.get("failed") and result.get("proved") is not False):
        return None
    file = result["db_token_file"] or {}
    env_path = file.get("env_path") or settings.get("env_path") or ""
    return Holding(file.get("path") or str(settings["path"]), file.get("id"), second_path=str(env_path))


def may_be_revoked(result: Result) -> bool:
    """Return whether a proof has failed because the token was refused, as one is that another run has revoked."""
    return result.get("proved") is False and (result.get("failure") or {}).get("status") in (401, 403)


def loaded_token(loaded: Any) -> dict[str, Any]:
    """Return the token that the user's store has given back, empty for nothing. Raises ValueError for anything else."""
    found = loaded
    if isinstance(loaded, str) and loaded.strip():
        try:
            found = json.loads(loaded)
        except ValueError:
            raise ValueError(_BARE) from None
    if not found or (isinstance(found, str) and not found.strip()):
        return {}
    if not isinstance(found, Mapping) or not all(isinstance(found.get(key), str) for key in ("id", "token")):
        raise ValueError(_BARE)
    return dict(found)


def _way(settings: Settings) -> dict[str, Any]:
    return {**without_unset(settings["connection"]), "_refuse_unknown": True}


KIND = Kind(
    role="db_token",
    key="id",
    held="held_id",
    secret="access_token",
    file="file",
    module="influxops.influxdb3.db_token_file",
    info="influxops.influxdb3.db_token_file_info",
    sharing="db_token_fleet",
    size="db_token_fleet_size",
    ships=False,
    why_refused=why_refused,
    proves=lambda settings: bool(settings["prove"] or settings.get("prove_tasks")),
    look_options=look_options,
    apply_options=apply_options,
    holding=holding,
    may_be_revoked=may_be_revoked,
    way=_way,
    wish=lambda settings: {"permissions": settings["permissions"]},
    key_of=lambda loaded: str(loaded_token(loaded).get("id", "")),
    secret_of=lambda loaded: str(loaded_token(loaded)["token"]),
)
