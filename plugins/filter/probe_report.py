# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter probe_report: what the module probe has found out becomes lines for a terminal."""

from __future__ import annotations

DOCUMENTATION = r"""
name: probe_report
short_description: Show the report of a probe
version_added: 0.1.0
description:
  - Makes lines of what the module M(influxops.influxdb3.probe) has found out. What differs from what is documented or
    assumed stands first. At the end is what to do with it. The playbook C(influxops.influxdb3.probe) uses it.
author:
  - influxops contributors (@influxops)
notes:
  - It is private to this collection. Only its own roles and playbooks use it, and it may change in any release.
options:
  _input:
    description: The report, C(probe) of the module's result.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Show what the probe has found out
  influxops.influxdb3.fleet_report:
    lines: "{{ report | influxops.influxdb3.probe_report }}"
  vars:
    report:
      schema: 1
      product: clustered
      api: v0
      influxctl: 2.12.0
      answers:
        default_max_columns: 200
        error_body: json
      evidence:
        default_max_columns: The creation of a database without maxColumnsPerTable shows maxColumnsPerTable 200.
        error_body: A token that nobody has was answered 404, in the documented form.
      surprises:
        - default_max_columns
      leftovers: []
"""

RETURN = r"""
_value:
  description: The lines, at most 120 columns wide.
  type: list
  elements: str
"""

from typing import Any

from ansible_collections.influxops.influxdb3.plugins.plugin_utils._reports.probe import probe_lines


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Any]:
        """Return the functions by name."""
        return {"probe_report": probe_lines}
