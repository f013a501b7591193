#!/usr/bin/python
# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The database tokens of a cluster: options in, list, result."""

from __future__ import annotations

DOCUMENTATION = r"""
module: db_token_info
short_description: List the database tokens of InfluxDB 3 Clustered or Cloud Dedicated
version_added: 0.1.0
description:
  - Lists database tokens with one request, never their secrets.
  - A token whose description ends in C([pending NONCE]) was begun by a run of M(influxops.influxdb3.db_token) that
    is at work or was cut off.
author:
  - influxops contributors (@influxops)
extends_documentation_fragment:
  - influxops.influxdb3.management_api
  - influxops.influxdb3.http_api
  - influxops.influxdb3.attributes.info
  - influxops.influxdb3.attributes.group
options:
  id:
    description: Return only the token with this ID, also if it is revoked; the list is empty if there is none.
    type: str
  description:
    description: Return only tokens of this description.
    type: str
  database:
    description: Return only tokens that may read or write this database, also through V(*).
    type: str
  include_revoked:
    description: Whether revoked tokens are returned as well.
    type: bool
    default: false
  expiring_within:
    description:
      - Return only tokens that end within this time, such as V(14d), among them those that have expired. A number needs
        a unit (V(s), V(m), V(h), V(d), V(w), V(mo), V(y)); only V(0), which finds what has expired, needs none.
    type: str
seealso:
  - module: influxops.influxdb3.db_token
"""

EXAMPLES = r"""
- name: List all active database tokens
  influxops.influxdb3.db_token_info:
    host: https://cluster.example.com
    management_token: "{{ management_token }}"

- name: Find the tokens for one database that end within two weeks
  influxops.influxdb3.db_token_info:
    database: metrics
    expiring_within: 14d
  register: expiring
"""

RETURN = r"""
db_tokens:
  description: The tokens, sorted by description, then by creation.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: The ID.
      type: str
      sample: 0d4a2d1c-8f0a-4c57-9a3f-1c1c5f0a7f11
    # texts.yml: db-token-fields
    description:
      description: The description.
      type: str
      sample: telegraf
    permissions:
      description: What the token may do, sorted, without duplicates.
      type: list
      elements: dict
      sample: [{action: write, resource: metrics}]
    created_at:
      description: When it was made, in RFC 3339 and UTC.
      type: str
      sample: '2026-11-01T12:00:00Z'
    expires_at:
      description: When it ends; null if it doesn't expire.
      type: str
      sample: '2027-01-30T12:00:00Z'
    revoked_at:
      description: When it was revoked; null if it wasn't.
      type: str
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
from ansible_collections.influxops.influxdb3.plugins.module_utils._core import entities, errors, interface
from ansible_collections.influxops.influxdb3.plugins.module_utils._module.connect import connect, run
from ansible_collections.influxops.influxdb3.plugins.module_utils._tokens.selection import TOKEN_INFO_OPTIONS, selection

OPTIONS: interface.Spec = {
    "id": {"type": "str"},
    "database": {"type": "str"},
}


def work(module: AnsibleModule) -> interface.Result:
    """List the tokens that are asked for."""
    select, params = selection(module), module.params
    api = connect(module)
    if params["id"] is not None:
        try:
            found = [api.get_token(params["id"])]
        except errors.NotFound:  # so some servers say of a revoked token, which they list nevertheless
            found = [token for token in api.list_tokens() if token["id"] == params["id"]]
        return interface.Result(
            changed=False, values={"db_tokens": [entities.DB_TOKEN.to_result(token) for token in found]}
        )
    found = select(api.list_tokens())
    if params["database"] is not None:
        wanted = {params["database"], "*"}
        found = [t for t in found if any(p["resource"] in wanted for p in t.get("permissions", []))]
    return interface.Result(
        changed=False, values={"db_tokens": [entities.DB_TOKEN.to_result(token) for token in found]}
    )


def main() -> None:
    """Run the module."""
    run(
        work,
        {**TOKEN_INFO_OPTIONS, **OPTIONS},
        mutually_exclusive=[("id", name) for name in ("description", "database", "expiring_within")],
    )


if __name__ == "__main__":
    main()
