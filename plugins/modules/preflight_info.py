#!/usr/bin/python
# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the controller and the issuer have, and lack: look, result."""

from __future__ import annotations

DOCUMENTATION = r"""
module: preflight_info
short_description: Look whether a cluster can be administered from here
version_added: 0.1.0
description:
  - Looks at this machine's Python and libraries, at the Management API with its clock and its certificate, and at
    influxctl with the token that it authenticates with. It lists databases, management tokens and users, and sends
    nothing else. It returns no secret.
  - It needs none of the libraries to say that one is missing.
  - It serves the playbook C(influxops.influxdb3.preflight), which says what to do about what is not in order. What it
    finds doesn't fail it.
  - It is private to this collection. Only its own roles and playbooks use it, and it may change in any release.
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
  api:
    description: Whether the Management API is looked at.
    type: bool
    default: true
  influxctl:
    description: Whether influxctl is looked at.
    type: bool
    default: true
seealso:
  - module: influxops.influxdb3.preflight_host_info
"""

EXAMPLES = r"""
- name: Look whether the cluster can be reached
  influxops.influxdb3.preflight_info:
    host: https://cluster.example.com
    management_token: "{{ vault_management_token }}"
    influxctl: false
  register: found
"""

RETURN = r"""
# texts.yml: preflight-python
python:
  description: The Python that the module runs with.
  returned: success
  type: dict
  contains:
    version:
      description: Its version.
      type: str
      sample: 3.13.1
    executable:
      description: Its path.
      type: str
      sample: /usr/bin/python3
# texts.yml ends
libraries:
  description: The Python libraries that are needed for what is looked at.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Its name.
      type: str
      sample: tomlkit
    problem:
      description: Why it can't be used, a sentence; null where it can.
      type: str
is_stated:
  description: Whether any option says how the cluster is reached, or an environment variable does.
  returned: success
  type: bool
  sample: true
api:
  description: The Management API; null without O(api).
  returned: success
  type: dict
  contains:
    url:
      description: Its address; null where the options don't make one.
      type: str
      sample: https://cluster.example.com
    url_form:
      description: The form of URL in which it answers, V(short) or V(long); null where that isn't known.
      type: str
      sample: short
    is_checked:
      description: Whether the server's certificate is checked; null over plain HTTP.
      type: bool
      sample: true
    certificate_ends:
      description: When the server's certificate ends, in RFC 3339; null where it is not checked or not known.
      type: str
      sample: "2027-01-30T12:00:00Z"
    clock_skew:
      description: The seconds by which the server's clock is ahead of this machine's; negative where it is behind, and
        null where the server doesn't tell its time. A second more or less means nothing.
      type: int
      sample: 0
    failure:
      description: Why the list of databases could not be read, with the keys C(status), C(code), C(message), C(method)
        and C(path); null where it could.
      type: dict
    problem:
      description: The sentence about that failure; null without one.
      type: str
influxctl:
  description: The program; null without O(influxctl).
  returned: success
  type: dict
  contains:
    path:
      description: Where it is; null where there is none that can be run.
      type: str
      sample: /usr/bin/influxctl
    version:
      description: Its version; null where it can't be read.
      type: str
      sample: 2.12.0
    problem:
      description: Why it can't be run, a sentence; null where it can.
      type: str
management:
  description: What influxctl may do with management tokens; null without O(influxctl) or without the program.
  returned: success
  type: dict
  contains:
    problem:
      description: Why influxctl can't list the management tokens, a sentence; null where it can.
      type: str
    own:
      description: The management tokens that may be the one with which influxctl authenticates, by the prefix. Rarely
        there are several, and there is none where it authenticates otherwise.
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
users:
  description: The people who belong to the account, as influxctl lists them; null where it was not asked.
  returned: success
  type: dict
  contains:
    number:
      description: How many there are; null where they can't be listed.
      type: int
      sample: 3
    problem:
      description: Why they can't be listed, a sentence; null where they can.
      type: str
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

from typing import Any, Callable

from ansible.module_utils.basic import AnsibleModule

# pylint: disable-next=unused-import
from ansible_collections.influxops.influxdb3.plugins.module_utils._ansiballz import compiled_once  # noqa: F401
from ansible_collections.influxops.influxdb3.plugins.module_utils._core import interface
from ansible_collections.influxops.influxdb3.plugins.module_utils._module.connect import (
    CONNECTION_OPTIONS,
    INFLUXCTL_OPTIONS,
    run,
)
from ansible_collections.influxops.influxdb3.plugins.module_utils._module.interpreter import interpreter, library
from ansible_collections.influxops.influxdb3.plugins.module_utils._module.preflight import (
    look_at_api,
    look_at_influxctl,
)
from ansible_collections.influxops.influxdb3.plugins.module_utils._profile import toml_data

OPTIONS: interface.Spec = {
    "api": {"type": "bool", "default": True},
    "influxctl": {"type": "bool", "default": True},
}
# Options that say how long to wait, and not where the cluster is.
_LIMITS = ("timeout", "retries")


def requests_library() -> None:
    """Raise Influxdb3Error without a usable `requests`, which takes a while to load."""
    from ansible_collections.influxops.influxdb3.plugins.module_utils._api.transport import check_library

    check_library()


def work(module: AnsibleModule) -> interface.Result:
    """Look at everything, also where something is not in order."""
    params = module.params
    checks: dict[str, Callable[[], object]] = {"requests": requests_library} if params["api"] else {}
    checks["tomlkit"] = toml_data.tomlkit_library
    values: dict[str, Any] = {
        "python": interpreter(),
        "libraries": [library(name, check) for name, check in checks.items()],
        "is_stated": any(params[name] is not None for name in CONNECTION_OPTIONS if name not in _LIMITS),
        **{"api": None, "influxctl": None, "management": None, "users": None},
    }
    if params["api"]:
        values["api"] = look_at_api(module)
    if params["influxctl"]:
        values.update(look_at_influxctl(module))
    return interface.Result(changed=False, values=values)


def main() -> None:
    """Run the module."""
    run(work, {**INFLUXCTL_OPTIONS, **OPTIONS})


if __name__ == "__main__":
    main()
