#!/usr/bin/python
# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One profile of an influxctl config on the target: options in, edit, write, result."""

from __future__ import annotations

DOCUMENTATION = r"""
module: influxctl_profile
short_description: Manage a profile in influxctl's config.toml
version_added: 0.1.0
description:
  - Writes, changes and removes one C([[profile]]) of an influxctl C(config.toml) on the target, among it the
    management token
    that influxctl authenticates with.
  - Comments, order, unknown keys and other profiles survive byte for byte. The file is replaced atomically. A file
    that isn't
    valid TOML, or that holds the profile twice, is left untouched.
author:
  - influxops contributors (@influxops)
extends_documentation_fragment:
  - ansible.builtin.files
  - influxops.influxdb3.attributes
options:
  path:
    description:
      - The config file. A symbolic link is followed and stays.
      - The default is influxctl's own for the user that the task runs as, C(~/.config/influxctl/config.toml) (or below
        E(XDG_CONFIG_HOME)) on Linux and C(~/Library/Application Support/influxctl/config.toml) on macOS.
      - Directories that are missing are created with mode 0700.
    type: path
  name:
    description: The profile's name. influxctl uses V(default) unless it is told otherwise.
    type: str
    required: true
  state:
    description: Whether the profile shall be there.
    type: str
    choices: [present, absent]
    default: present
  product:
    description: The product. Required for a new profile.
    type: str
    choices: [clustered, dedicated]
  host:
    description: Name or address of the cluster, without a scheme.
    type: str
  port:
    description: The port, 1 to 65535. It is written as a string, as influxctl wants it.
    type: int
  account_id:
    description: The account. Required for O(product=dedicated).
    type: str
  cluster_id:
    description: The cluster. Required for O(product=dedicated).
    type: str
  mgmt_token:
    description: The management token. Needs influxctl 2.6.0 or newer.
    type: str
  database:
    description: The default database of C(influxctl query) and C(influxctl write).
    type: str
  token:
    description: The default database token of C(influxctl query) and C(influxctl write).
    type: str
  tls:
    description: How influxctl connects. Keys that aren't given stay as they are.
    type: dict
    suboptions:
      insecure:
        description: Whether the check of the server's certificate is skipped.
        type: bool
      disable:
        description: Whether plain HTTP is used.
        type: bool
      cert:
        description: Path of the client certificate on the target.
        type: str
      key:
        description: Path of the client certificate's key on the target.
        type: str
      ca:
        description: Path of the CA certificates on the target.
        type: str
  auth:
    description: Other ways to authenticate than O(mgmt_token). Keys that aren't given stay as they are.
    type: dict
    suboptions:
      oauth2:
        description: A login through an identity provider, for people.
        type: dict
        suboptions:
          client_id:
            description: The client's ID.
            type: str
          scopes:
            description: The scopes to ask for.
            type: list
            elements: str
          parameters:
            description: Further parameters, such as C(audience).
            type: dict
          token_url:
            description: The provider's token endpoint.
            type: str
          device_url:
            description: The provider's endpoint for device logins.
            type: str
      token:
        description: The bypass of the identity provider, for tests.
        type: dict
        suboptions:
          token_file:
            description: Path of the file with the admin token on the target.
            type: str
  exclusive:
    description: Whether keys of the profile that aren't given are removed. Without it they stay as they are.
    type: bool
    default: false
  exclusive_auth:
    description:
      - Whether the other kinds of authentication (O(mgmt_token), O(auth.oauth2), O(auth.token)) are removed from the
        profile
        when one is given. Which one influxctl prefers isn't documented.
    type: bool
    default: false
  backup:
    description: Whether a copy of the old file is kept beside it, with a time stamp in its name and mode 0600.
    type: bool
    default: false
  mode:
    description: The file's mode. It holds secrets, so only its owner may read it by default.
    default: "0600"
  _tomlkit:
    description:
      - Internal. The action plugin puts the controller's tomlkit here. Don't set it.
    type: str
requirements:
  - tomlkit on the controller or on the target
notes:
  - The target needs Python 3.9 or newer and no library. The controller's own C(tomlkit) is sent along.
seealso:
  - module: influxops.influxdb3.influxctl_profile_info
"""

EXAMPLES = r"""
- name: Write the default profile with a management token
  influxops.influxdb3.influxctl_profile:
    name: default
    product: clustered
    host: cluster.example.com
    port: 443
    mgmt_token: "{{ management_token }}"
    tls:
      ca: /etc/ssl/certs/cluster.pem

- name: Switch a profile from a login in the browser to a management token, and keep a copy
  influxops.influxdb3.influxctl_profile:
    name: nightly
    product: dedicated
    account_id: "{{ account_id }}"
    cluster_id: "{{ cluster_id }}"
    mgmt_token: "{{ management_token }}"
    exclusive_auth: true
    backup: true

- name: Remove a profile
  influxops.influxdb3.influxctl_profile:
    name: nightly
    state: absent
"""

