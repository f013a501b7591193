#!/usr/bin/python
# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One table of a database: options in, act, interpret, result."""

from __future__ import annotations

DOCUMENTATION = r"""
module: table
short_description: Manage a table of a database of InfluxDB 3 Clustered or Cloud Dedicated
version_added: 0.1.0
description:
  - Creates, renames, deletes and restores one table through the Management API.
  - A table comes into being with the first point that is written to it. To create one before is only needed for a
    partition template of its own.
  - The API can't list tables. So the module sends the request, and takes the answer that the table exists already, or
    doesn't exist, as a sign that nothing had to be done.
  - Check mode assumes that there is something to do. A table to create isn't there; one to delete, to restore or to
    rename is, and its new name is free. So check mode may foretell a change where there will be none, and never the
    reverse. It lists the databases and tells when O(database) isn't among them.
author:
  - influxops contributors (@influxops)
extends_documentation_fragment:
  - influxops.influxdb3.management_api
  - influxops.influxdb3.http_api
  - influxops.influxdb3.attributes
  - influxops.influxdb3.attributes.group
attributes:
  check_mode:
    support: partial
    details: Assumes that there is something to do, because the API can't say whether a table exists.
options:
  state:
    description:
      - V(present) creates the table unless it exists.
      - V(absent) deletes it. Its data can be restored for some days, but only by its ID, which
        C(influxctl table list --filter-status deleted) shows.
      - V(restored) undoes the deletion of the table with the ID O(id). It is meant to be run once. When the table is
        active already, most servers refuse it and the module fails; where the server accepts it, a change is reported.
      - V(absent), V(restored) and O(rename_from) need a server of release 20251218-1946608 or later. An older one that
        answers about an unknown path just as about a missing table makes V(absent) end without a change.
    type: str
    choices: [present, absent, restored]
    default: present
  database:
    description: The name of the database, which must exist.
    type: str
    required: true
  name:
    description: The table's name, case-sensitive. Required unless O(state=restored), and not used there.
    type: str
  id:
    description: The ID of a deleted table. Required for O(state=restored), and not used otherwise.
    type: int
  rename_from:
    description:
      - The table's old name, for O(state=present). If it exists, it is renamed to O(name); if it doesn't, O(name) is
        created unless it exists.
      - If the server answers that O(name) exists already, nothing is renamed, and a warning says so. Servers go on
        routing the old name to a renamed table, so this is also the answer to a second run.
    type: str
  partition_template:
    description:
      - How data is partitioned, in this order; 1 to 8 unique parts. Without it, the database's template counts.
      - It is fixed when the table is created. For a table that exists the API doesn't show it, so it isn't compared;
        a warning says so.
      - As for a database, the module warns of a template that InfluxDB would never compact.
    type: list
    elements: dict
    suboptions:
      type:
        description: The kind of part.
        type: str
        required: true
        choices: [time, tag, bucket]
      value:
        description:
          - For V(time), a format of V(%Y), V(%m) and V(%d) such as V(%Y-%m-%d); for V(tag), the tag's name.
        type: str
      tag_name:
        description: For V(bucket), the tag's name.
        type: str
      number_of_buckets:
        description: For V(bucket), the number of buckets, 1 to 100,000.
        type: int
seealso:
  - module: influxops.influxdb3.database
"""

EXAMPLES = r"""
- name: Partition a table by day and by region, before anything is written to it
  influxops.influxdb3.table:
    host: https://cluster.example.com
    management_token: "{{ management_token }}"
    database: metrics
    name: cpu
    partition_template:
      - type: time
        value: "%Y-%m-%d"
      - type: tag
        value: region

- name: Rename a table
  influxops.influxdb3.table:
    database: metrics
    name: processor
    rename_from: cpu

- name: Delete a table
  influxops.influxdb3.table:
    database: metrics
    name: processor
    state: absent

- name: Undo a deletion
  influxops.influxdb3.table:
    database: metrics
    id: 42
    state: restored
"""

