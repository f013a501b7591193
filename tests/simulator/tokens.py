# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Operations 11 to 15 of facts.md#operations: database tokens."""

from __future__ import annotations

import uuid
from typing import Any

from simulator import wire
from simulator.core import ApiError, Core, grpc
from simulator.models import CreateToken, Permission, UpdateToken, rfc3339
from simulator.state import DbToken

Params = dict[str, str]
Answer = dict[str, Any]


def check_uuid(core: Core, text: str) -> None:
    """Raise ApiError for a text that is no UUID of any version, and note a violation.

    The constant IDs of Clustered are no UUIDs of version 4 (facts.md#url-forms).
    """
    try:
        well_formed = str(uuid.UUID(text)) == text.lower()
    except ValueError:
        well_formed = False
    if not well_formed:
        core.violations.append(f"{text!r} in a path is not a UUID")
        raise ApiError(400, f"bad request: {text} is not a UUID")


def _token(core: Core, operation: str, params: Params) -> DbToken:
    check_uuid(core, params["tokenId"])
    token = core.state.db_token(params["tokenId"].lower())
    if token is None:
        raise _missing(operation, params["tokenId"])
    return token


def _missing(operation: str, token_id: str) -> ApiError:
    return ApiError(404, grpc(operation, "NotFound", f"A token with the ID {token_id} does not exist"))


def _check_revoked(operation: str, token: DbToken, status: int) -> None:
    """Raise ApiError for a revoked token, unless `status` is one of success. `status` is the value of a switch."""
    if token.revoked_at is None or status < 300:
        return
    if status == 404:
        raise _missing(operation, token.id)
    raise ApiError(status, grpc(operation, "FailedPrecondition", "The token is revoked"))


def _permissions(core: Core, permissions: list[Permission]) -> list[dict[str, str]]:
    style = core.switches.permissions_echo
    if style == "normalized":
        permissions = sorted(set(permissions), key=lambda p: (p.action, p.resource))
    elif style == "reversed":
        permissions = permissions[::-1]
    elif style == "deduplicated":
        permissions = list(dict.fromkeys(permissions))
    return [p.model_dump() for p in permissions]


def list_tokens(core: Core, params: Params, body: None) -> list[Answer]:
    switches = core.switches
    tokens = [t for t in core.state.db_tokens if switches.revoked_listed or t.revoked_at is None]
    return [wire.db_token(t, switches) for t in tokens]


def create_token(core: Core, params: Params, body: CreateToken) -> Answer:
    expires_at = rfc3339(body.expires_at) if body.expires_at else None
    core.check_expiry("CreateDatabaseToken", expires_at)
    token = DbToken(body.description, _permissions(core, body.permissions), core.clock.now(), expires_at)
    core.keep(token)
    return {**wire.db_token(token, core.switches), "accessToken": token.secret}


def get_token(core: Core, params: Params, body: None) -> Answer:
    token = _token(core, "GetDatabaseToken", params)
    _check_revoked("GetDatabaseToken", token, core.switches.revoked_token_get)
    return wire.db_token(token, core.switches)


def update_token(core: Core, params: Params, body: UpdateToken) -> Answer:
    token = _token(core, "UpdateDatabaseToken", params)
    _check_revoked("UpdateDatabaseToken", token, core.switches.revoked_token_patch)
    if "description" in body.model_fields_set:
        token.description = body.description
    if "permissions" in body.model_fields_set:
        token.permissions = _permissions(core, body.permissions)
    return wire.db_token(token, core.switches)


def delete_token(core: Core, params: Params, body: None) -> None:
    token = _token(core, "DeleteDatabaseToken", params)
    _check_revoked("DeleteDatabaseToken", token, core.switches.revoked_token_delete)
    token.revoked_at = token.revoked_at or core.clock.now()
