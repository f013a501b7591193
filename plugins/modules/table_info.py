#!/usr/bin/python
# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tables of a database: options in, list, result."""

from __future__ import annotations

DOCUMENTATION = r"""
module: table_info
short_description: List the tables of a database of InfluxDB 3 Clustered or Cloud Dedicated
version_added: 0.1.0
description:
  - Lists the tables of one database with C(influxctl), deleted ones too, with their IDs. The Management API lists no
    tables.
author:
  - influxops contributors (@influxops)
extends_documentation_fragment:
  - influxops.influxdb3.management_api
  - influxops.influxdb3.influxctl
  - influxops.influxdb3.influxctl.needed
  - influxops.influxdb3.influxctl.lists
  - influxops.influxdb3.attributes.info
  - influxops.influxdb3.attributes.group
options:
  database:
    description: The name of the database, which must be active.
    type: str
    required: true
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
  - module: influxops.influxdb3.table
"""

EXAMPLES = r"""
- name: List the tables of a database
  influxops.influxdb3.table_info:
    host: https://cluster.example.com
    management_token: "{{ management_token }}"
    database: metrics
  register: tables

- name: Find the deleted tables that were named cpu, with the IDs that restore them
  influxops.influxdb3.table_info:
    database: metrics
    name: cpu
    status: deleted
"""

RETURN = r"""
tables:
  description: The tables, sorted by name; of several with one name the active one first.
  returned: success
  type: list
  elements: dict
  contains:
    # texts.yml: table-fields
    id:
      description: The ID. Null unless the API or influxctl gave it.
      type: int
      sample: 42
    database:
      description: The name of the database.
      type: str
      sample: metrics
    name:
      description: The name.
      type: str
      sample: cpu
    partition_template:
      description: The parts of the partition template, as in the module M(influxops.influxdb3.table). Null where it
        isn't shown, and empty where influxctl shows that the table has none of its own.
      type: list
      elements: dict
      sample: [{type: time, value: '%Y-%m-%d'}]
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
from ansible_collections.influxops.influxdb3.plugins.module_utils._module.connect import INFLUXCTL_OPTIONS, run
from ansible_collections.influxops.influxdb3.plugins.module_utils._module.influxctl_access import influxctl_lists
from ansible_collections.influxops.influxdb3.plugins.module_utils._module.name_filters import (
    NAME_FILTERS,
    NAME_RULES,
    STATUS_FILTER,
    chosen,
)

OPTIONS: interface.Spec = {"database": {"type": "str", "required": True}, **NAME_FILTERS, **STATUS_FILTER}


def work(module: AnsibleModule) -> interface.Result:
    """List the tables that are asked for."""
    with influxctl_lists(module) as lists:
        tables = lists.tables(module.params["database"], module.params["status"])
    found = [
        {**(entities.TABLE.to_result(table) or {}), "deleted": table["deleted"]}
        for table in chosen(module.params, tables)
    ]
    return interface.Result(changed=False, values={"tables": found})


def main() -> None:
    """Run the module."""
    run(work, {**INFLUXCTL_OPTIONS, **OPTIONS}, **NAME_RULES)


if __name__ == "__main__":
    main()
