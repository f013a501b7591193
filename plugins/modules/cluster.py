#!/usr/bin/python
# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cluster's databases, tables and tokens: lists in, one plan, the writes that are needed, every item's outcome."""

from __future__ import annotations

DOCUMENTATION = r"""
module: cluster
short_description: Manage databases, tables and database tokens of InfluxDB 3 Clustered or Cloud Dedicated at once
version_added: 0.1.0
description:
  - Brings many databases, tables and database tokens to their stated form in one task. It costs one list of databases,
    one of tokens, and then only the writes that are needed, several at a time.
  - In most cases you need O(host) and O(management_token), or O(config_path) with O(profile); O(databases) and
    O(db_tokens); and O(secret_dir), which keeps the secrets of new tokens.
  - Each item takes the options of M(influxops.influxdb3.database), M(influxops.influxdb3.table) or
    M(influxops.influxdb3.db_token) and is treated as these modules do.
  - All options of all items are checked before the first request, and all that is wrong is told at once.
  - An item that fails doesn't stop the others. At the end the task fails, and its result still holds every item's
    outcome. The next run does the rest.
  - Databases are made before the tables in them, and both before tokens. Deletions come last, those of tokens before
    those of tables, and those of tables before those of databases.
author:
  - influxops contributors (@influxops)
extends_documentation_fragment:
  - influxops.influxdb3.management_api
  - influxops.influxdb3.http_api
  - influxops.influxdb3.influxctl
  - influxops.influxdb3.influxctl.optional
  - influxops.influxdb3.influxctl.lookup
  - influxops.influxdb3.attributes
  - influxops.influxdb3.attributes.group
options:
  databases:
    description:
      - The databases. A name may occur only once. Others are left as they are, unless O(prune.databases=true).
    type: list
    elements: dict
    suboptions:
      # texts.yml: database-item, in databases[]
      state:
        description: As O(influxops.influxdb3.database#module:state).
        type: str
        choices: [present, absent, restored]
        default: present
      name:
        description: As O(influxops.influxdb3.database#module:name).
        type: str
        required: true
      id:
        description: As O(influxops.influxdb3.database#module:id).
        type: int
      rename_from:
        description:
          - As O(influxops.influxdb3.database#module:rename_from). It must not be the name of another item.
        type: str
      retention_period:
        description: As O(influxops.influxdb3.database#module:retention_period).
        type: str
      max_tables:
        description: As O(influxops.influxdb3.database#module:max_tables).
        type: int
      max_columns_per_table:
        description: As O(influxops.influxdb3.database#module:max_columns_per_table).
        type: int
      partition_template:
        description: As O(influxops.influxdb3.database#module:partition_template).
        type: list
        elements: dict
        suboptions:
          type:
            description: As O(influxops.influxdb3.database#module:partition_template[].type).
            type: str
            required: true
            choices: [time, tag, bucket]
          value:
            description: As O(influxops.influxdb3.database#module:partition_template[].value).
            type: str
          tag_name:
            description: As O(influxops.influxdb3.database#module:partition_template[].tag_name).
            type: str
          number_of_buckets:
            description: As O(influxops.influxdb3.database#module:partition_template[].number_of_buckets).
            type: int
      force:
        description: As O(influxops.influxdb3.database#module:force).
        type: bool
        default: false
      # texts.yml ends
  tables:
    description:
      - The tables. A name may occur only once in a database. Others are left as they are, also with O(prune).
      - The API can't list tables. Unless O(lookup=influxctl), each of them costs a request, also where there is nothing
        to do, and check mode foretells a change for each of them.
      - If a table is in a database that neither exists nor is stated, there is a warning. If it shall be in one that
        O(databases) or O(prune.databases) deletes, or that O(databases) gives another name, the task is refused.
    type: list
    elements: dict
    suboptions:
      # texts.yml: table-item, in tables[]
      state:
        description: As O(influxops.influxdb3.table#module:state).
        type: str
        choices: [present, absent, restored]
        default: present
      database:
        description:
          - As O(influxops.influxdb3.table#module:database). It may be one that O(databases) creates.
        type: str
        required: true
      name:
        description: As O(influxops.influxdb3.table#module:name).
        type: str
      id:
        description: As O(influxops.influxdb3.table#module:id).
        type: int
      rename_from:
        description: As O(influxops.influxdb3.table#module:rename_from).
        type: str
      partition_template:
        description: As O(influxops.influxdb3.table#module:partition_template).
        type: list
        elements: dict
        suboptions:
          type:
            description: As O(influxops.influxdb3.table#module:partition_template[].type).
            type: str
            required: true
            choices: [time, tag, bucket]
          value:
            description: As O(influxops.influxdb3.table#module:partition_template[].value).
            type: str
          tag_name:
            description: As O(influxops.influxdb3.table#module:partition_template[].tag_name).
            type: str
          number_of_buckets:
            description: As O(influxops.influxdb3.table#module:partition_template[].number_of_buckets).
            type: int
      # texts.yml ends
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
  db_tokens:
    description:
      - The database tokens. A description may occur only once. Others are left as they are, unless
        O(prune.db_tokens=true).
      - A token that one item revokes by its O(db_tokens[].id) doesn't count for the description of another, which gets
        a new one first. Apart from that, no two items may be about one token.
      - If a token is for a database that neither exists nor is stated, there is a warning.
      - A warning names the active tokens that gain or lose a database by O(databases) or O(prune.databases), also where
        they aren't stated.
    type: list
    elements: dict
    suboptions:
      # texts.yml: db-token-item, in db_tokens[]
      state:
        description: As O(influxops.influxdb3.db_token#module:state).
        type: str
        choices: [present, absent]
        default: present
      description:
        description:
          - As O(influxops.influxdb3.db_token#module:description). This or O(db_tokens[].id) is required.
        type: str
      id:
        description: As O(influxops.influxdb3.db_token#module:id).
        type: str
      expires_at:
        description: As O(influxops.influxdb3.db_token#module:expires_at).
        type: str
      expires_in:
        description: As O(influxops.influxdb3.db_token#module:expires_in).
        type: str
      renew_before:
        description: As O(influxops.influxdb3.db_token#module:renew_before).
        type: str
      max_age:
        description: As O(influxops.influxdb3.db_token#module:max_age).
        type: str
      force:
        description: As O(influxops.influxdb3.db_token#module:force).
        type: bool
        default: false
      revoke_superseded:
        description: As O(influxops.influxdb3.db_token#module:revoke_superseded).
        type: bool
        default: false
      all_matching:
        description: As O(influxops.influxdb3.db_token#module:all_matching).
        type: bool
        default: false
      secret_file:
        description:
          - As O(influxops.influxdb3.db_token#module:secret_file). It is used instead of the file in O(secret_dir), and
            must not be that of another item.
        type: path
      owner:
        description: As O(influxops.influxdb3.db_token#module:owner).
        type: str
      group:
        description: As O(influxops.influxdb3.db_token#module:group).
        type: str
      return_secret:
        description:
          - Whether the result holds the token's secret, if it is known. Set C(no_log) on the task then.
        type: bool
        default: false
      on_lost_secret:
        description:
          - As O(influxops.influxdb3.db_token#module:on_lost_secret).
          - With V(ignore), an item may be stated without a place for its secret. This suits tokens that were made
            before and whose secret is kept elsewhere. If such a token has to be made, the item fails.
        type: str
        choices: [fail, reissue, ignore]
        default: fail
      permissions:
        description: As O(influxops.influxdb3.db_token#module:permissions).
        type: list
        elements: dict
        suboptions:
          action:
            description: As O(influxops.influxdb3.db_token#module:permissions[].action).
            type: str
            required: true
            choices: [read, write]
          resource:
            description: As O(influxops.influxdb3.db_token#module:permissions[].resource).
            type: str
            required: true
      wait_active:
        description:
          - As O(influxops.influxdb3.db_token#module:wait_active). It takes up one of the O(concurrency). When one token
            was waited for in vain, the others are tried once only.
        type: int
      revoke_unproved:
        description: As O(influxops.influxdb3.db_token#module:revoke_unproved).
        type: bool
        default: false
      query_host:
        description: As O(influxops.influxdb3.db_token#module:query_host).
        type: str
      # texts.yml ends
  # texts.yml: cluster-prune
  prune:
    description:
      - Whether what isn't stated is deleted. It is deleted last of all, and only if no item has failed.
      - Names that begin with C(_), and databases whose name begins with C(iox_), are never pruned, nor are tokens that
        a run is just making. A database that an item renames is not pruned either.
      - An empty list is refused, unless O(prune_limit) is given.
    type: dict
    suboptions:
      databases:
        description: Whether databases are deleted that are not in O(databases).
        type: bool
        default: false
      db_tokens:
        description: Whether active tokens are revoked that are not in O(db_tokens). Revoking can't be undone.
        type: bool
        default: false
  # texts.yml ends
  # texts.yml: cluster-options
  prune_limit:
    description:
      - How many objects O(prune) may delete in one run, databases and tokens together. If there are more, the task
        fails before the first write, and RV(influxops.influxdb3.cluster#module:would_prune) names them.
      - The default is V(10).
    type: int
  concurrency:
    description:
      - How many requests are sent at the same time, 1 to 256. As many runs of influxctl go on at once. If the server
        answers one of them with 429 or 503, all wait as long as it asks for, but at most 60 seconds at a time. While
        any request gets through, the others don't use up their retries.
    type: int
    default: 8
  secret_dir:
    description:
      - Directory where the module runs. Each token's secret is kept there, in a file as
        O(influxops.influxdb3.db_token#module:secret_file) describes it. It is named after the token's description, with
        C(_) for each character but letters, digits, C(.), C(_) and C(-), and C(.json) at its end.
      - Two descriptions that yield the same name are refused.
      - A secret is in its file as soon as the server's answer is there, and is never returned unless
        O(db_tokens[].return_secret=true). Tokens whose secret nobody would keep are refused.
    type: path
  # texts.yml ends
notes:
  - If the module is stopped by SIGINT or SIGTERM, or nobody waits for its result any more because the task has reached
    its C(timeout), it finishes the requests on their way, begins no further item, and says what was done. If nobody can
    read that, it is in the system's log.
  - The result and the diff hold only what differs, so that they can be read at 1,000 items.
seealso:
  - module: influxops.influxdb3.database
  - module: influxops.influxdb3.table
  - module: influxops.influxdb3.db_token
"""

