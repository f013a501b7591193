# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Management tokens in influxctl's profiles, as a kind of the protocol. A token is known there by its public prefix."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...module_utils._core import printing
from ...module_utils._core.stated import without_unset
from .kind import Holding, Kind, Result, Settings, is_held, secret_to_write
from .profile_defaults import complete_profile

# The code of every failed proof but that of a program that can't be run.
NOT_PROVED = "not_proved"


def look_options(settings: Settings) -> dict[str, Any]:
    """Return the options with which the module foretells the changes of the profile, apart from its token.

    Raises ValueError for a host in the connection that no profile can hold.
    """
    profile = complete_profile(without_unset(settings["profile"]), without_unset(settings["connection"]))
    return without_unset({"name": "default", **profile, "path": settings.get("profile_path"), "exclusive_auth": True})


def apply_options(
    settings: Settings, member: Mapping[str, Any], answer: Mapping[str, Any], secret: str | None, *, is_check: bool
) -> dict[str, Any]:
    """Return the options that give a host its token. A token that the host holds is not written once more.

    Raises ValueError where the secret that the host needs isn't there.
    """
    options = look_options(settings)
    if not is_held(member, answer):
        options["mgmt_token"] = secret_to_write(answer, secret, is_check=is_check)
    if settings["prove"]:
        # A token that the host holds already is proved as well, so that the tokens may be revoked that it supersedes.
        options["_prove_unchanged"] = True
        options["prove"] = {
            "influxctl_path": settings["influxctl_path"],
            "retries": settings["prove_retries"],
            "delay": settings["prove_delay"],
        }
    return options


def holding(settings: Settings, result: Result) -> Holding | None:
    """Return the tokens in the file by a result of influxctl_profile or its info module, None where none shows them."""
    name = look_options(settings)["name"]
    if "profile" in result:
        held = (result["profile"] or {}).get("mgmt_token_prefix")
        return Holding(result["path"], held, tuple(result["other_mgmt_token_prefixes"]), name)
    if "profiles" in result:
        prefixes = {profile["name"]: profile["mgmt_token_prefix"] for profile in result["profiles"]}
        held = prefixes.pop(name, None)
        return Holding(result["file"]["path"], held, tuple(filter(None, prefixes.values())), name)
    return None


def way(settings: Settings) -> dict[str, Any]:
    """Return the options of mgmt_token by which the issuer's influxctl reaches the cluster."""
    profile = {"config_path": settings.get("issuer_config_path"), "profile": settings.get("issuer_profile")}
    return {
        **without_unset(settings["connection"]),
        **without_unset(profile),
        "influxctl_path": settings["issuer_influxctl_path"],
    }


KIND = Kind(
    role="mgmt_token",
    key="token_prefix",
    held="held_prefix",
    secret="token",
    file="profile",
    module="influxops.influxdb3.influxctl_profile",
    info="influxops.influxdb3.influxctl_profile_info",
    sharing="mgmt_token_group",
    size="mgmt_token_group_size",
    ships=True,
    why_refused=lambda settings: "",
    proves=lambda settings: bool(settings["prove"]),
    look_options=look_options,
    apply_options=apply_options,
    holding=holding,
    may_be_revoked=lambda result: (result.get("failure") or {}).get("code") == NOT_PROVED,
    way=way,
    wish=lambda settings: {},
    # The store gives the secret itself back.
    key_of=lambda loaded: str(loaded or "")[: printing.PREFIX_LENGTH],
    secret_of=str,
)
