#!/usr/bin/python
# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Profiles of an influxctl config on the target, one or many: options in, edit, write, result."""

from __future__ import annotations

DOCUMENTATION = r"""
module: influxctl_profile
short_description: Manage profiles in influxctl's config.toml
version_added: 0.1.0
description:
  - Writes, changes and removes a C([[profile]]) of an influxctl C(config.toml) on the target, among it the management
    token that influxctl authenticates with.
  - In most cases you need O(name), O(product), O(host) and O(mgmt_token), and O(prove) to have it tried first; for
    Cloud Dedicated, O(account_id) and O(cluster_id) in place of O(host).
  - Comments, order, unknown keys and other profiles survive byte for byte. The file is replaced atomically. A file
    that isn't valid TOML, or that holds the profile twice, is left untouched.
  - The diff shows the profile's keys before and after. Tokens, an identity provider's parameters and keys that this
    module doesn't know are masked; where such a value changes, the diff shows only that it does.
  - With O(profiles) it manages many profiles of one file at the price of one.
author:
  - influxops contributors (@influxops)
extends_documentation_fragment:
  - ansible.builtin.files
  - influxops.influxdb3.attributes
options:
  path:
    description:
      - The config file. A symbolic link is followed and stays, where it and those on the way belong to root or to the
        user that the task runs as; others are refused, because they may lead anywhere. What is no regular file is
        refused, and so is a file with several names (hard links) in a directory of somebody else's, or in one where
        everybody may write.
      - From reading to replacing the file, its directory is locked (C(flock)), so that tasks which change several
        profiles of one file at the same time wait for each other. File systems that can't lock a directory, as NFS,
        give no such protection.
      - The default is influxctl's own for the user that the task runs as, C(~/.config/influxctl/config.toml) (or below
        E(XDG_CONFIG_HOME)) on Linux and C(~/Library/Application Support/influxctl/config.toml) on macOS.
      - Directories that are missing are created with mode 0700.
    type: path
  name:
    description: The profile's name. influxctl uses V(default) unless it is told otherwise.
    type: str
  state:
    description:
      - Whether the profile shall be there.
      - V(absent) removes the profile's lines with the comments among them. Comments above the next header stay, and so
        does all that is below the profile's last line from the first blank line on, as it may be about what comes next.
    type: str
    choices: [present, absent]
    default: present
  # texts.yml: profile-address
  product:
    description: The product. Required for a new profile.
    type: str
    choices: [clustered, dedicated]
  host:
    description:
      - Name or address of the cluster, without a scheme, a port or a path. A URL is refused, with the keys that it
        means (O(host), O(port) and O(tls.disable)).
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
  # texts.yml ends
  # texts.yml: profile-keys
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
  exclusive:
    description: Whether keys of the profile that aren't given are removed. Without it they stay as they are.
    type: bool
    default: false
  # texts.yml ends
  # texts.yml: profile-auth
  mgmt_token:
    description:
      - The management token. Needs influxctl 2.6.0 or newer.
      - What can't be a token is refused before anything is written, with O(token) and the secret ones among
        O(auth.oauth2.parameters) as well, so that it doesn't take the place of a good one. That is an empty text, and
        one with a blank, a line end, quotes or C(Bearer).
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
            description:
              - Further parameters, such as C(audience). Those whose names say that they are secret, such as
                C(client_secret), are masked in all output.
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
  exclusive_auth:
    description:
      - Whether the other kinds of authentication (O(mgmt_token), O(auth.oauth2), O(auth.token)) are removed from the
        profile when one is given. Which one influxctl prefers isn't documented.
    type: bool
    default: false
  # texts.yml ends
  profiles:
    description:
      - Many profiles of the file, instead of O(name) and the options of one profile. The file is written once, with all
        of them, or not at all if one of them is wrong.
    type: list
    elements: dict
    suboptions:
      name:
        description: The profile's name, which no other entry has.
        type: str
        required: true
      state:
        description: As O(state).
        type: str
        choices: [present, absent]
        default: present
      # texts.yml: profile-address, brief, in profiles[]
      product:
        description: The product. Required for a new profile.
        type: str
        choices: [clustered, dedicated]
      host:
        description: Name or address of the cluster, without a scheme, a port or a path. A URL is refused, with the keys
          that it means (O(profiles[].host), O(profiles[].port) and O(profiles[].tls.disable)).
        type: str
      port:
        description: The port, 1 to 65535. It is written as a string, as influxctl wants it.
        type: int
      account_id:
        description: The account. Required for O(profiles[].product=dedicated).
        type: str
      cluster_id:
        description: The cluster. Required for O(profiles[].product=dedicated).
        type: str
      # texts.yml ends
      # texts.yml: profile-keys, brief, in profiles[]
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
      exclusive:
        description: Whether keys of the profile that aren't given are removed. Without it they stay as they are.
        type: bool
        default: false
      # texts.yml ends
      # texts.yml: profile-auth, brief, in profiles[]
      mgmt_token:
        description: The management token. Needs influxctl 2.6.0 or newer.
        type: str
      auth:
        description: Other ways to authenticate than O(profiles[].mgmt_token). Keys that aren't given stay as they are.
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
                description: Further parameters, such as C(audience). Those whose names say that they are secret, such
                  as C(client_secret), are masked in all output.
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
      exclusive_auth:
        description: Whether the other kinds of authentication (O(profiles[].mgmt_token), O(profiles[].auth.oauth2),
          O(profiles[].auth.token)) are removed from the profile when one is given. Which one influxctl prefers isn't
          documented.
        type: bool
        default: false
      # texts.yml ends
  backup:
    description:
      - Whether a copy of the old file is kept beside it, with mode 0600 and a random part and a time stamp in its name.
    type: bool
    default: false
  mode:
    description: The file's mode. It holds secrets, so only its owner may read it by default.
    default: "0600"
  prove:
    description:
      - Has the profiles that change proved before the file is replaced, one after the other. The new file lies beside
        the old one under a private name (mode 0600), and C(influxctl --config THAT --profile NAME database list) must
        succeed. Only then does it take the old one's place, and is read again.
      - A proof that fails leaves the old file byte for byte, and the task fails with what influxctl printed, without
        the secrets of the old and the new file (code V(not_proved); V(influxctl_missing) where there is no program).
      - Where nothing is to be written, or profiles are only removed, influxctl isn't run; nor is it in check mode.
      - influxctl decides what works, whatever the profile authenticates with. With O(auth.oauth2) it needs a login
        that it has cached for this user; it is ended where it waits for one in a browser. With O(auth.token) the token
        file must be readable for this user.
      - influxctl runs as the user that the task runs as, without a shell and without a terminal, and without the
        variables E(INFLUXCTL_PROFILE) and the like. No secret is on its command line.
      - While it runs, other tasks that change a file of the directory wait.
      - V({}) takes all defaults. By default nothing is proved.
    type: dict
    version_added: 0.1.0
    suboptions:
      # texts.yml: prove-options
      influxctl_path:
        description:
          - The influxctl program on the target, a path or a name that is looked up on the PATH, in C(/usr/local/bin)
            and in C(/usr/bin).
        type: path
        default: influxctl
      retries:
        description:
          - How often a trial that fails is repeated, 0 or more. A new token may take a while to become active, and a
            network to come back.
          - A wrong certificate isn't tried again, and neither is a program that used up its time.
        type: int
        default: 5
      delay:
        description: The seconds before each repetition, at most 3600.
        type: float
        default: 2
      timeout:
        description: The seconds that one run of influxctl may take, more than 0 and at most 3600.
        type: float
        default: 60
      # texts.yml ends
  _tomlkit:
    description:
      - Internal. The action plugin puts the controller's tomlkit here. Don't set it.
    type: str
  _prove_unchanged:
    description:
      - Internal. Has O(prove) prove the profiles also where nothing is to be written. Don't set it.
    type: bool
    default: false
requirements:
  - tomlkit >= 0.11.6 on the controller or on the target
notes:
  - The target needs Python 3.9 or newer and no library. An older one is named, with what to do (code V(old_python)).
  - The controller's own C(tomlkit) is sent along, and used even where the target has one. The target's own counts only
    where the controller has none.
  - Without C(tomlkit) on either, a target with Python 3.11 or newer can still tell that nothing is to be changed, and
    anything else fails before it touches the file.
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

- name: Write two profiles at once, and remove a third
  influxops.influxdb3.influxctl_profile:
    profiles:
      - name: default
        product: clustered
        host: cluster.example.com
        mgmt_token: "{{ management_token }}"
      - name: archive
        product: clustered
        host: archive.example.com
      - name: old
        state: absent

- name: Write a profile only if influxctl works with it on this very machine
  influxops.influxdb3.influxctl_profile:
    name: default
    product: clustered
    host: cluster.example.com
    port: 443
    mgmt_token: "{{ management_token }}"
    prove:
      retries: 3

- name: Remove a profile
  influxops.influxdb3.influxctl_profile:
    name: nightly
    state: absent
"""

