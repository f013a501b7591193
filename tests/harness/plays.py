# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The pieces of playbooks that the tests run."""

from __future__ import annotations

from typing import Any

from simulator import Simulator


def connection(sim: Simulator) -> dict[str, Any]:
    """The connection options for a simulator."""
    options: dict[str, Any] = {"host": sim.url, "management_token": sim.admin_token, "product": sim.product}
    if sim.tls:
        options["ca_path"] = str(sim.ca_path)
    if sim.require_client_cert:
        options |= {"client_cert": str(sim.client_cert_path), "client_key": str(sim.client_key_path)}
    if sim.product == "dedicated":
        options |= {"account_id": sim.account_id, "cluster_id": sim.cluster_id}
    return options


def local_play(tasks: list[dict[str, Any]], defaults: dict[str, Any]) -> list[dict[str, Any]]:
    """A playbook that runs tasks on the controller, with defaults for the action group."""
    return [
        {
            "hosts": "localhost",
            "gather_facts": False,
            "module_defaults": {"group/influxops.influxdb3.all": defaults},
            "tasks": tasks,
        }
    ]
