# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the module influxctl_profile_info on the target, with the controller's tomlkit."""

from __future__ import annotations

from ansible_collections.influxops.influxdb3.plugins.plugin_utils._action.shipping import ShippingAction


class ActionModule(ShippingAction):
    """The action of the module's name; Ansible finds it by this class."""
