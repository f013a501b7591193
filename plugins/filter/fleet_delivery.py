# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter fleet_delivery: what is due on a host that a management token is brought to."""

from __future__ import annotations

DOCUMENTATION = r"""
name: fleet_delivery
short_description: Say what is due on a host that a management token is brought to
version_added: 0.1.0
description:
  - Says once, before anything is done, whether the host's profile is to be written, whether it is to be proved, and
    how. The role R(influxops.influxdb3.mgmt_token, ansible_collections.influxops.influxdb3.mgmt_token_role) uses it. It
    needs no secret.
author:
  - influxops contributors (@influxops)
positional: found
options:
  _input:
    description: The host's entry of RV(influxops.influxdb3.mgmt_token#module:mgmt_tokens).
    type: dict
    required: true
  found:
    description:
      - What M(influxops.influxdb3.influxctl_profile) returned in check mode, with its diff, for the profile as it is
        stated without a token.
    type: dict
    required: true
  prove:
    description: Whether profiles are proved.
    type: bool
    required: true
  program:
    description: The influxctl program on the host, a path or a name that is looked for.
    type: str
    required: true
  profile:
    description: The profile's name.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Decide what is due
  ansible.builtin.set_fact:
    due: "{{ token | influxops.influxdb3.fleet_delivery(found, prove=true, program='influxctl', profile='default') }}"
  vars:
    token:
      changed: false
      token_prefix: M.V1.a1b2
      superseded: []
    found:
      path: /home/ops/.config/influxctl/config.toml
      profile:
        mgmt_token_prefix: M.V1.a1b2
      diff:
        before: {}
        after: {}
"""

RETURN = r"""
_value:
  description: What is due.
  type: dict
  contains:
    write:
      description: Whether the profile is to be written.
      type: bool
    prove:
      description:
        - Whether it is to be proved. It is when it is written, when an old token may be revoked for it, and when an
          earlier run has written it and not proved it.
      type: bool
    command:
      description: The command that proves it. Its exit code is 127 where there is no such program.
      type: list
      elements: str
"""

from typing import Any

from ansible_collections.influxops.influxdb3.plugins.plugin_utils.delivery import delivery, proof


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Any]:
        """Return them by name."""
        return {"fleet_delivery": fleet_delivery}


def fleet_delivery(
    mine: dict[str, Any], found: dict[str, Any], *, prove: bool, program: str, profile: str
) -> dict[str, Any]:
    """Return what is due, and the command of the proof."""
    return {**delivery(mine, found, prove=prove), "command": proof(program, str(found["path"]), profile)}
