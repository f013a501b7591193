#!/usr/bin/python
# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One table of a database: options in, plan, apply, result."""

from __future__ import annotations

DOCUMENTATION = r"""
module: table
short_description: Manage a table of a database of InfluxDB 3 Clustered or Cloud Dedicated
version_added: 0.1.0
description:
  - Creates, renames, deletes and restores one table through the Management API.
  - A table comes into being with the first point that is written to it. To create one before is only needed for a
    partition template of its own.
  - The API can't list tables. Where influxctl is at hand, O(lookup=influxctl) has the module look before it acts.
  - Otherwise the module sends the request, and takes the answer that the table exists already, or doesn't exist, as a
    sign that nothing had to be done. Check mode assumes that there is something to do. A table to create isn't there;
    one to delete, to restore or to rename is, and its new name is free. So check mode may foretell a change where there
    will be none, and never the reverse. It lists the databases and tells when O(database) isn't among them.
author:
  - influxops contributors (@influxops)
extends_documentation_fragment:
  - influxops.influxdb3.management_api
  - influxops.influxdb3.http_api
  - influxops.influxdb3.influxctl
  - influxops.influxdb3.influxctl.lookup
  - influxops.influxdb3.attributes
  - influxops.influxdb3.attributes.group
attributes:
  check_mode:
    support: partial
    details: Without O(lookup=influxctl), it assumes that there is something to do, because the API can't say whether a
      table exists.
options:
  # texts.yml: table-lookup
  lookup:
    description:
      - Whether tables are looked up before anything is done about them.
      - With V(none), they are not, because the API can't list them. A request for each tells what is there, check mode
        takes it that there is something to do, and partition templates aren't compared.
      - With V(influxctl), C(influxctl table list) is run once for each database that has any table here. Check mode and
        diff are exact then, and nothing is sent for a table that is as stated. A rename where both names are there is
        refused, and so is a partition template that differs from the one that influxctl shows. Where it shows none, a
        warning says that the template wasn't compared.
      - A table that is to be restored by its name is looked up in any case. For those, C(influxctl) is run once for the
        active tables of each database, and once for the deleted ones where they are needed.
    type: str
    choices: [none, influxctl]
    default: none
  # texts.yml ends
  # texts.yml: table-options
  state:
    description:
      - V(present) creates the table unless it exists.
      - V(absent) deletes it. Its data can be restored for some days.
      - V(restored) undoes the deletion of the table with the ID O(id). Without it, that of the one deleted table with
        the name O(name), which C(influxctl) looks up; if an active one has the name, nothing is done, and if several
        deleted ones have it, the module lists them and fails.
      - By O(id) and without O(lookup=influxctl), it is meant to be run once. When the table is active already, most
        servers refuse it and the module fails; where the server accepts it, a change is reported.
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
    description: The table's name, case-sensitive. Required unless O(state=restored), and not used there with O(id).
    type: str
  id:
    description:
      - The ID of a deleted table, for O(state=restored). M(influxops.influxdb3.table_info) lists it. Not used
        otherwise.
    type: int
  rename_from:
    description:
      - The table's old name, for O(state=present). If it exists, it is renamed to O(name); if it doesn't, O(name) is
        created unless it exists.
      - With O(lookup=influxctl), the module fails if both names are there.
      - Otherwise it can't see that. If the server answers that O(name) exists already, nothing is renamed, and a
        warning says so. Servers go on routing the old name to a renamed table, so this is also the answer to a second
        run.
    type: str
  partition_template:
    description:
      - How data is partitioned, in this order; 1 to 8 unique parts. Without it, the database's template counts.
      - It is fixed when the table is created. For a table that exists the API doesn't show it. It is compared with
        O(lookup=influxctl), where influxctl shows it, and a difference fails. Otherwise a warning says that it isn't.
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
  # texts.yml ends
seealso:
  - module: influxops.influxdb3.table_info
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

- name: Rename a table, and see by influxctl whether that is done already
  influxops.influxdb3.table:
    database: metrics
    name: processor
    rename_from: cpu
    lookup: influxctl

- name: Delete a table
  influxops.influxdb3.table:
    database: metrics
    name: processor
    state: absent

- name: Undo that
  influxops.influxdb3.table:
    database: metrics
    name: processor
    state: restored

- name: Undo a deletion of which the ID is known
  influxops.influxdb3.table:
    database: metrics
    id: 42
    state: restored
"""

RETURN = r"""
table:
  description:
    - The table as it is now, or would be in check mode. As it was, if it has been deleted, with the ID that restores it
      where influxctl is at hand to tell; null if it wasn't there.
    - What nothing told is null.
  returned: success
  type: dict
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

from contextlib import nullcontext

from ansible.module_utils.basic import AnsibleModule

# pylint: disable-next=unused-import
from ansible_collections.influxops.influxdb3.plugins.module_utils._ansiballz import compiled_once  # noqa: F401
from ansible_collections.influxops.influxdb3.plugins.module_utils._api.endpoints import ManagementApi
from ansible_collections.influxops.influxdb3.plugins.module_utils._cluster.tables import (
    INFLUXCTL,
    LOOKUP_OPTION,
    OPTIONS,
    RULES,
    TableRequests,
    warnings_of,
    wish_of,
)
from ansible_collections.influxops.influxdb3.plugins.module_utils._core import entities, interface
from ansible_collections.influxops.influxdb3.plugins.module_utils._core.converge import converge, foretell
from ansible_collections.influxops.influxdb3.plugins.module_utils._module.connect import (
    INFLUXCTL_OPTIONS,
    connection_of,
    run,
)
from ansible_collections.influxops.influxdb3.plugins.module_utils._module.deletions import restorable
from ansible_collections.influxops.influxdb3.plugins.module_utils._module.table_lists import listing_tables


def work(module: AnsibleModule) -> interface.Result:
    """Bring the table to the stated state."""
    looked_up = module.params["lookup"] == INFLUXCTL
    wish = wish_of(module.params, looked_up=looked_up)
    looked_up = looked_up or wish.needs_name
    connection = connection_of(module)
    api = ManagementApi(connection, module.no_log_values.add)
    looking = listing_tables(module, connection, guarded=True) if looked_up else nullcontext()
    with looking as lists:
        requests = TableRequests(api, wish, lambda: {one["name"] for one in api.list_databases()}, lists)
        if module.check_mode:
            requests.foresee()
        planned = requests.plan()
        undo = restorable(module, connection, lambda lists: lists.tables(wish.database), planned)
        done = foretell(planned) if module.check_mode else converge(planned, requests.plan, requests.send)
    before = entities.TABLE.to_result(undo.identified(done.change.before))
    after = entities.TABLE.to_result(done.after)
    return interface.Result(
        changed=done.changed,
        values={"table": after or before, "restorable_until": undo.until if done.changed else None},
        before=before,
        after=after,
        warnings=[*(undo.warnings if done.changed else ()), *requests.warnings, *warnings_of(wish, done)],
    )


def main() -> None:
    """Run the module."""
    run(work, {**INFLUXCTL_OPTIONS, **LOOKUP_OPTION, **OPTIONS}, **RULES)


if __name__ == "__main__":
    main()
