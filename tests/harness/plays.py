# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Parts of the playbooks that tests run."""

from __future__ import annotations

from pathlib import Path
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


def bootstrap_variables(sim: Simulator, secret_dir: Path) -> dict[str, Any]:
    """Return variables of the playbook `bootstrap` for a small cluster and a fleet with influxctl on the PATH."""
    tls = {"tls": {"ca": str(sim.ca_path)}} if sim.tls else {"tls": {"disable": True}}
    return {
        "cluster_connection": connection(sim),
        "cluster_databases": [
            {"name": "metrics", "retention_period": "30d"},
            {"name": "logs", "partition_template": [{"type": "time", "value": "%Y-%m"}]},
        ],
        "cluster_db_tokens": [
            {"description": "telegraf", "permissions": [{"action": "write", "resource": "metrics"}], "expires_in": "1y"}
        ],
        "cluster_secret_dir": str(secret_dir),
        "mgmt_token_connection": connection(sim),
        "mgmt_token_expires_in": "90d",
        "mgmt_token_renew_before": "14d",
        "mgmt_token_profile": {"product": sim.product, "host": sim.host, "port": sim.port, **tls},
    }
