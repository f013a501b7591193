# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps that are due on a host for its token. Pure functions; no secret gets here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..module_utils._influxctl.program import DIRECTORIES

# The shell knows the host's PATH, which sudo may have cut short. It becomes influxctl, so that a signal reaches that.
_SCRIPT = 'PATH="${PATH:+$PATH:}' + ":".join(DIRECTORIES) + '"; export PATH; exec "$0" "$@"'


def delivery(mine: Mapping[str, Any], found: Mapping[str, Any], *, prove: bool) -> dict[str, bool]:
    """Return the steps that are due on a host: `write`, its profile is to be written; `prove`, it is to be proved.

    `mine` is the host's entry of mgmt_token's `mgmt_tokens`, `found` what influxctl_profile foretold of the profile as
    it is stated without a token. A profile is proved when it is written, when an old token may be revoked for it, and
    when an earlier run has written and not proved it.
    """
    profile = found.get("profile") or {}
    diff = found.get("diff") or {}
    write = (
        bool(mine["changed"])
        or diff.get("before") != diff.get("after")
        or mine["token_prefix"] != profile.get("mgmt_token_prefix")
    )
    return {"write": write, "prove": prove and (write or bool(mine["superseded"]) or bool(found.get("unproved")))}


def proof(program: str, config: str, profile: str) -> list[str]:
    """Return the command that proves a profile: influxctl can log in with it.

    `program` is looked for where the modules look for it (`influxctl_program`). The exit code is 127 without it.
    """
    return ["/bin/sh", "-c", _SCRIPT, program, "--config", config, "--profile", profile, "database", "list"]
