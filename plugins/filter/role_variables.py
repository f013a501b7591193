# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter role_variables: finds the faults of the variables that are stated for a role of this collection."""

from __future__ import annotations

DOCUMENTATION = r"""
name: role_variables
short_description: Say what is wrong with the variables of a role of this collection
version_added: 0.1.0
description:
  - Finds variables that are nearly spelt like one of the role's, and so would be ignored, spans of time that can't be
    read, and files whose ending doesn't say what to write. All other variables are left alone, whatever they begin
    with. The roles of this collection use it.
  - Warns of C(expires_in) without C(renew_before) and C(max_age).
author:
  - influxops contributors (@influxops)
positional: role
notes:
  - It is private to this collection. Only its own roles and playbooks use it, and it may change in any release.
options:
  _input:
    description: The names of the variables that are set.
    type: list
    elements: str
    required: true
  role:
    description: The role's name, without the collection's.
    type: str
    required: true
  spans:
    description: The role's variables that state a span of time, by their names, each with its value or null.
    type: dict
    default: {}
  reports:
    description:
      - The role's variables that name the files of a report, by their names, each with its value or null. The endings
        that a name may have are those of P(influxops.influxdb3.fleet_audit_files#filter).
    type: dict
    default: {}
"""

EXAMPLES = r"""
- name: Refuse what can't work
  ansible.builtin.assert:
    that: problems == []
    fail_msg: "{{ problems | join(' ') }}"
  vars:
    problems: >-
      {{ query('ansible.builtin.varnames', '^cluster_') | influxops.influxdb3.role_variables('cluster') }}
"""

RETURN = r"""
_value:
  description: A sentence for each variable that has to be put right.
  type: list
  elements: str
"""

from typing import Any

from ansible.utils.display import Display

from ansible_collections.influxops.influxdb3.plugins.plugin_utils._variables.checking import complaints, doubts


def role_variables(
    stated: list[str], role: str, spans: dict[str, Any] | None = None, reports: dict[str, Any] | None = None
) -> list[str]:
    """Return the sentences of `complaints`, and warn of the `doubts`. Ansible shows a warning once for all hosts."""
    for doubt in doubts(role, spans or {}):
        Display().warning(doubt)
    return complaints(stated, role, spans or {}, reports)


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Any]:
        """Return the functions by name."""
        return {"role_variables": role_variables}