EXAMPLES = r"""
- name: Bring a cluster to its stated form
  influxops.influxdb3.cluster:
    host: https://cluster.example.com
    management_token: "{{ management_token }}"
    databases:
      - name: metrics
        retention_period: 90d
      - name: logs
        retention_period: 30d
        partition_template:
          - type: time
            value: "%Y-%m"
    tables:
      - database: metrics
        name: cpu
        partition_template:
          - type: tag
            value: region
          - type: time
            value: "%Y-%m-%d"
    db_tokens:
      - description: telegraf
        permissions:
          - action: write
            resource: metrics
        expires_in: 1y
        renew_before: 30d
    secret_dir: "{{ secret_dir }}"

- name: Rename a table, and delete another one, with one look at the tables that are there
  influxops.influxdb3.cluster:
    tables:
      - database: metrics
        name: processor
        rename_from: cpu
      - database: metrics
        name: disk
        state: absent
    lookup: influxctl

- name: Restore a deleted database, and the only deleted table of a name
  influxops.influxdb3.cluster:
    databases:
      - name: billing
        state: restored
    tables:
      - database: metrics
        name: disk
        state: restored

- name: Delete what is not stated, at most two objects
  influxops.influxdb3.cluster:
    databases:
      - name: metrics
      - name: logs
    prune:
      databases: true
    prune_limit: 2
    concurrency: 16
"""