RETURN = r"""
profile:
  description: The profile as it is now, or would be in check mode, without secrets; null if it is absent.
  returned: success
  type: dict
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
      sample: "443"
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
path:
  description: The file, with symbolic links resolved.
  returned: success
  type: str
  sample: /home/ops/.config/influxctl/config.toml
place:
  description:
    - A name for the file on this very machine. Two inventory names that mean the same file of the same machine get the
      same one. It changes when the machine is started anew, or when missing directories of O(path) are made.
  returned: success
  type: str
  sample: 0c8f6f0e-5a0e-4c80-8d6f-1c7b6f1f8a55:64769:131094:config.toml
backup_file:
  description: The copy of the old file.
  returned: if O(backup=true) and an existing file was changed
  type: str
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
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.influxops.influxdb3.plugins.module_utils import profiles
from ansible_collections.influxops.influxdb3.plugins.module_utils.errors import OptionError
from ansible_collections.influxops.influxdb3.plugins.module_utils.machine import place
from ansible_collections.influxops.influxdb3.plugins.module_utils.module import Result, masked, run
from ansible_collections.influxops.influxdb3.plugins.module_utils.profile_files import (
    SHIPPED_OPTIONS,
    fix_attributes,
    naming,
    read_config,
    write_config,
)

STRING: dict[str, Any] = {"type": "str"}
TLS: dict[str, dict[str, Any]] = {
    "insecure": {"type": "bool"},
    "disable": {"type": "bool"},
    "cert": STRING,
    "key": {"type": "str", "no_log": False},
    "ca": STRING,
}
OAUTH2: dict[str, dict[str, Any]] = {
    "client_id": STRING,
    "scopes": {"type": "list", "elements": "str"},
    "parameters": {"type": "dict"},
    "token_url": {"type": "str", "no_log": False},
    "device_url": STRING,
}
TOKEN: dict[str, dict[str, Any]] = {"token_file": {"type": "str", "no_log": False}}
AUTH: dict[str, dict[str, Any]] = {
    "oauth2": {"type": "dict", "options": OAUTH2},
    "token": {"type": "dict", "options": TOKEN, "no_log": False},
}
PROFILE: dict[str, dict[str, Any]] = {
    "name": {"type": "str", "required": True},
    "product": {"type": "str", "choices": ["clustered", "dedicated"]},
    "host": STRING,
    "port": {"type": "int"},
    "account_id": STRING,
    "cluster_id": STRING,
    "mgmt_token": {"type": "str", "no_log": True},
    "database": STRING,
    "token": {"type": "str", "no_log": True},
    "tls": {"type": "dict", "options": TLS},
    "auth": {"type": "dict", "options": AUTH},
}
OPTIONS: dict[str, dict[str, Any]] = {
    **SHIPPED_OPTIONS,
    **PROFILE,
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "exclusive": {"type": "bool", "default": False},
    "exclusive_auth": {"type": "bool", "default": False},
    "backup": {"type": "bool", "default": False},
    "mode": {"type": "raw", "default": "0600"},
}


def wanted_profile(params: dict[str, Any]) -> profiles.Profile:
    """Return the profile that the options state, without what isn't given. Raises OptionError."""
    if params["port"] is not None and not 1 <= params["port"] <= 65535:
        raise OptionError(f"port: {params['port']} is not between 1 and 65535.")
    if not params["name"].strip():
        raise OptionError("name: a profile's name must not be empty.")
    stated = {key: params[key] for key in PROFILE}
    return profiles.given({**stated, "port": None if params["port"] is None else str(params["port"])})


def shown(profile: profiles.Profile | None, other: profiles.Profile | None) -> dict[str, Any]:
    """Return one side of the diff, secrets masked."""
    if profile is None:
        return {}
    secrets = {
        key: masked(profile.get(key), changed=profile.get(key) != (other or {}).get(key))
        for key in ("mgmt_token", "token")
    }
    return {**profiles.public(profile), **secrets}


def work(module: AnsibleModule) -> Result:
    """Bring the profile to the stated state."""
    params = module.params
    wanted = wanted_profile(params)
    path, text, found = read_config(module)
    index = naming(path, lambda: profiles.find_profile(found, params["name"]))
    before = None if index is None else found[index]
    after: profiles.Profile | None = None
    if params["state"] == "present":
        after = profiles.merge(
            before or {}, wanted, exclusive=params["exclusive"], exclusive_auth=params["exclusive_auth"]
        )
        profiles.check(after)
    values: dict[str, Any] = {"profile": None if after is None else profiles.public(after), "path": path}
    changed = before != after
    if changed:
        edited = naming(
            path,
            lambda: (
                profiles.remove(text or "", params["name"])
                if after is None
                else profiles.edit(text or "", params["name"], after)
            ),
        )
        if not module.check_mode:
            values.update(write_config(module, path, edited, existed=text is not None))
    values["place"] = place(path)
    diff = {"before": shown(before, after), "after": shown(after, before)}
    changed = fix_attributes(module, path, changed, diff)
    return Result(changed, values, before=diff["before"], after=diff["after"])


def main() -> None:
    """Run the module."""
    run(work, OPTIONS, add_file_common_args=True)


if __name__ == "__main__":
    main()
