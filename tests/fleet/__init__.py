# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fleet of hosts for Ansible on this machine: real OpenSSH client, one SSH server per host, no root."""

from __future__ import annotations

from fleet.fleet import Fleet
from fleet.host import Host

__all__ = ["Fleet", "Host"]
