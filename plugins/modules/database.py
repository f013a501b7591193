#!/usr/bin/python
# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One database of a cluster: options in, plan, apply, result."""

from __future__ import annotations

DOCUMENTATION = r"""
module: database
short_description: Manage a database of InfluxDB 3 Clustered or Cloud Dedicated
version_added: 0.1.0
description:
  - Creates, updates, renames, deletes and restores one database through the Management API.
  - Only what is stated is compared and sent. What isn't stated stays as it is, and a new database gets the server's
    defaults.
  - Tokens bear the names of databases. When a database is created, renamed or deleted, the module lists the tokens, and
    a warning names the active ones that so gain or lose it. Tokens for all databases (V(*)) aren't named.
author:
  - influxops contributors (@influxops)
extends_documentation_fragment:
  - influxops.influxdb3.management_api
  - influxops.influxdb3.http_api
  - influxops.influxdb3.influxctl
  - influxops.influxdb3.influxctl.optional
  - influxops.influxdb3.attributes
  - influxops.influxdb3.attributes.group
options:
  # texts.yml: database-options
  state:
    description:
      - V(present) creates the database or changes it to what is stated.
      - V(absent) deletes it. Its data can be restored for some days.
      - V(restored) undoes the deletion of the database with the ID O(id). Without it, that of the one deleted database
        with the name O(name), which C(influxctl) looks up; if several have the name, the module lists them and fails.
        The database comes back as it was; the options that describe a database are not applied.
    type: str
    choices: [present, absent, restored]
    default: present
  name:
    description:
      - The database's name, 1 to 64 characters, case-sensitive. Required unless O(state=restored).
      - With O(state=restored), and O(id) or not, the module changes nothing if an active database has this name. With
        O(id) alone, a second run fails.
    type: str
  id:
    description:
      - The ID of a deleted database, for O(state=restored). M(influxops.influxdb3.database_info) lists it. Not used
        otherwise.
    type: int
  rename_from:
    description:
      - The database's old name. If only this one exists, it is renamed to O(name); if only O(name) exists, there is
        nothing to rename; if both exist, the module fails; if none exists, O(name) is created.
      - Tokens bear the name of the database, so those for the old name stop working for it.
      - Needs a server of release 20251218-1946608 or later.
    type: str
  retention_period:
    description:
      - How long data is kept, by the time of its points. V(30d), V(1y), V(2.5d), V(30d30d), V(infinite) or a whole
        number of nanoseconds; units V(s), V(m), V(h), V(d), V(w), V(mo) (30 days) and V(y) (365 days). Results show
        what is no whole number of seconds with V(ns).
      - A new database without it keeps data for ever.
      - O(force=true) is needed to cut an existing database below an hour, and to create one with a number of
        nanoseconds below an hour, since it is more likely a slip of the unit.
      - Less than an hour gives a warning, because the documentation and the specification of the API disagree on it.
    type: str
  max_tables:
    description: Maximum number of tables, 1 or more. To leave it at the default, leave it out.
    type: int
  max_columns_per_table:
    description: Maximum number of columns of a table, 1 or more. A change counts for tables that are created later.
    type: int
  partition_template:
    description:
      - How data is partitioned, in this order; 1 to 8 unique parts.
      - It is fixed when the database is created. If a database that exists has another one, the module fails; it never
        recreates a database.
      - The module warns of a template that InfluxDB would never compact, with no time part, two or more of them, or a
        time format other than V(%Y-%m-%d), V(%Y-%m) and V(%Y), and of more than 1,000 buckets.
      - A template that the API wouldn't make any more may be stated for a database that has it.
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
  force:
    description:
      - Whether a database may be deleted or renamed whose name begins with C(_) or C(iox_), as those of the system do,
        and whether O(retention_period) may cut one below an hour.
    type: bool
    default: false
  # texts.yml ends
seealso:
  - module: influxops.influxdb3.database_info
"""

