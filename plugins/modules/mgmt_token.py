#!/usr/bin/python
# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One management token of a cluster, or many: options in, plan, apply, result."""

from __future__ import annotations

DOCUMENTATION = r"""
module: mgmt_token
short_description: Manage a management token of InfluxDB 3 Clustered or Cloud Dedicated
version_added: 0.1.0
description:
  - Makes, renews and revokes a management token, which grants the administration of a cluster, through the C(influxctl)
    program. The HTTP API has no such operation.
  - In most cases you need O(host) and O(management_token), or O(config_path) with O(profile); O(description) and
    O(secret_file); and for a token that ends, O(expires_in) and O(renew_before).
  - Which token was made is proved by comparing the lists from before and after with what influxctl printed.
  - With O(tokens) it manages many tokens at the price of one list of tokens before, and one after if any are made.
author:
  - influxops contributors (@influxops)
extends_documentation_fragment:
  - influxops.influxdb3.management_api
  - influxops.influxdb3.influxctl
  - influxops.influxdb3.influxctl.needed
  - influxops.influxdb3.influxctl.management
  - influxops.influxdb3.tokens
  - influxops.influxdb3.secret_file
  - influxops.influxdb3.attributes
  - influxops.influxdb3.attributes.group
options:
  allow_self_revoke:
    description:
      - Whether the module may revoke the token that it authenticates with itself. Without it, O(state=absent) refuses
        to, and O(revoke_superseded) and O(ids) leave that token and warn.
    type: bool
    default: false
  tokens:
    description:
      - Many tokens that shall be active, each with a description of its own. They are listed once, what is missing is
        made in parallel, and all are proved by a second list.
      - An entry that fails doesn't stop the others. If any fails, the task fails at the end, and RV(mgmt_tokens) of the
        failed task still holds every entry's outcome and every secret that isn't in a O(tokens[].secret_file). Register
        the result and use C(ignore_errors) or C(rescue), or give each entry a file.
      - An entry without a file whose new token is there doesn't fail when what it supersedes can't be revoked. There is
        a warning, and the next run revokes it.
      - O(revoke_superseded), O(return_secret), O(on_lost_secret), O(owner), O(group) and O(allow_self_revoke) hold for
        all entries.
    type: list
    elements: dict
    suboptions:
      description:
        description: The description that identifies the token.
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
      held_prefix:
        description:
          - The first nine characters of the secret that is at hand elsewhere, such as in a host's profile; empty for
            none.
          - The active token of this description with this prefix is the current one. If there is none, but another
            active token of the description, O(on_lost_secret) decides.
        type: str
      secret_file:
        description: As O(secret_file).
        type: path
  ids:
    description:
      - Many tokens that shall be revoked, by their IDs, with O(state=absent). They are listed once and revoked
        together. What isn't there, is revoked or has expired is passed over.
    type: list
    elements: str
  concurrency:
    description: How many of the O(tokens) are made at the same time.
    type: int
    default: 4
notes:
  - Set C(no_log=true) on tasks that get a secret back, and on those that use it.
seealso:
  - module: influxops.influxdb3.mgmt_token_info
"""

EXAMPLES = r"""
- name: Keep a management token for nightly jobs, renewed a week before its end
  influxops.influxdb3.mgmt_token:
    config_path: /etc/influxctl/config.toml
    profile: issuer
    description: nightly jobs
    expires_in: 90d
    renew_before: 7d
    secret_file: "{{ secret_dir }}/nightly.json"

- name: Revoke a management token by its ID
  influxops.influxdb3.mgmt_token:
    config_path: /etc/influxctl/config.toml
    profile: issuer
    id: "{{ old_token_id }}"
    state: absent

- name: Revoke many at once
  influxops.influxdb3.mgmt_token:
    config_path: /etc/influxctl/config.toml
    profile: issuer
    ids:
      - "{{ old_token_id }}"
    state: absent

- name: Give every host a token of its own, with one list before and one after
  influxops.influxdb3.mgmt_token:
    config_path: /etc/influxctl/config.toml
    profile: issuer
    tokens:
      - description: influxctl web1
        expires_in: 90d
        renew_before: 14d
        secret_file: "{{ secret_dir }}/web1.json"
      - description: influxctl web2
        expires_in: 90d
        renew_before: 14d
        secret_file: "{{ secret_dir }}/web2.json"
"""

