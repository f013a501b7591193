# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter fleet_profile: what the hosts' profile holds, completed from the connection."""

from __future__ import annotations

DOCUMENTATION = r"""
name: fleet_profile
short_description: Complete the hosts' profile from the connection
version_added: 0.1.0
description:
  - Adds to a profile's keys those that are not stated and that follow from how the cluster is reached, so that a
    cluster is stated once. The role
    R(influxops.influxdb3.mgmt_token, ansible_collections.influxops.influxdb3.mgmt_token_role) uses it.
  - Of a Clustered connection the profile takes the product, and host and port as influxctl wants them, apart and
    without a scheme; with a plain C(http) URL, C(tls.disable) as well. Of a Dedicated one it takes the product, the
    account and the cluster, because the host of the Management API is not that of the data plane.
author:
  - influxops contributors (@influxops)
positional: connection
options:
  _input:
    description: The keys of the profile that are stated. Nothing stated is changed.
    type: dict
    required: true
  connection:
    description:
      - The connection options. Where they name an influxctl profile (C(config_path), C(profile)) and no product,
        nothing is known of the cluster, and nothing is added.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Show what the hosts' profile holds
  ansible.builtin.debug:
    msg: "{{ {'name': 'default'} | influxops.influxdb3.fleet_profile({'host': 'https://cluster.example.com'}) }}"
"""

RETURN = r"""
_value:
  description: The keys of the profile, in the form of the options of M(influxops.influxdb3.influxctl_profile).
  type: dict
"""

from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.influxops.influxdb3.plugins.plugin_utils._fleet.profile_defaults import complete_profile


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Any]:
        """Return them by name."""
        return {"fleet_profile": fleet_profile}


def fleet_profile(profile: dict[str, Any], connection: dict[str, Any]) -> dict[str, Any]:
    """Return the profile's keys. Raises AnsibleFilterError for a host that no profile can hold."""
    try:
        return complete_profile(profile, connection)
    except ValueError as error:
        raise AnsibleFilterError(str(error)) from error
