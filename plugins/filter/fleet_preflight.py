# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter fleet_preflight: what was seen on the controller, the issuer and the hosts becomes one report."""

from __future__ import annotations

DOCUMENTATION = r"""
name: fleet_preflight
short_description: Report what would go wrong with a cluster and a fleet
version_added: 0.1.0
description:
  - Turns what M(influxops.influxdb3.preflight_info) and M(influxops.influxdb3.preflight_host_info) have found into
    checks, each in order or with what to do. The playbook C(influxops.influxdb3.preflight) uses it. It needs no secret.
  - It is private to this collection. Only its own roles and playbooks use it, and it may change in any release.
author:
  - influxops contributors (@influxops)
options:
  _input:
    description:
      - For each host, by its name, what M(influxops.influxdb3.preflight_host_info) returned there, also when it could
        not run; null for a host that was not asked.
    type: dict
    required: true
  controller:
    description: What M(influxops.influxdb3.preflight_info) returned on the controller.
    type: dict
  issuer:
    description: What M(influxops.influxdb3.preflight_info) returned on the host that issues management tokens.
    type: dict
  issuer_name:
    description: The name of that host.
    type: str
    default: localhost
  problems:
    description:
      - A sentence for each variable that has to be put right, as the filter
        P(influxops.influxdb3.role_variables#filter) returns them.
    type: list
    elements: str
    default: []
  spans:
    description:
      - The variables of the role mgmt_token that state a span of time, by their names, each with its value or null.
        They say whether new tokens end, and whether a renewal is stated.
    type: dict
    default: {}
  has_requests:
    description: Whether the controller has something to ask the Management API for.
    type: bool
    default: true
  now:
    description: The time of the report, in RFC 3339, such as C(2026-11-24T12:00:00Z).
    type: str
    required: true
  expiring_within:
    description:
      - A certificate or a token that ends within this time is a problem. A number needs a unit, such as V(14d).
    type: str
    default: 14d
  fail_on:
    description:
      - The checks whose problems are in C(failing). A text may name several, parted by commas.
    type: list
    elements: str
    default: [all]
    choices:
      - all
      - variables
      - renewal
      - reach
      - python
      - library
      - api
      - certificate
      - clock
      - influxctl
      - token
      - expiry
      - user
      - file
      - keys
      - proof
  file:
    description: Where the report is to be written, for C(files).
    type: str
"""

EXAMPLES = r"""
- name: Show what would go wrong
  influxops.influxdb3.fleet_report:
    lines: "{{ (hosts | influxops.influxdb3.fleet_preflight(now='2026-11-24T12:00:00Z')).table }}"
  vars:
    hosts:
      web1:
        unreachable: true
        msg: Connection timed out
      web2:
"""

RETURN = r"""
_value:
  description: The report.
  type: dict
  contains:
    rows:
      description:
        - One entry for each check at each place, with the keys C(check), C(where) (V(controller), the issuer or a
          host), C(state) (V(ok), V(problem) or V(not checked)), C(found), and C(remedy), which is null but for a
          problem.
      type: list
      elements: dict
    not_asked:
      description: The hosts that were not asked, sorted.
      type: list
      elements: str
    findings:
      description: The checks that have found a problem, each with the list of places.
      type: dict
    failing:
      description: Those of the checks of C(fail_on).
      type: dict
    table:
      description:
        - The lines of a table for a terminal, at most 120 columns wide, what to do below each problem. What is no
          problem and is the same in several places takes one line. Whatever steers a terminal is escaped.
      type: list
      elements: str
    brief:
      description: The same with the problems only.
      type: list
      elements: str
    files:
      description:
        - The file that M(influxops.influxdb3.fleet_report) writes, a list of one; empty without O(file). It holds
          C(rows), C(findings) and C(not_asked) as JSON.
      type: list
      elements: dict
    stats:
      description:
        - The problems for C(set_stats). For each check a list of places, such as C(influxdb3_preflight_proof).
          C(influxdb3_preflight_ok) is the number of checks in order.
      type: dict
"""

from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.influxops.influxdb3.plugins.module_utils._core.durations import parse_instant
from ansible_collections.influxops.influxdb3.plugins.plugin_utils._reports.preflight import Plans, preflight
from ansible_collections.influxops.influxdb3.plugins.plugin_utils._variables.checking import doubts


def fleet_preflight(
    hosts: dict[str, Any],
    controller: dict[str, Any] | None = None,
    issuer: dict[str, Any] | None = None,
    issuer_name: str = "localhost",
    problems: list[str] | None = None,
    spans: dict[str, Any] | None = None,
    has_requests: bool = True,
    now: str = "",
    expiring_within: str = "14d",
    fail_on: str | list[str] = "all",
    file: str | None = None,
) -> dict[str, Any]:
    """Return the report of `preflight`. `now` is in RFC 3339.

    Raises AnsibleFilterError for a time that can't be read, and for the name of a check that doesn't exist.
    """
    expires = (spans or {}).get("mgmt_token_expires_in") not in (None, "")
    plans = Plans(problems or [], doubts("mgmt_token", spans or {}), expires, has_requests)
    try:
        return preflight(
            controller, issuer, hosts, plans, issuer_name, parse_instant(now), expiring_within, fail_on, file
        )
    except ValueError as error:
        raise AnsibleFilterError(f"fleet_preflight: {error}") from error


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Any]:
        """Return the functions by name."""
        return {"fleet_preflight": fleet_preflight}
