#!/usr/bin/python
# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The profiles of an influxctl config on the target: read, result."""

from __future__ import annotations

DOCUMENTATION = r"""
module: influxctl_profile_info
short_description: List the profiles in influxctl's config.toml
version_added: 0.1.0
description:
  - Returns the profiles of an influxctl C(config.toml) on the target, and who may read the file. Never a secret; of a
    management
    token only the prefix by which C(influxctl management list) names it.
author:
  - influxops contributors (@influxops)
extends_documentation_fragment:
  - influxops.influxdb3.attributes.info
options:
  path:
    description:
      - The config file. The default is influxctl's own for the user that the task runs as, as in the module
        M(influxops.influxdb3.influxctl_profile). If there is no file, there are no profiles.
    type: path
  name:
    description: Return only the profile of this name; the list is empty if there is none.
    type: str
  _tomlkit:
    description:
      - Internal. The action plugin puts the controller's tomlkit here. Don't set it.
    type: str
requirements:
  - tomlkit >= 0.11.6 on the controller or on the target
notes:
  - The target needs Python 3.9 or newer and no library. The controller's own C(tomlkit) is sent along, and used even
    where the target has one. The target's own counts only where the controller has none.
seealso:
  - module: influxops.influxdb3.influxctl_profile
"""

EXAMPLES = r"""
- name: Find out which management token this host holds
  influxops.influxdb3.influxctl_profile_info:
    name: default
  register: influxctl
"""

RETURN = r"""
profiles:
  description: The profiles in their order, without secrets.
  returned: success
  type: list
  elements: dict
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
refused_keys:
  description:
    - The keys in the file for which influxctl refuses the whole file, with all of its profiles. It does so for each
      key that it doesn't know, such as those of influxctl 1.x or a misspelt one, and for a value of another type. The
      module warns of them.
  returned: success
  type: list
  elements: dict
  contains:
    profile:
      description: The name of the profile with the key; null where it is in none.
      type: str
      sample: default
    key:
      description: The key, with those that it stands in. Never a value.
      type: str
      sample: auth.oauth2.client_secret
    remedy:
      description: What to do about it.
      type: str
      sample: influxctl refuses it since 2.9.8; remove it
file:
  description: The file.
  returned: always, also when it can't be read or isn't valid TOML
  type: dict
  contains:
    path:
      description: The path, with symbolic links resolved.
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
from ansible_collections.influxops.influxdb3.plugins.module_utils._core import errors, interface
from ansible_collections.influxops.influxdb3.plugins.module_utils._module.entry import run
from ansible_collections.influxops.influxdb3.plugins.module_utils._module.file_attributes import describe
from ansible_collections.influxops.influxdb3.plugins.module_utils._module.profile_files import (
    SHIPPED_OPTIONS,
    config_location,
    with_path_in_errors,
)
from ansible_collections.influxops.influxdb3.plugins.module_utils._profile import config_file, profile_reader, toml_data
from ansible_collections.influxops.influxdb3.plugins.module_utils._profile.profile_keys import refused_keys, warnings

OPTIONS: interface.Spec = {**SHIPPED_OPTIONS, "name": {"type": "str"}}


def work(module: AnsibleModule) -> interface.Result:
    """List the profiles."""
    file = {"file": describe(config_file.locate(module.params["path"], os.environ))}
    try:
        with config_location(module) as where:
            path, text = where.path, config_file.read_at(where)
        file = {"file": describe(path)}
        document = with_path_in_errors(path, lambda: toml_data.load(text or ""))
        found = with_path_in_errors(path, lambda: profile_reader.profiles_of(document))
    except errors.ProfileError as error:
        # Who may read the file matters even more when nobody can say what is in it.
        return interface.Result(changed=False, values=file, error=error)
    name = module.params["name"]
    listed = [profile_reader.public(profile) for profile in found if name in (None, profile.get("name"))]
    refused = refused_keys(document)
    values = {"profiles": listed, "refused_keys": refused, **file}
    return interface.Result(changed=False, values=values, warnings=warnings(path, refused))


def main() -> None:
    """Run the module."""
    run(work, OPTIONS)


if __name__ == "__main__":
    main()