EXAMPLES = r"""
- name: Keep a year of metrics
  influxops.influxdb3.database:
    host: https://cluster.example.com
    management_token: "{{ management_token }}"
    name: metrics
    retention_period: 1y
    max_tables: 1000

- name: Partition by month and by 100 buckets of customers
  influxops.influxdb3.database:
    name: billing
    retention_period: infinite
    partition_template:
      - type: time
        value: "%Y-%m"
      - type: bucket
        tag_name: customer
        number_of_buckets: 100

- name: Rename a database and change its retention
  influxops.influxdb3.database:
    name: telemetry
    rename_from: metrics
    retention_period: 90d

- name: Delete a database
  influxops.influxdb3.database:
    name: billing
    state: absent
  register: deleted # deleted.database.id restores it until deleted.restorable_until

- name: Undo the deletion
  influxops.influxdb3.database:
    name: billing
    state: restored
"""

RETURN = r"""
database:
  description:
    - The database as it is now, or would be in check mode. As it was, if it has been deleted, with the ID that restores
      it where influxctl is at hand to tell; null if it never was there.
    - In check mode, what the server would choose is null.
  returned: success
  type: dict
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
# texts.yml: restorable-until
restorable_until:
  description:
    - Until when what the task has deleted, or would delete in check mode, can be restored by the documented default, in
      RFC 3339 and UTC. That is 14 days on Clustered and some 7 days on Cloud Dedicated. The administrators of a
      Clustered cluster may have set another time, or none.
    - Null if nothing was deleted.
  returned: success
  type: str
  sample: '2026-11-15T12:00:00Z'
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

from ansible.module_utils.basic import AnsibleModule

# pylint: disable-next=unused-import
from ansible_collections.influxops.influxdb3.plugins.module_utils._ansiballz import compiled_once  # noqa: F401
from ansible_collections.influxops.influxdb3.plugins.module_utils._api.endpoints import ManagementApi
from ansible_collections.influxops.influxdb3.plugins.module_utils._cluster.databases import (
    OPTIONS,
    RULES,
    plan_database,
    send,
    warnings_of,
    wish_of,
)
from ansible_collections.influxops.influxdb3.plugins.module_utils._cluster.token_holders import warn_of_tokens
from ansible_collections.influxops.influxdb3.plugins.module_utils._core import entities, interface
from ansible_collections.influxops.influxdb3.plugins.module_utils._core.converge import converge, foretell
from ansible_collections.influxops.influxdb3.plugins.module_utils._core.plan import Change, find
from ansible_collections.influxops.influxdb3.plugins.module_utils._module.connect import (
    INFLUXCTL_OPTIONS,
    connection_of,
    run,
)
from ansible_collections.influxops.influxdb3.plugins.module_utils._module.deletions import deleted_databases, restorable


def work(module: AnsibleModule) -> interface.Result:
    """Bring the database to the stated state."""
    wish = wish_of(module.params)
    connection = connection_of(module)
    api = ManagementApi(connection, module.no_log_values.add)
    list_deleted = deleted_databases(module, connection)

    def plan() -> Change:
        databases = api.list_databases()
        return plan_database(wish, lambda name: find(databases, name), list_deleted)

    planned = plan()
    undo = restorable(module, connection, lambda lists: lists.databases(), planned)
    done = foretell(planned) if module.check_mode else converge(planned, plan, lambda change: send(api, wish, change))
    before = entities.DATABASE.to_result(undo.identified(done.change.before))
    after = entities.DATABASE.to_result(done.after)
    return interface.Result(
        changed=done.changed,
        values={"database": after or before, "restorable_until": undo.until if done.changed else None},
        before=before,
        after=after,
        warnings=[
            *(undo.warnings if done.changed else ()),
            *warnings_of(wish, done.change),
            *warn_of_tokens([done.change], api.list_tokens, interface.now()),
        ],
    )


def main() -> None:
    """Run the module."""
    run(work, {**INFLUXCTL_OPTIONS, **OPTIONS}, **RULES)


if __name__ == "__main__":
    main()
