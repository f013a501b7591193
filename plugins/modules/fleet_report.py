#!/usr/bin/python
# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documentation of the action fleet_report, which runs on the controller."""

from __future__ import annotations

DOCUMENTATION = r"""
module: fleet_report
short_description: Print the lines of a report, and write its files
version_added: 0.1.0
description:
  - Prints lines as they are, whatever the settings of the callback say about results (C(display_ok_hosts),
    C(result_format)) and whatever runs the playbook. The playbooks of this collection print their reports with it.
  - With a callback that prints JSON, the lines go to the standard error, so that the JSON stays readable; they are in
    the result as well.
  - Whatever steers a terminal is escaped, for instance as V(\\x1b). Nothing in the lines is taken for a template.
author:
  - influxops contributors (@influxops)
notes:
  - It is private to this collection. Only its own roles and playbooks use it, and it may change in any release.
options:
  lines:
    description: The lines. An empty list prints nothing.
    type: list
    elements: str
    required: true
  stats:
    description:
      - Values for AWX and whatever else reads the statistics of a run, as C(ansible.builtin.set_stats) sets them. Lists
        and numbers of several tasks of a run are added to each other.
    type: dict
    default: {}
  files:
    description:
      - Files to write on the controller. A file is written beside the old one and put in its place as a whole, so that
        who reads it at the same time reads the old one or the new one. One that is so already is left.
    type: list
    elements: dict
    default: []
    suboptions:
      path:
        description:
          - Where to. The directory has to be there. A path that is relative begins where C(ansible-playbook) was
            started.
        type: str
        required: true
      content:
        description: The text.
        type: str
        required: true
      mode:
        description: The permissions in octal digits.
        type: str
        default: "0600"
extends_documentation_fragment:
  - influxops.influxdb3.attributes
  - influxops.influxdb3.attributes.info
seealso:
  - plugin: influxops.influxdb3.fleet_audit
    plugin_type: filter
  - plugin: influxops.influxdb3.fleet_audit_files
    plugin_type: filter
  - plugin: influxops.influxdb3.fleet_rotation
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Show what became of the hosts
  influxops.influxdb3.fleet_report:
    lines: "{{ summary.table }}"
    stats: "{{ summary.stats }}"
  vars:
    summary: "{{ ['web1', 'web2'] | influxops.influxdb3.fleet_rotation({}) }}"
"""

RETURN = r"""
lines:
  description: The lines that were printed.
  returned: success
  type: list
  elements: str
"""
