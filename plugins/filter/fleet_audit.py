# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter fleet_audit: what hosts hold, and what the cluster lists, become one report."""

from __future__ import annotations

DOCUMENTATION = r"""
name: fleet_audit
short_description: Report which host holds which token
version_added: 0.1.0
description:
  - Matches the profiles that were found on hosts with the management tokens that the cluster lists, and the files that
    were found with its database tokens. The playbook C(influxops.influxdb3.audit) uses it. It needs no secret.
author:
  - influxops contributors (@influxops)
positional: tokens
notes:
  - It is private to this collection. Only its own roles and playbooks use it, and it may change in any release.
options:
  _input:
    description:
      - For each host, by its name, what M(influxops.influxdb3.influxctl_profile_info) returned there, also when it
        failed; null for a host that was not asked.
      - For a host that shall have a file with a database token, the key C(held_file) has what
        M(influxops.influxdb3.db_token_file_info) returned there, also when it failed; empty for no answer.
    type: dict
    required: true
  tokens:
    description:
      - The list C(mgmt_tokens) that M(influxops.influxdb3.mgmt_token_info) returns with C(include_revoked=true).
    type: list
    elements: dict
    required: true
  now:
    description: The time of the report, in RFC 3339, such as C(2026-11-24T12:00:00Z).
    type: str
    required: true
  expiring_within:
    description:
      - Tokens that end within this time are in the state V(expiring). A number needs a unit, such as V(14d).
    type: str
    default: 14d
  db_tokens:
    description:
      - The list C(db_tokens) that M(influxops.influxdb3.db_token_info) returns with C(include_revoked=true). Without
        it, the report is about management tokens only.
    type: list
    elements: dict
  stored:
    description:
      - What M(influxops.influxdb3.db_token_file_info) returned on the controller for a directory of such files, also
        when it failed.
    type: dict
  beyond:
    description:
      - The other hosts of the inventory, about which the report isn't, in the form of the input. They have no rows.
        What one of them holds, or may hold by its name, is no orphan.
    type: dict
seealso:
  - plugin: influxops.influxdb3.fleet_audit_files
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Show who holds what
  influxops.influxdb3.fleet_report:
    lines: "{{ (holdings | influxops.influxdb3.fleet_audit(tokens, now='2026-11-24T12:00:00Z')).table }}"
  vars:
    holdings:
      web1:
        profiles:
          - name: default
            mgmt_token_prefix: M.V1.a1b2
        file:
          mode: "0600"
      web2:
        unreachable: true
        msg: Connection timed out
    tokens:
      - id: 0d4a2d1c-8f0a-4c57-9a3f-1c1c5f0a7f11
        description: influxctl web1
        token_prefix: M.V1.a1b2
        created_at: "2026-11-01T12:00:00Z"
        expires_at: "2027-01-30T12:00:00Z"
        revoked_at: null
"""

RETURN = r"""
_value:
  description: The report.
  type: dict
  contains:
    rows:
      description:
        - One entry for each profile of each host, and one for a host without any; one for each file of a host with a
          database token; sorted by host. Then one for each file of the controller, with the host C(localhost).
        - With the keys C(kind) (V(management) or V(database)), C(host), C(profile), C(held_in) (the file), C(token_id),
          C(description), C(created_at), C(expires_at), C(state) (V(ok), V(expiring), V(expired), V(revoked),
          V(unknown), V(unreadable) or V(none)), C(note), C(shared_with) and C(world_readable).
        - V(unreadable) is a profile of a file that influxctl refuses for a key in it, whatever its token is.
      type: list
      elements: dict
    orphans:
      description:
        - The active tokens that no host holds, nor the issuer. Empty as well when not all hosts were asked, because
          then they aren't known; see C(not_asked).
      type: list
      elements: dict
    others:
      description:
        - The active tokens that are neither in C(rows) nor in C(orphans), each with a C(note). The issuer holds its
          own, and a host that was not asked, gave no answer or is beyond the report may hold another one.
      type: list
      elements: dict
    ending:
      description:
        - Those of C(rows), C(orphans) and C(others) whose active token ends within the time, the soonest first.
      type: list
      elements: dict
    audited_at:
      description: The time of the report.
      type: str
    not_asked:
      description: The hosts that were not asked, sorted.
      type: list
      elements: str
    silent:
      description: The hosts that were asked and gave no answer, sorted. Tokens with their names are no orphans.
      type: list
      elements: str
    findings:
      description:
        - What is not in order, by its kind, which is a C(state), V(world_readable), V(shared) or V(orphan). Each kind
          has the list of what it applies to.
      type: dict
    table:
      description:
        - The lines of a table for a terminal, at most 120 columns wide, with remarks below; hosts in natural order,
          times in UTC. Whatever steers a terminal is escaped.
      type: list
      elements: str
    stats:
      description:
        - The findings for C(set_stats), without a text that a host or a token's maker has chosen. For each kind of
          C(findings) a list, such as C(influxdb3_audit_expired), of hosts, or of token IDs in
          C(influxdb3_audit_orphan).
        - C(influxdb3_audit_ok) is the number of rows in order, C(influxdb3_audit_not_asked) the list of the hosts
          that were not asked, and C(influxdb3_audit_soonest_end) a list with the time at which the first of all active
          tokens ends, empty where none of them ends.
      type: dict
    csv:
      description:
        - The rows as CSV, after them a row for each host that was not asked, without a state, and then C(orphans) and
          C(others), which have no host. A text that begins as a formula of a
          spreadsheet does, with V(=), V(+), V(-) or V(@), has an apostrophe before it, also after a semicolon.
        - Line breaks, and whatever else steers a terminal, are escaped, for instance as V(\x1b).
      type: str
"""

from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.influxops.influxdb3.plugins.module_utils._core.durations import parse_instant
from ansible_collections.influxops.influxdb3.plugins.plugin_utils._reports.audit import Databases, audit


def fleet_audit(
    holdings: dict[str, Any],
    tokens: list[dict[str, Any]],
    now: str,
    expiring_within: str = "14d",
    db_tokens: list[dict[str, Any]] | None = None,
    stored: dict[str, Any] | None = None,
    beyond: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the report of `audit`. `now` is in RFC 3339. Raises AnsibleFilterError for a time that can't be read."""
    databases = None if db_tokens is None else Databases(db_tokens, stored)
    try:
        return audit(holdings, tokens, parse_instant(now), expiring_within, databases, beyond)
    except ValueError as error:
        raise AnsibleFilterError(f"fleet_audit: {error}") from error


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Any]:
        """Return the functions by name."""
        return {"fleet_audit": fleet_audit}
