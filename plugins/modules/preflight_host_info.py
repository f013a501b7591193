#!/usr/bin/python
# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host of the fleet has, and lacks, for the role mgmt_token: look, result."""

from __future__ import annotations

DOCUMENTATION = r"""
module: preflight_host_info
short_description: Look whether a host can hold and use an influxctl profile
version_added: 0.1.0
description:
  - Looks at a host's Python, influxctl, and the config file with its directory and its keys, and has influxctl prove
    the profile that is there. Changes nothing, and returns no secret.
  - It serves the playbook C(influxops.influxdb3.preflight), which says what to do about what is not in order. What it
    finds doesn't fail it.
  - It is private to this collection. Only its own roles and playbooks use it, and it may change in any release.
author:
  - influxops contributors (@influxops)
extends_documentation_fragment:
  - influxops.influxdb3.attributes.info
options:
  path:
    description:
      - The config file. The default is influxctl's own for the user that the task runs as, as in the module
        M(influxops.influxdb3.influxctl_profile).
    type: path
  name:
    description: The profile that is proved.
    type: str
    default: default
  influxctl_path:
    description:
      - The influxctl program on the host, a path or a name that is looked up on the PATH, in C(/usr/local/bin) and in
        C(/usr/bin).
    type: path
    default: influxctl
  prove:
    description:
      - Whether influxctl is run, by C(influxctl database list) with a profile that has a token, and otherwise for its
        version. Without it, the host needs no influxctl.
    type: bool
    default: true
  tls:
    description:
      - The key C(tls) of a profile that the host is to get. Whether the files of its C(ca), C(cert) and C(key) can be
        read there is looked at. Other keys have no effect.
    type: dict
    default: {}
  timeout:
    description: The seconds that one run of influxctl may take. More than 0, and at most 3600.
    type: float
    default: 60
  _tomlkit:
    description:
      - Internal. The action plugin puts the controller's tomlkit here. Don't set it.
    type: str
notes:
  - The target needs Python 3.9 or newer and no library. The controller's own C(tomlkit) is sent along for hosts whose
    Python is older than 3.11.
seealso:
  - module: influxops.influxdb3.preflight_info
  - module: influxops.influxdb3.influxctl_profile_info
"""

EXAMPLES = r"""
- name: Look whether the host can hold a profile
  influxops.influxdb3.preflight_host_info:
    name: default
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
influxctl:
  description: The program; null without O(prove).
  returned: success
  type: dict
  contains:
    path:
      description: Where it is; null where there is none that can be run.
      type: str
      sample: /usr/bin/influxctl
    version:
      description: Its version; null where it was not asked for, because the profile is proved, or can't be read.
      type: str
      sample: 2.12.0
    failure:
      description: Why it can't be run, a sentence; null where it can.
      type: str
file:
  description: The config file, whether it is there or not.
  returned: success
  type: dict
  contains:
    path:
      description: The path.
      type: str
      sample: /home/ops/.config/influxctl/config.toml
    exists:
      description: Whether it is there.
      type: bool
      sample: true
    owner:
      description: The owner's name, or number if there is no name; null without a file.
      type: str
      sample: ops
    group:
      description: The group's name, or number if there is no name; null without a file.
      type: str
      sample: ops
    mode:
      description: The permissions; null without a file.
      type: str
      sample: "0600"
    directory:
      description: The directory that it is in, or the nearest above that is there.
      type: str
      sample: /home/ops/.config/influxctl
    directory_mode:
      description: The permissions of this directory.
      type: str
      sample: "0700"
    obstacle:
      description: Why the user that the task runs as can't replace the file, the end of a sentence; empty where they
        can.
      type: str
    failure:
      description: Why the file can't be read, or is no config, a sentence; null where it can.
      type: str
tls_files:
  description: The files that O(tls) names.
  returned: success
  type: list
  elements: dict
  contains:
    key:
      description: The key of C(tls) that names it.
      type: str
      sample: ca
    path:
      description: Its path.
      type: str
      sample: /etc/ssl/influxdb3-ca.pem
    problem:
      description: Why it can't be read, the end of a sentence; null where it can.
      type: str
      sample: No such file or directory
refused_keys:
  description:
    - The keys for which influxctl refuses the whole file, as in the module
      M(influxops.influxdb3.influxctl_profile_info).
  returned: success
  type: list
  elements: dict
profile:
  description: The profile O(name); null where there is none.
  returned: success
  type: dict
  # texts.yml: profile-fields
  contains:
    name:
      description: The profile's name.
      type: str
      sample: default
    product:
      description: The product; null where the profile doesn't state it, as with the other keys.
      type: str
      sample: clustered
    host:
      description: The host.
      type: str
      sample: cluster.example.com
    port:
      description: The port.
      type: str
      sample: '443'
    account_id:
      description: The account.
      type: str
    cluster_id:
      description: The cluster.
      type: str
    database:
      description: The default database of queries and writes.
      type: str
    tls:
      description: The keys C(insecure), C(disable), C(cert), C(key) and C(ca); null without any.
      type: dict
    auth:
      description: How the profile authenticates, V(mgmt_token), V(oauth2) or V(token_file); null for none.
      type: str
      sample: mgmt_token
    mgmt_token_prefix:
      description: The first nine characters of the management token, by which influxctl names it.
      type: str
      sample: M.V1.a1b2
  # texts.yml ends
proved:
  description: Whether influxctl works with the profile; null where that was not tried.
  returned: success
  type: bool
  sample: true
proof_failure:
  description: Why it doesn't, a sentence; null where it does or where that was not tried.
  returned: success
  type: str
# texts.yml: failure-of-a-profile
failure:
  description: What went wrong. All five keys are always there, null where one doesn't apply.
  returned: failure
  type: dict
  contains:
    status:
      description: Always null.
      type: int
    code:
      description: A stable word for the cause.
      type: str
      sample: invalid_toml
    message:
      description: The sentence of the failure.
      type: str
      sample: it is not valid TOML at line 3
    method:
      description: Always null.
      type: str
    path:
      description: Always null.
      type: str
# texts.yml ends
"""

