#!/usr/bin/python
# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a cluster behaves where the documentation is silent: options in, questions, report."""

from __future__ import annotations

DOCUMENTATION = r"""
module: probe
short_description: Find out how a cluster of InfluxDB 3 behaves where its documentation is silent
version_added: 0.1.0
description:
  - Answers a list of questions about the Management API and C(influxctl), each with the evidence in one sentence. The
    answers that differ from what is documented or assumed are listed as surprises.
  - In most cases you need O(host) and O(management_token), or O(config_path) with O(profile), and nothing else. Most
    questions stay open without O(writes).
  - No secret, no address, and no name or ID of yours is in the report, so that it can be published. The collection's
    tests learn from it.
  - The playbook C(influxops.influxdb3.probe) prints the report and says what to do with it.
author:
  - influxops contributors (@influxops)
extends_documentation_fragment:
  - influxops.influxdb3.management_api
  - influxops.influxdb3.http_api
  - influxops.influxdb3.attributes
  - influxops.influxdb3.attributes.group
options:
  writes:
    description:
      - Whether objects may be made to try things on. Without it the module only reads, and most questions stay open.
      - With it, the module makes some empty databases and tables, and a few tokens that end within the hour. Their
        names and descriptions consist of O(prefix), 16 random characters and a word. It removes all of them, also when
        it fails or is asked to end, and sees that they are gone. A run that was killed is cleaned up by the next one.
      - Deleted databases can be restored for some days, and revoked tokens stay in lists, as InfluxDB has it.
      - Check mode only reads.
    type: bool
    default: false
  prefix:
    description:
      - What the names of the scratch objects begin with, 3 to 32 letters, digits, V(-) and V(_).
      - Don't run two probes of one cluster with the same prefix at the same time. Each takes the other's objects for
        those of a run that was killed.
    type: str
    default: influxops-probe
  query_host:
    description:
      - Name or URL of the host that is asked when a new database token becomes active. By default the connection's, or
        for O(product=dedicated) C(CLUSTER_ID.a.influxdb.io).
    type: str
  influxctl_path:
    description:
      - The influxctl program, a path or a name that is looked up on the PATH, in C(/usr/local/bin) and in C(/usr/bin).
        Without the program, the questions about it stay open.
      - It runs with a private temporary configuration of the connection, which is removed at the end.
      - The default is V(influxctl).
    type: path
notes:
  - The module waits at most five minutes for a new database token to become active; the rest takes seconds.
seealso:
  - module: influxops.influxdb3.database_info
  - module: influxops.influxdb3.mgmt_token_info
"""

EXAMPLES = r"""
- name: Find out what can be read
  influxops.influxdb3.probe:
    host: https://cluster.example.com
    management_token: "{{ management_token }}"

- name: Find out everything
  influxops.influxdb3.probe:
    writes: true
  register: found

- name: Show what is another way than documented
  ansible.builtin.debug:
    msg: "{{ found.probe.evidence[item] }}"
  loop: "{{ found.probe.surprises }}"
"""

