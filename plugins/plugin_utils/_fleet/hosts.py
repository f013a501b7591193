# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The two steps at a host, look and apply, as data: whether it can be served, and what the modules' results show."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict
from typing import Any

from ...module_utils._core.stated import without_unset
from .kind import Holding, Kind
from .planning import Member
from .settling import Applied

_WISHES = ("expires_in", "renew_before", "max_age")
# The strategies of Ansible by which all hosts of a batch are at the same task.
_WAITING = ("linear", "debug", "mitogen_linear")


def stores(role: str) -> str:
    """Return the sentence for a shared token without a store, with half a one, or with two."""
    return (
        f"The strategy shared keeps its secret either in {role}_secret_file or with {role}_load_tasks and"
        f" {role}_save_tasks, which come together. Set one of the two."
    )


def why_refused(kind: Kind, settings: Mapping[str, Any], strategy: str, problems: Collection[str]) -> str:
    """Return why the role can't serve a host, by its variables and the strategy of the play; empty where it can."""
    if strategy.rsplit(".", 1)[-1] not in _WAITING:
        return (
            f"The role {kind.role} needs a strategy by which hosts wait for each other, such as linear, and not"
            f" {strategy}: one host asks the issuer for all, and a shared token is revoked for all."
        )
    if problems:
        return " ".join(problems)
    for name in ("description_prefix", "issuer"):
        # As a survey of AWX makes it of no answer. With such a prefix, every host would get another token.
        if settings.get(name) is not None and not settings[name].strip():
            return f"{kind.role}_{name} is empty. Leave it out, or say what it is."
    file, loads, saves = (settings.get(name) is not None for name in ("secret_file", "load_tasks", "save_tasks"))
    if loads != saves or (file and loads) or (settings["strategy"] == "shared" and not (file or loads)):
        return stores(kind.role)
    return kind.why_refused(settings)


def published(
    kind: Kind,
    host: str,
    settings: Mapping[str, Any],
    result: Mapping[str, Any],
    *,
    issuers: Collection[str],
    sharing: Any,
) -> dict[str, Any]:
    """Return the findings of the look at a host, for `steps.plan_batch`. They hold the secret of the connection.

    `result` is that of the kind's module in check mode. `issuers` are the hosts of the inventory. `sharing` is the
    pattern of the hosts that share a token.
    """
    is_shared = settings["strategy"] == "shared"
    prefix = settings["description_prefix"]
    held = kind.holding(settings, result) or Holding("", None)
    member = Member(
        host=host,
        issuer="",
        description=prefix if is_shared else f"{prefix} {host}",
        path=held.path,
        file_identity=result["file_identity"],
        entry=held.entry,
        second_path=held.second_path,
        second_identity=result.get("env_file_identity") or "",
        held=held.key,
        beside=held.beside,
        differs=result["changed"],
        wish={
            "force": settings["force"],
            **without_unset({name: settings.get(name) for name in _WISHES}),
            **kind.wish(settings),
        },
        proves=kind.proves(settings),
        unused=bool(result.get("unused")) and settings.get("changed_tasks") is not None,
    )
    way = {
        "issuer": settings["issuer"],
        "options": kind.way(settings),
        "is_in_inventory": settings["issuer"] in issuers,
    }
    return {
        "member": asdict(member),
        "way": way,
        "is_shared": is_shared,
        "sharing": sharing,
        # Where each host has a token of its own, a store that is left from another strategy has no part in it.
        "store": settings.get("secret_file") if is_shared else None,
        "is_loaded": is_shared and settings.get("load_tasks") is not None,
    }


def applied(
    kind: Kind,
    settings: Mapping[str, Any],
    result: Mapping[str, Any],
    seen: Mapping[str, Any] | None,
    answer: Mapping[str, Any],
    *,
    is_check: bool,
) -> Applied:
    """Return the outcome of the step `apply` at a host.

    `result` is that of the kind's module, which shows the file's token unless the file could not be written. In that
    case `seen` is the result of the kind's module that only looks. In check mode, each proof counts as passed.
    """
    held = kind.holding(settings, result) or (kind.holding(settings, seen) if seen else None)
    failure = str(result.get("msg") or f"The {kind.file} could not be written.") if result.get("failed") else ""
    if held is None:
        return Applied(failure=failure)
    return Applied(
        proved=is_check or result.get("proved") is True,
        is_seen=True,
        holds=answer["key"] if is_check else held.key,
        beside=held.beside,
        file_identity=result.get("file_identity", ""),
        second_identity=result.get("env_file_identity") or "",
        changed=bool(result.get("changed")),
        failure=failure,
        may_be_revoked=kind.may_be_revoked(result),
    )
