# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter fleet_rotation: what the role mgmt_token did on each host becomes one summary."""

from __future__ import annotations

DOCUMENTATION = r"""
name: fleet_rotation
short_description: Summarize a rotation of management tokens
version_added: 0.1.0
description:
  - Says for each host whether its token was renewed, and which old tokens still work and until when. The playbook
    C(influxops.influxdb3.rotate) uses it. It needs no secret.
author:
  - influxops contributors (@influxops)
positional: outcomes
notes:
  - It is private to this collection. Only its own roles and playbooks use it, and it may change in any release.
options:
  _input:
    description: The names of the hosts that the rotation was about.
    type: list
    elements: str
    required: true
  outcomes:
    description:
      - For each host that came to the end, by its name, the fact C(mgmt_token_outcome) that the role
        R(influxops.influxdb3.mgmt_token, ansible_collections.influxops.influxdb3.mgmt_token_role) leaves.
    type: dict
    required: true
  tokens:
    description:
      - The list C(mgmt_tokens) that M(influxops.influxdb3.mgmt_token_info) returns, which tells what the other hosts
        may hold. Without it, that isn't known.
    type: list
    elements: dict
  descriptions:
    description: For each host, by its name, the description of its tokens.
    type: dict
    default: {}
  begun:
    description:
      - The hosts that the run came to. The others, such as those that C(--limit) left out, are V(not asked). Without
        it, the run came to all.
    type: list
    elements: str
"""

EXAMPLES = r"""
- name: Show what became of each host
  influxops.influxdb3.fleet_report:
    lines: "{{ (['web1', 'web2'] | influxops.influxdb3.fleet_rotation(outcomes)).table }}"
  vars:
    outcomes:
      web1:
        outcome: renewed
        id: 0d4a2d1c-8f0a-4c57-9a3f-1c1c5f0a7f11
        expires_at: "2027-01-30T12:00:00Z"
        old: []
        revoked: []
"""

RETURN = r"""
_value:
  description: The summary.
  type: dict
  contains:
    rows:
      description:
        - One entry for each host, in natural order, with the keys C(host), C(outcome) (V(renewed), V(unchanged),
          V(would renew), V(not finished) or V(not asked)), C(token_id), C(expires_at) and C(old_tokens).
        - C(old_tokens) are the tokens that still work beside the one of C(token_id), each with C(id) and C(expires_at);
          null where they aren't known.
      type: list
      elements: dict
    table:
      description:
        - The lines of a table for a terminal, at most 120 columns wide; times in UTC. Many hosts at which nothing was
          to be done are named together.
      type: list
      elements: str
    stats:
      description:
        - The outcome for C(set_stats), the lists of hosts C(influxdb3_rotation_renewed),
          C(influxdb3_rotation_would_renew), C(influxdb3_rotation_not_finished) and C(influxdb3_rotation_not_asked), and
          the number C(influxdb3_rotation_unchanged).
      type: dict
"""

from typing import Any

from ansible_collections.influxops.influxdb3.plugins.plugin_utils._reports.rotation import rotation


def fleet_rotation(
    hosts: list[str],
    outcomes: dict[str, Any],
    tokens: list[dict[str, Any]] | None = None,
    descriptions: dict[str, str] | None = None,
    begun: list[str] | None = None,
) -> dict[str, Any]:
    """Return `rows`, `table` and `stats`, as `rotation` does."""
    return rotation(hosts, outcomes, tokens, descriptions or {}, begun)


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Any]:
        """Return the functions by name."""
        return {"fleet_rotation": fleet_rotation}