RETURN = r"""
databases:
  description: The outcome of each of the O(databases), in their order, and then of those that are pruned.
  returned: unless the options are wrong or a list can't be read
  type: list
  elements: dict
  contains:
    name:
      description: The name.
      type: str
      sample: metrics
    outcome:
      description:
        - What became of it, or would in check mode. A rename is an update, and so is a restore of a database that is
          listed under another name.
        - V(skipped) means that it was not begun, because the run was stopped, or was not pruned because an item failed.
          A token is also skipped if it would lose its access, because its database was not renamed; a warning says so.
      type: str
      sample: updated
    pruned:
      description: True for a database that no item states.
      returned: with O(prune.databases=true)
      type: bool
    failure:
      description: What went wrong, with the keys of RV(failure).
      returned: if it failed
      type: dict
tables:
  description: The outcome of each of the O(tables), in their order.
  returned: unless the options are wrong or a list can't be read
  type: list
  elements: dict
  contains:
    database:
      description: The name of the database.
      type: str
      sample: metrics
    name:
      description: The name. Null where an item states only an ID, and the API didn't tell.
      type: str
      sample: cpu
    id:
      description: The ID. Null unless the item, the API or influxctl gave it.
      type: int
      sample: 42
    outcome:
      description: As for a database. A restore is V(created).
      type: str
      sample: created
    failure:
      description: What went wrong, with the keys of RV(failure).
      returned: if it failed
      type: dict
db_tokens:
  description: The outcome of each of the O(db_tokens), in their order, and then of those that are pruned.
  returned: unless the options are wrong or a list can't be read
  type: list
  elements: dict
  contains:
    description:
      description: The description, or the ID of an item that states only that.
      type: str
      sample: telegraf
    id:
      description: The ID. Null in check mode for a token that would be made.
      returned: unless it failed
      type: str
      sample: 0d4a2d1c-8f0a-4c57-9a3f-1c1c5f0a7f11
    outcome:
      description: As for a database. V(created) is also said of a token that replaces another one.
      type: str
      sample: unchanged
    superseded:
      description: The IDs of the other active tokens of this description, and of the one that a new token replaces.
      returned: if there are any
      type: list
      elements: str
    access_token:
      description: The secret. Nothing else that the module returns holds it.
      returned: if it is known and O(db_tokens[].return_secret=true)
      type: str
    pruned:
      description: True for a token that no item states.
      returned: with O(prune.db_tokens=true)
      type: bool
    failure:
      description: What went wrong, with the keys of RV(failure).
      returned: if it failed
      type: dict
totals:
  description: How many databases, tables and tokens had each outcome.
  returned: with RV(databases)
  type: dict
  contains:
    databases:
      description: The number of databases by outcome.
      type: dict
      sample: {"created": 2, "updated": 1, "deleted": 0, "unchanged": 997, "failed": 0, "skipped": 0}
    tables:
      description: The number of tables by outcome.
      type: dict
      sample: {"created": 1, "updated": 0, "deleted": 0, "unchanged": 0, "failed": 0, "skipped": 0}
    db_tokens:
      description: The number of tokens by outcome.
      type: dict
      sample: {"created": 0, "updated": 0, "deleted": 0, "unchanged": 1000, "failed": 0, "skipped": 0}
would_prune:
  description:
    - The names of the C(databases), and the descriptions of the C(db_tokens) with their IDs, that are more than
      O(prune_limit).
  returned: if O(prune_limit) stops the task
  type: dict
problems:
  description: All that is wrong with the options.
  returned: if the options are wrong
  type: list
  elements: dict
  contains:
    option:
      description: The option.
      type: str
      sample: databases
    index:
      description: The number of the item in the list, from 0. Null if the problem isn't one item's.
      type: int
      sample: 7
    name:
      description: The item's name, description or id. Null if the problem isn't one item's.
      type: str
      sample: metrics
    message:
      description: What is wrong.
      type: str
      sample: 'max_tables: 0 is not between 1 and 2147483647'
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
      description: A stable word for the cause. V(several) if the items failed for several.
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
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from ansible.module_utils.basic import AnsibleModule

# pylint: disable-next=unused-import
from ansible_collections.influxops.influxdb3.plugins.module_utils._ansiballz import compiled_once  # noqa: F401
from ansible_collections.influxops.influxdb3.plugins.module_utils._cluster.apply import manage_cluster
from ansible_collections.influxops.influxdb3.plugins.module_utils._core import entities, interface
from ansible_collections.influxops.influxdb3.plugins.module_utils._core.connection import Connection
from ansible_collections.influxops.influxdb3.plugins.module_utils._module.connect import (
    INFLUXCTL_OPTIONS,
    connection_of,
    run,
)

if TYPE_CHECKING:
    from ansible_collections.influxops.influxdb3.plugins.module_utils._cluster.tables import TableLists

OPTIONS: interface.Spec = {
    # Each item is checked by _cluster/items.py with the specs of the modules for one object: Ansible would tell of one
    # wrong item only, and not of which.
    "databases": {"type": "list", "elements": "dict"},
    "tables": {"type": "list", "elements": "dict"},
    "lookup": {"type": "str", "choices": ["none", "influxctl"], "default": "none"},
    "db_tokens": {"type": "list", "elements": "dict", "no_log": False},
    "prune": {
        "type": "dict",
        "apply_defaults": True,
        "options": {
            "databases": {"type": "bool", "default": False},
            "db_tokens": {"type": "bool", "default": False, "no_log": False},
        },
    },
    "prune_limit": {"type": "int"},
    "concurrency": {"type": "int", "default": 8},
    "secret_dir": {"type": "path", "no_log": False},
}
_LISTS = ("databases", "tables", "db_tokens")


def work(module: AnsibleModule) -> interface.Result:
    """Bring all databases, tables and tokens to the stated state."""

    def list_deleted(connection: Connection) -> Sequence[entities.State]:
        # Imported only where it is needed, because Python compiles a module's files anew for every task.
        from ansible_collections.influxops.influxdb3.plugins.module_utils._module.influxctl_access import (
            influxctl_lists,
        )

        with influxctl_lists(module, connection) as lists:
            return lists.databases(entities.DELETED)

    def look_up(connection: Connection) -> AbstractContextManager[TableLists]:
        from ansible_collections.influxops.influxdb3.plugins.module_utils._module.table_lists import listing_tables

        return listing_tables(module, connection, guarded=False)

    result = manage_cluster(module, lambda: connection_of(module), list_deleted, look_up)
    # Ansible would send the whole lists back; they are in the playbook.
    arguments = {name: value for name, value in module.params.items() if name not in _LISTS}
    arguments |= {name: f"{len(module.params[name] or ())} items" for name in _LISTS}
    result.values["invocation"] = {"module_args": arguments}
    return result


def main() -> None:
    """Run the module."""
    run(work, {**INFLUXCTL_OPTIONS, **OPTIONS}, many_objects=True)


if __name__ == "__main__":
    main()