RETURN = r"""
table:
  description:
    - The table as it is now, or would be in check mode. As it was, if it has been deleted; null if it wasn't there.
    - What the API didn't tell is null.
  returned: success
  type: dict
  contains:
    id:
      description: The ID. Null unless the API gave it, which it does after a rename and a restore.
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
      description: The parts of the partition template, as in the option O(partition_template); null where the API
        didn't give it.
      type: list
      elements: dict
      sample: [{"type": "time", "value": "%Y-%m-%d"}]
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

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.influxops.influxdb3.plugins.module_utils._api.endpoints import ManagementApi
from ansible_collections.influxops.influxdb3.plugins.module_utils._core.converge import converge
from ansible_collections.influxops.influxdb3.plugins.module_utils._core.entities import (
    PARTITION_TEMPLATE_OPTION,
    TABLE,
    State,
    name_warnings,
    parse_id,
    parse_option,
    parse_table_name,
    template_warnings,
)
from ansible_collections.influxops.influxdb3.plugins.module_utils._core.errors import AlreadyExists, NotFound
from ansible_collections.influxops.influxdb3.plugins.module_utils._core.interface import Result
from ansible_collections.influxops.influxdb3.plugins.module_utils._core.plan import Change, find
from ansible_collections.influxops.influxdb3.plugins.module_utils._module.connect import (
    CONNECTION_OPTIONS,
    connect,
    run,
)

OPTIONS: dict[str, dict[str, Any]] = {
    "state": {"type": "str", "choices": ["present", "absent", "restored"], "default": "present"},
    "database": {"type": "str", "required": True},
    "name": {"type": "str"},
    "id": {"type": "int"},
    "rename_from": {"type": "str"},
    "partition_template": PARTITION_TEMPLATE_OPTION,
}


class Task:
    """What is to be done to one table. There is nothing to read, so what the server refuses tells what is there."""

    def __init__(self, params: dict[str, Any], api: ManagementApi, warnings: list[str]) -> None:
        self.state: str = params["state"]
        self.desired = TABLE.parse({**params, "id": None})
        if self.state == "present":
            TABLE.check_new(self.desired)  # What is there can't be read, so it can't be compared either.
        self.database: str = self.desired["database"]
        self.name: str = self.desired.get("name", "")
        self.old_name: str = parse_option("rename_from", params["rename_from"], parse_table_name) or ""
        self.id: int = parse_option("id", params["id"], parse_id) or 0
        self.api, self.warnings = api, warnings
        self.there: dict[str, bool] = {} if self.old_name not in ("", self.name) else {self.old_name: False}

    def decide(self, there: dict[str, bool]) -> Change:
        """Return what to do, given the names that are known to be there or not. What isn't known invites to act."""
        table = {"database": self.database, "name": self.name}
        if self.state == "absent":
            current = table if there.get(self.name, True) else None
            return Change(current, None, delete=current is not None)
        if self.state == "restored":
            return Change(None, {"database": self.database, "id": self.id}, restore=True)
        if there.get(self.name):
            return Change(table, table)
        if there.get(self.old_name, True):
            return Change({**table, "name": self.old_name}, table, rename=True)
        return Change(None, self.desired, create=True)

    def apply(self, change: Change) -> State:
        """Send the one request, and learn from a refusal."""
        try:
            if change.delete:
                self.api.delete_table(self.database, self.name)
                return {}
            if change.restore:
                return self.api.restore_table(self.database, self.id)
            if change.rename:
                return self.api.rename_table(self.database, self.old_name, self.name)
            created = self.api.create_table(self.desired)
            if self.old_name not in ("", self.name):
                self.warnings.append(
                    f"The server answered that there is no table {self.old_name!r} to rename, so {self.name!r} was"
                    " created, empty. A server that can't rename tables may answer so as well."
                )
            return created
        except AlreadyExists:
            self.there[self.name] = True
            if change.rename:
                self.warnings.append(
                    f"The table {self.name!r} exists already, so {self.old_name!r} was not renamed now. Whether"
                    f" {self.old_name!r} is left beside it can't be seen over HTTP; drop rename_from when done."
                )
            raise
        except NotFound as error:
            self.learn(change, error)
            raise

    def learn(self, change: Change, error: NotFound) -> None:
        """Take a 404 as a sign that the table isn't there, unless something other than the API may have given it."""
        if change.delete and not error.own and self.database_exists():
            self.warnings.append(f"The table {self.name!r} is taken to be gone, but the answer isn't clear. {error}")
        if change.delete or error.own:
            self.there[self.old_name if change.rename else self.name] = False

    def database_exists(self) -> bool:
        return find(self.api.list_databases(), self.database) is not None


def work(module: AnsibleModule) -> Result:
    """Bring the table to the stated state."""
    warnings: list[str] = []
    task = Task(module.params, connect(module), warnings)
    if module.check_mode and not task.database_exists():
        task.there[task.name] = False
        if task.state != "absent":
            warnings.append(f"There is no database {task.database!r}. Unless another task creates it, this one fails.")
    change, changed, reported = converge(module, lambda: task.there, task.decide, task.apply)
    before, after = TABLE.to_result(change.before), TABLE.to_result(reported) if change.after is not None else None
    template = task.desired.get("partition_template")
    if task.state == "present" and change.before is None:
        warnings += name_warnings("table", task.name) + template_warnings("table", task.desired)
    elif change.rename:
        warnings += name_warnings("table", task.name)
    elif task.state == "present" and template not in (None, reported.get("partition_template")):
        warnings.append(
            f"The table {task.name!r} was there before this task, so its partition template is not the one that is"
            " stated here, or can't be seen: the API fixes it at creation, and shows it only then."
        )
    return Result(changed, {"table": after or before}, before, after, warnings=warnings)


def main() -> None:
    """Run the module."""
    run(
        work,
        {**CONNECTION_OPTIONS, **OPTIONS},
        required_if=[
            ("state", "present", ["name"]),
            ("state", "absent", ["name"]),
            ("state", "restored", ["id"]),
        ],
    )


if __name__ == "__main__":
    main()
