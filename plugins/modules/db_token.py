#!/usr/bin/python
# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One database token of a cluster, or many: options in, plan, apply, result."""

from __future__ import annotations

DOCUMENTATION = r"""
module: db_token
short_description: Manage a database token of InfluxDB 3 Clustered or Cloud Dedicated
version_added: 0.1.0
description:
  - Makes, changes, renews and revokes a database token, which grants reading and writing of databases.
  - In most cases you need O(host) and O(management_token), or O(config_path) with O(profile); O(description),
    O(permissions) and O(secret_file); and for a token that ends, O(expires_in) and O(renew_before).
  - With O(tokens) it manages many tokens at the price of one list of tokens.
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
  tokens:
    description:
      - Many tokens that shall be active, each with a description of its own. They are listed once, and those that are
        missing are made in parallel.
      - An entry that fails doesn't stop the others. If any fails, the task fails at the end, and RV(db_tokens) of the
        failed task still holds every entry's outcome and every secret that isn't in a O(tokens[].secret_file). Register
        the result and use C(ignore_errors) or C(rescue), or give each entry a file.
      - An entry without a file whose new token is there doesn't fail when what it supersedes can't be revoked. There is
        a warning, and the next run revokes it.
      - O(revoke_superseded), O(return_secret), O(on_lost_secret), O(owner), O(group), O(wait_active),
        O(revoke_unproved) and O(query_host) hold for all entries.
    type: list
    elements: dict
    suboptions:
      description:
        description: The description that identifies the token.
        type: str
        required: true
      permissions:
        description: As O(permissions).
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
      expires_at:
        description: As O(expires_at).
        type: str
      expires_in:
        description: As O(expires_in).
        type: str
      renew_before:
        description: As O(renew_before).
        type: str
      max_age:
        description: As O(max_age).
        type: str
      force:
        description: As O(force).
        type: bool
        default: false
      held_id:
        description:
          - The ID of the token whose secret is at hand elsewhere, such as in a file on a host; empty for none.
          - If this token is active and has this description, it is the current one. If it isn't, but another token of
            the description is active, O(on_lost_secret) decides.
          - A token that a run has begun and not finished, and that bears the description with C([pending NONCE]) after
            it, is then one of the entry's RV(db_tokens[].superseded).
        type: str
      secret_file:
        description: As O(secret_file).
        type: path
  ids:
    description:
      - Many tokens that shall be revoked, by their IDs, with O(state=absent). They are listed once and revoked in
        parallel. What isn't there, is revoked or has expired is passed over.
    type: list
    elements: str
  concurrency:
    description: How many of the O(tokens) are made, or of the O(ids) revoked, at the same time.
    type: int
    default: 8
  _refuse_unknown:
    description:
      - Set by the role R(influxops.influxdb3.db_token, ansible_collections.influxops.influxdb3.db_token_role). No token
        is made for a database that isn't there.
    type: bool
    default: false
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

- name: Make a token for each host, with one list of tokens
  influxops.influxdb3.db_token:
    tokens:
      - description: telegraf web1
        permissions:
          - action: write
            resource: metrics
        expires_in: 90d
        renew_before: 14d
        secret_file: "{{ secret_dir }}/web1.json"
      - description: telegraf web2
        permissions:
          - action: write
            resource: metrics
        expires_in: 90d
        renew_before: 14d
        secret_file: "{{ secret_dir }}/web2.json"

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
  returned: success, without O(tokens) and O(ids)
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
  returned: success, without O(tokens) and O(ids)
  type: list
  elements: dict
db_tokens:
  description: The outcome of each of the O(tokens), in their order; or the tokens of O(ids) as they were when revoked.
  returned: with O(tokens), also if some of them failed, and with O(ids)
  type: list
  elements: dict
  contains:
    id:
      description: The ID. Null for a token that would be made in check mode, or that could not be made.
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
      returned: when a token was made without O(tokens[].secret_file), or the secret is known and O(return_secret=true)
      type: str
    changed:
      description: Whether this entry's token was made or changed, or others were revoked for it.
      type: bool
    created:
      description: Whether this entry's token was made.
      type: bool
    superseded:
      description: The other active tokens of the description, and the one that a new token replaces.
      type: list
      elements: dict
    failure:
      description: What went wrong with this entry, with the keys of RV(failure); null if nothing did.
      type: dict
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
from ansible_collections.influxops.influxdb3.plugins.module_utils._core import errors, interface
from ansible_collections.influxops.influxdb3.plugins.module_utils._module.connect import connection_of, run
from ansible_collections.influxops.influxdb3.plugins.module_utils._tokens.db_tokens import OPTIONS, HttpTokens
from ansible_collections.influxops.influxdb3.plugins.module_utils._tokens.manage import (
    manage_many,
    manage_one,
    revoke_ids,
)
from ansible_collections.influxops.influxdb3.plugins.module_utils._tokens.many_wishes import (
    DB_ENTRY,
    many_options,
    many_rules,
)
from ansible_collections.influxops.influxdb3.plugins.module_utils._tokens.proof import proof_of

MANY: interface.Spec = {
    **many_options(DB_ENTRY, concurrency=8),
    "_refuse_unknown": {"type": "bool", "default": False},
}


def work(module: AnsibleModule) -> interface.Result:
    """Bring the database token, or many of them, to the stated state."""
    params = module.params
    if params["concurrency"] < 1:
        raise errors.OptionError("concurrency: must be 1 or more.")
    connection = connection_of(module)
    proof = proof_of(connection, params)
    is_one = params["tokens"] is None and params["ids"] is None
    workers = 1 if is_one else params["concurrency"]
    api = ManagementApi(connection, module.no_log_values.add, workers)
    # In check mode, a database may be one that an earlier task would create.
    refuses_unknown = params["_refuse_unknown"] and not module.check_mode
    backend = HttpTokens(api, workers, refuses_unknown=refuses_unknown)
    if is_one:
        return manage_one(module, backend, proof)
    return revoke_ids(module, backend) if params["tokens"] is None else manage_many(module, backend, proof)


def main() -> None:
    """Run the module."""
    run(work, {**OPTIONS, **MANY}, **many_rules("permissions"))


if __name__ == "__main__":
    main()