import os

from ansible.module_utils.basic import AnsibleModule

# pylint: disable-next=unused-import
from ansible_collections.influxops.influxdb3.plugins.module_utils._ansiballz import compiled_once  # noqa: F401
from ansible_collections.influxops.influxdb3.plugins.module_utils._core import interface
from ansible_collections.influxops.influxdb3.plugins.module_utils._core.replaceable import obstacle
from ansible_collections.influxops.influxdb3.plugins.module_utils._influxctl.trials import trials
from ansible_collections.influxops.influxdb3.plugins.module_utils._module.entry import run
from ansible_collections.influxops.influxdb3.plugins.module_utils._module.file_attributes import describe
from ansible_collections.influxops.influxdb3.plugins.module_utils._module.host_preflight import (
    directory_of,
    read_config,
    tls_files,
    try_out,
)
from ansible_collections.influxops.influxdb3.plugins.module_utils._module.interpreter import interpreter
from ansible_collections.influxops.influxdb3.plugins.module_utils._module.profile_files import SHIPPED_OPTIONS
from ansible_collections.influxops.influxdb3.plugins.module_utils._profile import config_file, profile_reader
from ansible_collections.influxops.influxdb3.plugins.module_utils._profile.profile_keys import refused_keys

OPTIONS: interface.Spec = {
    **SHIPPED_OPTIONS,
    "name": {"type": "str", "default": "default"},
    "influxctl_path": {"type": "path", "default": "influxctl"},
    "prove": {"type": "bool", "default": True},
    "tls": {"type": "dict", "default": {}},
    "timeout": {"type": "float", "default": 60.0},
}
# A profile of another kind asks for a login, which nobody can do here.
_PROVABLE = ("mgmt_token", "token_file")


def work(module: AnsibleModule) -> interface.Result:
    """Look at everything, also where something is not in order."""
    params = module.params
    options = {"influxctl_path": params["influxctl_path"], "retries": 0, "delay": 0, "timeout": params["timeout"]}
    how = trials(options)
    path = config_file.locate(params["path"], os.environ)
    document, profile, failure = read_config(module)
    values = {
        "python": interpreter(),
        "file": {**describe(path), **directory_of(path), "obstacle": obstacle(path), "failure": failure},
        "tls_files": tls_files(params["tls"]),
        "refused_keys": refused_keys(document),
        "profile": None if profile is None else profile_reader.public(profile),
        **{"influxctl": None, "proved": None, "proof_failure": None},
    }
    if params["prove"]:
        is_provable = profile is not None and profile_reader.auth_kind(profile) in _PROVABLE
        values.update(try_out(how, path, params["name"] if is_provable else None, document))
    return interface.Result(changed=False, values=values)


def main() -> None:
    """Run the module."""
    run(work, OPTIONS)


if __name__ == "__main__":
    main()
