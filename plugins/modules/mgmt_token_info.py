#!/usr/bin/python
# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The management tokens of a cluster: options in, list, result."""

from __future__ import annotations

DOCUMENTATION = r"""
module: mgmt_token_info
short_description: List the management tokens of InfluxDB 3 Clustered or Cloud Dedicated
version_added: 0.1.0
description:
  - Lists management tokens with one run of C(influxctl), never their secrets.
author:
  - influxops contributors (@influxops)
extends_documentation_fragment:
  - influxops.influxdb3.management_api
  - influxops.influxdb3.influxctl
  - influxops.influxdb3.influxctl.needed
  - influxops.influxdb3.influxctl.management
  - influxops.influxdb3.attributes.info
  - influxops.influxdb3.attributes.group
options:
  id:
    description: Return only the token with this ID, also if it is revoked; the list is empty if there is none.
    type: str
  description:
    description: Return only tokens of this description.
    type: str
  token_prefix:
    description: Return only tokens with this prefix, the first nine characters of the secret.
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
  - module: influxops.influxdb3.mgmt_token
"""

EXAMPLES = r"""
- name: List all management tokens, also the revoked ones
  influxops.influxdb3.mgmt_token_info:
    config_path: /etc/influxctl/config.toml
    profile: issuer
    include_revoked: true
  register: management_tokens
"""

RETURN = r"""
mgmt_tokens:
  description: The tokens, sorted by description, then by creation.
  returned: success
  type: list
  elements: dict
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
    own:
      description: Whether influxctl authenticates with this very token, as far as its prefix tells.
      type: bool
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
from ansible_collections.influxops.influxdb3.plugins.module_utils._module.mgmt_token_access import influxctl_tokens
from ansible_collections.influxops.influxdb3.plugins.module_utils._tokens.selection import TOKEN_INFO_OPTIONS, selection

OPTIONS: interface.Spec = {
    "id": {"type": "str"},
    "token_prefix": {"type": "str", "no_log": False},
}


def work(module: AnsibleModule) -> interface.Result:
    """List the tokens that are asked for."""
    select, params = selection(module), module.params
    with influxctl_tokens(module) as tokens:
        listed = tokens.list()
        own = {token["id"] for token in listed if tokens.is_own(token)}
    found = [token for token in listed if token["id"] == params["id"]] if params["id"] is not None else select(listed)
    if params["token_prefix"] is not None:
        found = [token for token in found if token.get("token_prefix") == params["token_prefix"]]
    return interface.Result(
        changed=False,
        values={
            "mgmt_tokens": [
                {**(entities.MGMT_TOKEN.to_result(token) or {}), "own": token["id"] in own} for token in found
            ]
        },
    )


def main() -> None:
    """Run the module."""
    run(
        work,
        {**INFLUXCTL_OPTIONS, **TOKEN_INFO_OPTIONS, **OPTIONS},
        mutually_exclusive=[("id", name) for name in ("description", "token_prefix", "expiring_within")],
    )


if __name__ == "__main__":
    main()