RETURN = r"""
probe:
  description: The report. It holds nothing that must not be published.
  returned: success, and when a failure comes after the first answer
  type: dict
  contains:
    schema:
      description: The version of the report's form.
      type: int
      sample: 1
    product:
      description: The product, V(clustered) or V(dedicated).
      type: str
      sample: clustered
    api:
      description: The version of the Management API.
      type: str
      sample: v0
    influxctl:
      description: The version of influxctl; null if there is none.
      type: str
      sample: 2.12.0
    answers:
      description:
        - For each question, by its ID, the answer; null if it could not be answered.
        - V(url_form) is V(short), V(long) or V(both); V(duplicate_status) is V(400) or V(409); V(permissions_echo) is
          V(plain), V(sorted), V(reversed) or V(deduplicated); V(encoded_slash) is V(works) or V(fails); V(error_body)
          is V(json) or V(other).
        - V(short_retention), V(buckets_over_1000), V(unknown_fields), V(empty_template), V(empty_patch) and
          V(past_expiry) are V(accepted) or V(refused).
        - V(revoked_get), V(revoked_patch), V(revoked_delete) and V(undelete_with_namesake) are HTTP statuses.
        - V(default_max_tables), V(default_max_columns), V(timestamp_digits) (of a fraction of a second) and
          V(tls_days_left) are whole numbers; V(activation_seconds) and V(clock_skew_seconds) (positive where the
          server's clock is ahead) are numbers.
        - V(influxctl_version) is a text. V(revoked_listed), V(rename_database), V(undelete_database), V(create_table),
          V(delete_table), V(rename_table), V(undelete_table), V(patch_echoes_template), V(influxctl_manages_tokens),
          V(influxctl_create_json) and V(influxctl_list_json) are true or false.
      type: dict
      sample: {"url_form": "both", "duplicate_status": 409}
    evidence:
      description: For each question, one sentence about what the answer rests on, or why there is none.
      type: dict
      sample: {"duplicate_status": "The creation of a database that exists was answered 409."}
    surprises:
      description: The IDs of the answers that are not the documented or assumed ones.
      type: list
      elements: str
      sample: [default_max_columns]
    leftovers:
      description:
        - The scratch objects that are not seen to be removed, each with C(kind) (V(database), V(db_token) or
          V(mgmt_token)) and C(name).
        - Without O(writes), those that an earlier run has left. A run with O(writes) removes them.
      type: list
      elements: dict
removed:
  description: The scratch objects of earlier runs that were removed, each with C(kind) and C(name).
  returned: success, and when a failure comes after the first answer
  type: list
  elements: dict
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
from ansible_collections.influxops.influxdb3.plugins.module_utils._core import entities, errors, interface
from ansible_collections.influxops.influxdb3.plugins.module_utils._core.signals import orderly_end
from ansible_collections.influxops.influxdb3.plugins.module_utils._module.connect import (
    INFLUXCTL_OPTIONS,
    connection_of,
    run,
)
from ansible_collections.influxops.influxdb3.plugins.module_utils._probe.engine import Report, probe
from ansible_collections.influxops.influxdb3.plugins.module_utils._probe.influxctl import private_influxctl
from ansible_collections.influxops.influxdb3.plugins.module_utils._probe.scratch import parse_prefix
from ansible_collections.influxops.influxdb3.plugins.module_utils._probe.server import Server

OPTIONS: interface.Spec = {
    "writes": {"type": "bool", "default": False},
    "prefix": {"type": "str", "default": "influxops-probe"},
    "query_host": {"type": "str"},
}


def work(module: AnsibleModule) -> interface.Result:
    """Ask the questions, and return the report also where a failure comes in between."""
    params = module.params
    prefix = entities.parse_option("prefix", params["prefix"], parse_prefix)
    connection = connection_of(module)
    server = Server(connection, module.no_log_values.add, params["query_host"])
    report, error = Report(connection.product), None
    with (
        orderly_end(),
        private_influxctl(connection, params["influxctl_path"], module.tmpdir, module.no_log_values) as (
            influxctl,
            no_influxctl,
        ),
    ):
        try:
            probe(report, server, influxctl, no_influxctl, prefix, writes=params["writes"] and not module.check_mode)
        except errors.Influxdb3Error as problem:
            if not report.answers:
                raise
            error = problem
    left = ", ".join(f"{one.kind} {one.name}" for one in report.leftovers)
    return interface.Result(
        changed=params["writes"] and bool(report.removed or report.leftovers),
        values={"probe": report.to_result(), "removed": [one.to_result() for one in report.removed]},
        warnings=[f"Not removed, as far as could be seen: {left}. Run again with writes to remove it."] if left else [],
        error=error,
    )


def main() -> None:
    """Run the module."""
    run(work, {**INFLUXCTL_OPTIONS, **OPTIONS})


if __name__ == "__main__":
    main()
