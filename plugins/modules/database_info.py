#!/usr/bin/python
# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The databases of a cluster: options in, list, result."""

from __future__ import annotations

DOCUMENTATION = r"""
module: database_info
short_description: List the databases of InfluxDB 3 Clustered or Cloud Dedicated
version_added: 0.1.0
description:
  - Lists the active databases with one request. With O(status=deleted) and O(status=all), C(influxctl) lists them, with
    their IDs and also deleted ones, which the API doesn't list.
author:
  - influxops contributors (@influxops)
extends_documentation_fragment:
  - influxops.influxdb3.management_api
  - influxops.influxdb3.http_api
  - influxops.influxdb3.influxctl
  - influxops.influxdb3.influxctl.listing
  - influxops.influxdb3.attributes.info
  - influxops.influxdb3.attributes.group
options:
  # texts.yml: name-filters
  name:
    description: Return only what has this name; the list is empty if nothing has.
    type: str
  patterns:
    description:
      - Return only what has a name that matches one of these shell patterns (V(*), V(?), V([...])). Case matters.
    type: list
    elements: str
  # texts.yml ends
  # texts.yml: status-filter
  status:
    description:
      - V(active) lists what is there, V(deleted) what has been deleted and not yet been cleaned up, V(all) both.
      - influxctl is run once for each of the two lists. V(deleted) and V(all) need version 2.10.4 or newer.
    type: str
    choices: [active, deleted, all]
    default: active
  # texts.yml ends
seealso:
  - module: influxops.influxdb3.database
"""

EXAMPLES = r"""
- name: List all databases
  influxops.influxdb3.database_info:
    host: https://cluster.example.com
    management_token: "{{ management_token }}"
  register: all_databases

- name: List the databases of two teams
  influxops.influxdb3.database_info:
    patterns:
      - team_a_*
      - team_b_*

- name: Find the deleted databases, with the IDs that restore them
  influxops.influxdb3.database_info:
    status: deleted
"""

RETURN = r"""
databases:
  description: The databases, sorted by name; of several with one name the active one first. What influxctl doesn't
    show is null, such as the partition template.
  returned: success
  type: list
  elements: dict
  # texts.yml: database-fields
  contains:
    id:
      description: The ID. Null unless the API gave it, which it does after a rename and a restore, or influxctl did.
      type: int
      sample: 42
    name:
      description: The name.
      type: str
      sample: metrics
    retention_period:
      description: The retention period as text.
      type: str
      sample: 365d
    retention_period_ns:
      description: The retention period in nanoseconds; 0 is infinite.
      type: int
      sample: 31536000000000000
    max_tables:
      description: Maximum number of tables.
      type: int
      sample: 500
    max_columns_per_table:
      description: Maximum number of columns of a table.
      type: int
      sample: 250
    partition_template:
      description: The parts of the partition template, as in the module M(influxops.influxdb3.database); null without
        one.
      type: list
      elements: dict
      sample: [{type: time, value: '%Y-%m'}]
  # texts.yml ends
    deleted:
      description: Whether it is deleted.
      type: bool
# texts.yml: failure
failure:
  description: What went wrong. All five keys are always there, null where one doesn't apply.
  returned: failure
  type: dict
  contains:
    status:
      description: The HTTP status of the answer.
      type: int
      sample: 403
    code:
      description: A stable word for the cause.
      type: str
      sample: forbidden
    message:
      description: What the server said, or the sentence of the failure.
      type: str
      sample: permission denied
    method:
      description: The HTTP method of the request.
      type: str
      sample: GET
    path:
      description: The path of the request.
      type: str
      sample: /api/v0/databases
# texts.yml ends
"""

from ansible.module_utils.basic import AnsibleModule

# pylint: disable-next=unused-import
from ansible_collections.influxops.influxdb3.plugins.module_utils._ansiballz import compiled_once  # noqa: F401
from ansible_collections.influxops.influxdb3.plugins.module_utils._core import entities, interface
from ansible_collections.influxops.influxdb3.plugins.module_utils._module.connect import INFLUXCTL_OPTIONS, connect, run
from ansible_collections.influxops.influxdb3.plugins.module_utils._module.name_filters import (
    NAME_FILTERS,
    NAME_RULES,
    STATUS_FILTER,
    chosen,
)


def work(module: AnsibleModule) -> interface.Result:
    """List the databases that are asked for."""
    params = module.params
    if params["status"] == entities.ACTIVE:
        databases = connect(module).list_databases()
    else:
        # Imported only where it is needed, because Python compiles a module's files anew for every task.
        from ansible_collections.influxops.influxdb3.plugins.module_utils._module.influxctl_access import (
            influxctl_lists,
        )

        with influxctl_lists(module) as lists:
            databases = lists.databases(params["status"])
    found = [
        {**(entities.DATABASE.to_result(database) or {}), "deleted": database.get("deleted", False)}
        for database in chosen(params, databases)
    ]
    return interface.Result(changed=False, values={"databases": found})


def main() -> None:
    """Run the module."""
    run(work, {**INFLUXCTL_OPTIONS, **NAME_FILTERS, **STATUS_FILTER}, **NAME_RULES)


if __name__ == "__main__":
    main()
