# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter fleet_audit_files: an audit becomes files, in the forms that the endings of their names say."""

from __future__ import annotations

DOCUMENTATION = r"""
name: fleet_audit_files
short_description: Make files of the report of an audit
version_added: 0.1.0
description:
  - Returns what M(influxops.influxdb3.fleet_report) is to write into files. The ending of a name says what it is.
  - C(.json) is the report itself, but for what is there for a terminal.
  - C(.csv) is a table for a spreadsheet, in which nothing is a formula.
  - C(.html) is a page that loads nothing from anywhere, with a table that can be sorted, coloured by the days that are
    left.
  - C(.prom) is a textfile for the node exporter of Prometheus, with the metric
    C(influxdb3_token_expiry_timestamp_seconds). It has C(+Inf) for a token that never ends, and C(NaN) where no token
    is known.
author:
  - influxops contributors (@influxops)
positional: report
notes:
  - It is private to this collection. Only its own roles and playbooks use it, and it may change in any release.
options:
  _input:
    description: The paths of the files, as a list or as one text in which commas part them.
    type: list
    elements: str
    required: true
  report:
    description: What P(influxops.influxdb3.fleet_audit#filter) returned.
    type: dict
    required: true
seealso:
  - plugin: influxops.influxdb3.fleet_audit
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Write the report for the browser and for Prometheus
  influxops.influxdb3.fleet_report:
    lines: []
    files: "{{ ['tokens.html', 'tokens.prom'] | influxops.influxdb3.fleet_audit_files(report) }}"
  vars:
    report: "{{ {'web1': {'profiles': []}} | influxops.influxdb3.fleet_audit([], now='2026-11-24T12:00:00Z') }}"
"""

RETURN = r"""
_value:
  description:
    - For each file the keys C(path), C(content) and C(mode). A C(.prom) file is for everybody to read, others are
      private.
  type: list
  elements: dict
"""

from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.influxops.influxdb3.plugins.plugin_utils._reports.report_files import report_file, stated_paths


def fleet_audit_files(paths: list[str] | str, report: dict[str, Any]) -> list[dict[str, str]]:
    """Return `path`, `content` and `mode` of each file. Raises AnsibleFilterError for an ending that says no form."""
    try:
        return [report_file(path, report) for path in stated_paths(paths)]
    except ValueError as error:
        raise AnsibleFilterError(f"fleet_audit_files: {error}") from error


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Any]:
        """Return the functions by name."""
        return {"fleet_audit_files": fleet_audit_files}
