#!/usr/bin/python
# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The users of an account: options in, list, result."""

from __future__ import annotations

DOCUMENTATION = r"""
module: user_info
short_description: List the users of an account of InfluxDB 3 Clustered or Cloud Dedicated
version_added: 0.1.0
description:
  - Lists the users of the account with one run of C(influxctl). The Management API knows no users.
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
  email:
    description: Return only the user with this address, in upper or lower case; the list is empty if there is none.
    type: str
seealso:
  - module: influxops.influxdb3.cluster_info
"""

EXAMPLES = r"""
- name: See who is on the account
  influxops.influxdb3.user_info:
    host: https://cluster.example.com
    management_token: "{{ management_token }}"
  register: account

- name: See whether somebody is still on it
  influxops.influxdb3.user_info:
    email: ada@example.com
  register: ada
"""

RETURN = r"""
users:
  description: The users, sorted by name. What influxctl doesn't show is null.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: The ID.
      type: str
      sample: 0d4a2d1c-8f0a-4c57-9a3f-1c1c5f0a7f11
    name:
      description: The name, or the first and the last name.
      type: str
      sample: Ada Admin
    email:
      description: The address.
      type: str
      sample: ada@example.com
    account_id:
      description: The ID of the account.
      type: str
      sample: 11111111-1111-1111-1111-111111111111
    created_at:
      description: Since when there is such a user, in RFC 3339 and UTC.
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

OPTIONS: interface.Spec = {**NAME_FILTERS, "email": {"type": "str"}}


def work(module: AnsibleModule) -> interface.Result:
    """List the users that are asked for."""
    email = module.params["email"]
    with influxctl_lists(module) as lists:
        users = lists.users()
    found = [
        entities.USER.to_result(user)
        for user in chosen(module.params, users)
        if email is None or (user.get("email") or "").casefold() == email.casefold()
    ]
    return interface.Result(changed=False, values={"users": found})


def main() -> None:
    """Run the module."""
    run(work, {**INFLUXCTL_OPTIONS, **OPTIONS}, **NAME_RULES)


if __name__ == "__main__":
    main()
