#!/usr/bin/python
# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One database token of a cluster: options in, plan, apply, result."""

from __future__ import annotations

DOCUMENTATION = r"""
module: db_token
short_description: Manage a database token of InfluxDB 3 Clustered or Cloud Dedicated
version_added: 0.1.0
description:
  - Makes, changes, renews and revokes a database token, which grants reading and writing of databases.
  - The server shows a token's secret once, when it is made. With O(secret_file) it is on disk before the module
    returns.
author:
  - influxops contributors (@influxops)
extends_documentation_fragment:
  - influxops.influxdb3.management_api
  - influxops.influxdb3.http_api
  - influxops.influxdb3.tokens
  - influxops.influxdb3.secret_file
  - influxops.influxdb3.attributes
  - influxops.influxdb3.attributes.group
options:
  # texts.yml: db-token-options
  permissions:
    description:
      - What the token may do. The order and duplicates don't matter. What the token has beyond it is taken away.
      - An empty list makes a token without access. If it isn't given, permissions are not compared, and a new token has
        none.
    type: list
    elements: dict
    suboptions:
      action:
        description: What is allowed.
        type: str
        required: true
        choices: [read, write]
      resource:
        description: A database's name, or V(*) for all.
        type: str
        required: true
  wait_active:
    description:
      - For how many seconds the module waits until a token that it has made or changed works. Servers take seconds to
        minutes. V(0) doesn't wait, and proves nothing.
      - If it isn't given, a token is waited for where O(revoke_superseded) depends on it, for up to 300 seconds.
      - The new token is used for C(SHOW MEASUREMENTS), which changes nothing. So this is possible only for tokens that
        may read at least one database by its name, and whose secret is known.
      - When the time is over, the task fails, and nothing that the token supersedes is revoked. The secret is in
        O(secret_file), and the next run goes on; without a file, there is a warning instead of a failure.
    type: int
  revoke_unproved:
    description:
      - Whether O(revoke_superseded) also revokes where the token that stays can't be proved to work, because it may
        only write, or read only V(*), because its secret is not at hand, or because of O(wait_active=0). Without it,
        the others are left then, and a warning names them.
      - If that token doesn't work, or nobody has its secret, access is lost.
    type: bool
    default: false
  query_host:
    description:
      - Name or URL of the host that O(wait_active) asks. By default the connection's, or for O(product=dedicated)
        C(CLUSTER_ID.a.influxdb.io).
    type: str
  # texts.yml ends
notes:
  - Without O(secret_file) the secret is in the result. Set C(no_log=true) on such a task, and on those that use the
    secret.
  - A run may be cut off at any moment. A token is made with C([pending NONCE]) after its description, and gets the
    description itself after its secret is in O(secret_file). Beside this file a journal holds the nonce from before the
    token is made. So the next run with the same file finds out what the one that was cut off has done. It revokes a
    token whose secret was lost, or goes on where the other has stopped. At its end there is one token, whose secret is
    in the file.
  - Without O(secret_file) nothing can prove whose a pending token is, since another run may be at work. It is left, and
    every run names it in a warning. A secret can be lost then, so prefer O(secret_file).
seealso:
  - module: influxops.influxdb3.db_token_info
"""

EXAMPLES = r"""
- name: Give Telegraf a token that lives 90 days and is renewed two weeks before its end
  influxops.influxdb3.db_token:
    host: https://cluster.example.com
    management_token: "{{ management_token }}"
    description: telegraf
    permissions:
      - action: write
        resource: metrics
    expires_in: 90d
    renew_before: 14d
    secret_file: "{{ secret_dir }}/telegraf.json"

- name: Renew a token for a service, and revoke the old one as soon as the new one works
  influxops.influxdb3.db_token:
    description: grafana
    permissions:
      - action: read
        resource: metrics
    expires_in: 30d
    renew_before: 7d
    revoke_superseded: true
    secret_file: /etc/grafana/influxdb3.json
    owner: grafana

- name: Make a token and keep its secret in a variable
  influxops.influxdb3.db_token:
    description: grafana
    permissions:
      - action: read
        resource: "*"
  no_log: true
  register: grafana

- name: Revoke all tokens of a description
  influxops.influxdb3.db_token:
    description: telegraf
    state: absent
    all_matching: true
"""

RETURN = r"""
db_token:
  description:
    - The token as it is now, or would be in check mode. As it was, if it has been revoked; null if it never was there.
  returned: success
  type: dict
  contains:
    id:
      description: The ID. Null in check mode for a token that would be made.
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
    access_token:
      description: The secret. Nothing else that the module returns holds it.
      returned: when a token was made without O(secret_file), or the secret is known and O(return_secret=true)
      type: str
superseded:
  description:
    - The other active tokens of the description, and the one that a new token replaces. They are revoked if
      O(revoke_superseded=true), and left as they are otherwise. With O(state=absent), the further tokens that are
      revoked.
  returned: success
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

from ansible_collections.influxops.influxdb3.plugins.module_utils._api.endpoints import ManagementApi
from ansible_collections.influxops.influxdb3.plugins.module_utils._core.interface import Result
from ansible_collections.influxops.influxdb3.plugins.module_utils._module.connect import (
    CONNECTION_OPTIONS,
    connection_of,
    run,
)
from ansible_collections.influxops.influxdb3.plugins.module_utils._tokens.db_tokens import OPTIONS, RULES, HttpTokens
from ansible_collections.influxops.influxdb3.plugins.module_utils._tokens.manage import manage_one
from ansible_collections.influxops.influxdb3.plugins.module_utils._tokens.proof import proof_of


def work(module: AnsibleModule) -> Result:
    """Bring the database token to the stated state."""
    connection = connection_of(module)
    proof = proof_of(connection, module.params)
    api = ManagementApi(connection, module.no_log_values.add)
    return manage_one(module, HttpTokens(api), proof)


def main() -> None:
    """Run the module."""
    run(work, {**CONNECTION_OPTIONS, **OPTIONS}, **RULES)


if __name__ == "__main__":
    main()
