# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The two steps at a host, as data: the options of the module influxctl_profile, and what its result says.

`settings` are the role's variables without the prefix `mgmt_token_`, as its specification types them; a variable that
isn't stated is None.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict
from typing import Any

from ...module_utils._core.connection import without_unset
from .planning import Member
from .profile_defaults import complete_profile
from .settling import Applied

_WISHES = ("expires_in", "renew_before", "max_age")
# The code of a proof that fails for the token, or for anything else but a program that isn't there.
NOT_PROVED = "not_proved"
STORES = (
    "The strategy shared keeps its secret either in mgmt_token_secret_file or with mgmt_token_load_tasks and"
    " mgmt_token_save_tasks, which come together. Set one of the two."
)
# The strategies of Ansible by which all hosts of a batch are at the same task.
_WAITING = ("linear", "debug", "mitogen_linear")


def why_refused(settings: Mapping[str, Any], strategy: str, problems: Collection[str]) -> str:
    """Return why the role can't serve a host, by its variables and the strategy of the play; empty where it can."""
    if strategy.rsplit(".", 1)[-1] not in _WAITING:
        return (
            f"The role mgmt_token needs a strategy by which hosts wait for each other, such as linear, and not"
            f" {strategy}: one host asks the issuer for all, and a shared token is revoked for all."
        )
    if problems:
        return " ".join(problems)
    file, loads, saves = (settings.get(name) is not None for name in ("secret_file", "load_tasks", "save_tasks"))
    if loads != saves or (file and loads) or (settings["strategy"] == "shared" and not (file or loads)):
        return STORES
    return ""


def look_options(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options that foretell how the profile has to be changed, apart from its token.

    Raises ValueError for a host in the connection that no profile can hold.
    """
    profile = complete_profile(without_unset(settings["profile"]), without_unset(settings["connection"]))
    return without_unset({"name": "default", **profile, "path": settings.get("profile_path"), "exclusive_auth": True})


def apply_options(
    settings: Mapping[str, Any], answer: Mapping[str, Any], held: str | None, secret: str | None, *, is_check: bool
) -> dict[str, Any]:
    """Return the options that give a host its token. A token that the host holds is not written once more.

    Raises ValueError where the secret that the host needs isn't there.
    """
    options = look_options(settings)
    if answer["key"] != held or answer["is_new"]:
        # In check mode there is no new secret yet; anything that differs from the old one foretells the change.
        secret = secret or ("to-be-made" if is_check and answer["is_new"] else None)
        if not secret:
            raise ValueError(f"Nobody has the secret of the token {answer['id']}.")
        options["mgmt_token"] = secret
    if settings["prove"]:
        # What the host holds already is proved as well, so that what it supersedes may go.
        options["_prove_unchanged"] = True
        options["prove"] = {
            "influxctl_path": settings["influxctl_path"],
            "retries": settings["prove_retries"],
            "delay": settings["prove_delay"],
        }
    return options


def published(
    host: str, settings: Mapping[str, Any], result: Mapping[str, Any], *, issuers: Collection[str]
) -> dict[str, Any]:
    """Return what the look at a host found, for `steps.plan_batch`. It holds the secret of the connection.

    `issuers` are the hosts of the inventory.
    """
    is_shared = settings["strategy"] == "shared"
    prefix = settings["description_prefix"]
    member = Member(
        host=host,
        issuer="",
        description=prefix if is_shared else f"{prefix} {host}",
        path=result["path"],
        file_identity=result["file_identity"],
        held=(result["profile"] or {}).get("mgmt_token_prefix"),
        beside=tuple(result["other_mgmt_token_prefixes"]),
        differs=result["changed"],
        wish={"force": settings["force"], **without_unset({name: settings.get(name) for name in _WISHES})},
        proves=settings["prove"],
    )
    options = {
        **without_unset(settings["connection"]),
        **without_unset({"config_path": settings.get("issuer_config_path"), "profile": settings.get("issuer_profile")}),
    }
    way = {
        "issuer": settings["issuer"],
        "influxctl_path": settings["issuer_influxctl_path"],
        "options": options,
        "is_in_inventory": settings["issuer"] in issuers,
    }
    return {
        "member": asdict(member),
        "way": way,
        "is_shared": is_shared,
        "store": settings.get("secret_file"),
        "is_loaded": settings.get("load_tasks") is not None,
    }


def applied(
    result: Mapping[str, Any], seen: Mapping[str, Any] | None, answer: Mapping[str, Any], name: str, *, is_check: bool
) -> Applied:
    """Return what came of the step at a host.

    `result` is influxctl_profile's, which says what the file holds unless it could not be written; then `seen` is
    influxctl_profile_info's. `name` is the profile's. In check mode everything is taken to succeed.
    """
    if "profile" in result:
        holds = (result["profile"] or {}).get("mgmt_token_prefix")
        beside = tuple(result["other_mgmt_token_prefixes"])
    elif seen and "profiles" in seen:
        prefixes = {profile["name"]: profile["mgmt_token_prefix"] for profile in seen["profiles"]}
        holds = prefixes.pop(name, None)
        beside = tuple(filter(None, prefixes.values()))
    else:
        return Applied(failure=_failure(result))
    return Applied(
        proved=is_check or result.get("proved") is True,
        is_seen=True,
        holds=answer["key"] if is_check else holds,
        beside=beside,
        file_identity=result.get("file_identity", ""),
        changed=bool(result.get("changed")),
        failure=_failure(result),
        may_be_revoked=(result.get("failure") or {}).get("code") == NOT_PROVED,
    )


def _failure(result: Mapping[str, Any]) -> str:
    return str(result.get("msg") or "The profile could not be written.") if result.get("failed") else ""