RETURN = r"""
profile:
  description: The profile as it is now, or would be in check mode, without secrets; null if it is absent.
  returned: success, or when a proof has failed, without O(profiles)
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
other_mgmt_token_prefixes:
  description:
    - The first nine characters of the management tokens that the other profiles of the file hold, in their order.
      Whoever revokes a token sees here that another profile needs it.
    - When a proof has failed, this and RV(profile) or RV(profiles) are what the file holds then, read again.
  returned: success, or when a proof has failed, without O(profiles)
  type: list
  elements: str
  sample: [M.V1.c3d4]
profiles:
  description: The outcome of each of the O(profiles), in their order.
  returned: success, or when a proof has failed, with O(profiles)
  type: list
  elements: dict
  contains:
    name:
      description: The profile's name.
      type: str
      sample: default
    changed:
      description: Whether this profile was changed.
      type: bool
    profile:
      description: As RV(profile).
      type: dict
path:
  description: The file, with symbolic links resolved.
  returned: success, or when a proof has failed
  type: str
  sample: /home/ops/.config/influxctl/config.toml
file_identity:
  description:
    - A name for the file on this very machine. Two inventory names that mean the same file of the same machine get the
      same one. It changes when the machine is started anew, or when missing directories of O(path) are made.
  returned: success
  type: str
  sample: 0c8f6f0e-5a0e-4c80-8d6f-1c7b6f1f8a55:64769:131094:config.toml
refused_keys:
  description:
    - The keys in the file for which influxctl refuses the whole file, with all of its profiles. It does so for each
      key that it doesn't know, such as those of influxctl 1.x or a misspelt one, and for a value of another type. The
      module warns of them, and leaves them as they are.
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
proved:
  description:
    - Whether influxctl has listed the databases with each of the profiles that changed. V(false) in the result of a
      proof that failed; null when no proof was asked for, or none was due, as nothing is to be written, a profile is
      only removed, or in check mode.
  returned: success, or when a proof has failed
  type: bool
  sample: true
backup_file:
  description: The copy of the old file.
  returned: if O(backup=true) and an existing file was changed
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

from ansible.module_utils.basic import AnsibleModule

# pylint: disable-next=unused-import
from ansible_collections.influxops.influxdb3.plugins.module_utils._ansiballz import compiled_once  # noqa: F401
from ansible_collections.influxops.influxdb3.plugins.module_utils._core import interface
from ansible_collections.influxops.influxdb3.plugins.module_utils._core.signals import orderly_end
from ansible_collections.influxops.influxdb3.plugins.module_utils._influxctl.trials import (
    PROVE_OPTIONS,
    NotProved,
    trials,
)
from ansible_collections.influxops.influxdb3.plugins.module_utils._module.entry import run
from ansible_collections.influxops.influxdb3.plugins.module_utils._module.profile_converging import (
    converge_profiles,
    not_proved,
)
from ansible_collections.influxops.influxdb3.plugins.module_utils._module.profile_files import (
    SHIPPED_OPTIONS,
    locked_config,
)
from ansible_collections.influxops.influxdb3.plugins.module_utils._profile import profile_options

OPTIONS: interface.Spec = {
    **SHIPPED_OPTIONS,
    **profile_options.PROFILE_OPTIONS,
    "prove": {"type": "dict", "options": PROVE_OPTIONS},
    "_prove_unchanged": {"type": "bool", "default": False},
    "backup": {"type": "bool", "default": False},
    "mode": {"type": "raw", "default": "0600"},
}


def work(module: AnsibleModule) -> interface.Result:
    """Bring the profiles to their stated state: all of them, or none if one of them can't be."""
    module.no_log_values.update(profile_options.secret_parameters(module.params))
    wishes = profile_options.wishes(module.params)
    how = trials(module.params["prove"]) if module.params["prove"] is not None else None
    with orderly_end(), locked_config(module) as where:
        try:
            return converge_profiles(module, where, wishes, how)
        except NotProved as error:
            return not_proved(module, where, wishes, error)


def main() -> None:
    """Run the module."""
    run(
        work,
        OPTIONS,
        add_file_common_args=True,
        required_one_of=[("name", "profiles")],
        mutually_exclusive=[("profiles", name) for name in ("name", *profile_options.ONE_PROFILE)],
    )


if __name__ == "__main__":
    main()
