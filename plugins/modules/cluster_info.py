#!/usr/bin/python
# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The clusters of an account: options in, list, result."""

from __future__ import annotations

DOCUMENTATION = r"""
module: cluster_info
short_description: List the clusters of an account of InfluxDB 3 Cloud Dedicated
version_added: 0.1.0
description:
  - Lists the clusters of the account with one run of C(influxctl). The Management API knows no clusters.
  - On Clustered, where each connection leads to one cluster, C(influxctl) lists none and the module fails. There
    it can look one up by O(id).
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
  id:
    description:
      - Return only the cluster with this ID, which C(influxctl cluster get) looks up; the list is empty if there is
        none.
    type: str
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
seealso:
  - module: influxops.influxdb3.user_info
"""

EXAMPLES = r"""
- name: Look a cluster up by its ID
  influxops.influxdb3.cluster_info:
    host: https://cluster.example.com
    management_token: "{{ management_token }}"
    id: "{{ cluster_id }}"
  register: found

- name: List the clusters of an account of Cloud Dedicated
  influxops.influxdb3.cluster_info:
    product: dedicated
    account_id: "{{ account_id }}"
    cluster_id: "{{ cluster_id }}"
    management_token: "{{ management_token }}"
  register: account
"""

RETURN = r"""
clusters:
  description: The clusters, sorted by name. What influxctl doesn't show is null.
  returned: success
  type: list
  elements: dict
  contains:
    account_id:
      description: The ID of the account.
      type: str
      sample: 11111111-1111-1111-1111-111111111111
    cluster_id:
      description: The ID.
      type: str
      sample: 11111111-1111-1111-1111-111111111111
    name:
      description: The name.
      type: str
      sample: production
    url:
      description: The URL of the cluster's data plane.
      type: str
      sample: https://cluster-id.a.influxdb.io
    state:
      description: What state the cluster is in, in influxctl's words.
      type: str
      sample: ready
    created_at:
      description: When it was made, in RFC 3339 and UTC.
      type: str
      sample: "2026-11-01T12:00:00Z"
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
    chosen,
)

OPTIONS: interface.Spec = {"id": {"type": "str"}, **NAME_FILTERS}


def work(module: AnsibleModule) -> interface.Result:
    """List the clusters that are asked for."""
    wanted = module.params["id"]
    with influxctl_lists(module) as lists:
        clusters = lists.clusters() if wanted is None else [*filter(None, [lists.cluster(wanted)])]
    found = [entities.CLUSTER.to_result(cluster) for cluster in chosen(module.params, clusters)]
    return interface.Result(changed=False, values={"clusters": found})


def main() -> None:
    """Run the module."""
    run(work, {**INFLUXCTL_OPTIONS, **OPTIONS}, **NAME_RULES)


if __name__ == "__main__":
    main()
