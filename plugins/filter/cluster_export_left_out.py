# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter cluster_export_left_out: the parts of a cluster that the variables of the role cluster can't state."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.influxops.influxdb3.plugins.filter.cluster_export import Listed, of_infos

DOCUMENTATION = r"""
name: cluster_export_left_out
short_description: Tell what cluster_export leaves out
version_added: 0.1.0
description:
  - Says in sentences what P(influxops.influxdb3.cluster_export#filter) leaves out of the variables, because the role
    R(influxops.influxdb3.cluster, ansible_collections.influxops.influxdb3.cluster_role) would refuse it. The playbook
    C(influxops.influxdb3.export) shows them.
  - It is not about what is left out by intent, as the databases of the system are.
author:
  - influxops contributors (@influxops)
positional: db_tokens, tables
notes:
  - It is private to this collection. Only its own roles and playbooks use it, and it may change in any release.
options:
  _input:
    description: The list C(databases) that M(influxops.influxdb3.database_info) returns.
    type: list
    elements: dict
    required: true
  db_tokens:
    description: The list C(db_tokens) that M(influxops.influxdb3.db_token_info) returns.
    type: list
    elements: dict
    default: []
  tables:
    description: The lists C(tables) that M(influxops.influxdb3.table_info) returns, as one list.
    type: list
    elements: dict
"""

EXAMPLES = r"""
- name: Show what the variables don't state
  ansible.builtin.debug:
    msg: "{{ databases | influxops.influxdb3.cluster_export_left_out }}"
  vars:
    databases:
      - name: metrics
        retention_period: 30d
"""

RETURN = r"""
_value:
  description: The sentences, none if nothing is left out. What steers a terminal is escaped in them.
  type: list
  elements: str
"""


def cluster_export_left_out(databases: Listed, db_tokens: Listed = (), tables: Listed | None = None) -> list[str]:
    """Return a sentence for each part that `cluster_export` leaves out. Raises AnsibleFilterError."""
    return of_infos(databases, db_tokens, tables).left_out


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the functions by name."""
        return {"cluster_export_left_out": cluster_export_left_out}
