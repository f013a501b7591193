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
  - Lists the active databases with one request. Deleted ones are not listed by the API.
author:
  - influxops contributors (@influxops)
extends_documentation_fragment:
  - influxops.influxdb3.management_api
  - influxops.influxdb3.http_api
  - influxops.influxdb3.attributes.info
  - influxops.influxdb3.attributes.group
options:
  name:
    description: Return only the database of this name; the list is empty if there is none.
    type: str
  patterns:
    description:
      - Return only databases whose name matches one of these shell patterns (C(*), C(?), C([abc])), such as
        V(telegraf_*).
    type: list
    elements: str
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
"""

RETURN = r"""
databases:
  description: The databases, sorted by name.
  returned: success
  type: list
  elements: dict
  # texts.yml: database-fields
  contains:
    id:
      description: The ID. Null unless the API gave it, which it does after a rename and a restore.
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

from fnmatch import fnmatchcase
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.influxops.influxdb3.plugins.module_utils._core.entities import DATABASE
from ansible_collections.influxops.influxdb3.plugins.module_utils._core.interface import Result
from ansible_collections.influxops.influxdb3.plugins.module_utils._module.connect import (
    CONNECTION_OPTIONS,
    connect,
    run,
)

OPTIONS: dict[str, dict[str, Any]] = {
    "name": {"type": "str"},
    "patterns": {"type": "list", "elements": "str"},
}


def work(module: AnsibleModule) -> Result:
    """List the databases that are asked for."""
    name, patterns = module.params["name"], module.params["patterns"]
    found = [
        DATABASE.to_result(database)
        for database in sorted(connect(module).list_databases(), key=lambda database: str(database.get("name")))
        if name in (None, database.get("name"))
        and (patterns is None or any(fnmatchcase(database.get("name", ""), pattern) for pattern in patterns))
    ]
    return Result(changed=False, values={"databases": found})


def main() -> None:
    """Run the module."""
    run(work, {**CONNECTION_OPTIONS, **OPTIONS}, mutually_exclusive=[("name", "patterns")])


if __name__ == "__main__":
    main()