RETURN = r"""
mgmt_token:
  description:
    - The token as it is now, or would be in check mode. As it was, if it has been revoked; null if it never was there.
  returned: success, without O(tokens) and O(ids)
  type: dict
  contains:
    # texts.yml: mgmt-token-fields
    id:
      description: The ID. Null in check mode for a token that would be made.
      type: str
      sample: 0d4a2d1c-8f0a-4c57-9a3f-1c1c5f0a7f11
    description:
      description: The description.
      type: str
      sample: influxctl web1.example.com
    token_prefix:
      description: The first nine characters of the secret, by which influxctl names the token.
      type: str
      sample: M.V1.a1b2
    created_by:
      description: The ID of the user or token that made it; null if it isn't known.
      type: str
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
    token:
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
mgmt_tokens:
  description: The outcome of each of the O(tokens), in their order; or the tokens of O(ids) as they were when revoked.
  returned: with O(tokens), also if some of them failed, and with O(ids)
  type: list
  elements: dict
  contains:
    id:
      description: The ID. Null for a token that would be made in check mode, or that could not be made.
      type: str
      sample: 0d4a2d1c-8f0a-4c57-9a3f-1c1c5f0a7f11
    description:
      description: The description.
      type: str
      sample: influxctl web1.example.com
    token_prefix:
      description: The first nine characters of the secret.
      type: str
      sample: M.V1.a1b2
    created_by:
      description: The ID of the user or token that made it; null if it isn't known.
      type: str
    created_at:
      description: When it was made, in RFC 3339 and UTC.
      type: str
      sample: "2026-11-01T12:00:00Z"
    expires_at:
      description: When it ends; null if it doesn't expire.
      type: str
      sample: "2027-01-30T12:00:00Z"
    revoked_at:
      description: Always null, because the token is or was active.
      type: str
    token:
      description: The secret. Nothing else that the module returns holds it.
      returned: when a token was made without O(tokens[].secret_file), or the secret is known and O(return_secret=true)
      type: str
    changed:
      description: Whether this entry's token was made or others were revoked for it.
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
from ansible_collections.influxops.influxdb3.plugins.module_utils._core import interface
from ansible_collections.influxops.influxdb3.plugins.module_utils._module.connect import INFLUXCTL_OPTIONS, run
from ansible_collections.influxops.influxdb3.plugins.module_utils._module.mgmt_token_access import influxctl_tokens
from ansible_collections.influxops.influxdb3.plugins.module_utils._tokens.manage import (
    manage_many,
    manage_one,
    revoke_ids,
)
from ansible_collections.influxops.influxdb3.plugins.module_utils._tokens.many_wishes import (
    MGMT_ENTRY,
    many_options,
    many_rules,
)
from ansible_collections.influxops.influxdb3.plugins.module_utils._tokens.wishes import (
    SECRET_FILE_OPTIONS,
    TOKEN_OPTIONS,
)

OPTIONS: interface.Spec = {
    "allow_self_revoke": {"type": "bool", "default": False},
    **many_options(MGMT_ENTRY, concurrency=4),
}


def work(module: AnsibleModule) -> interface.Result:
    """Bring the management token, or many of them, to the stated state."""
    with influxctl_tokens(module) as backend:
        if module.params["tokens"] is not None:
            return manage_many(module, backend)
        if module.params["ids"] is not None:
            return revoke_ids(module, backend)
        return manage_one(module, backend)


def main() -> None:
    """Run the module."""
    run(
        work,
        {**INFLUXCTL_OPTIONS, **TOKEN_OPTIONS, **SECRET_FILE_OPTIONS, **OPTIONS},
        **many_rules(),
    )


if __name__ == "__main__":
    main()
