# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an earlier version has made stays as it is: a run of this one changes nothing.

The files stand here as 0.1.0 wrote them, and must not follow a change of the code.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from fleet import Fleet
from harness.playbook import Ansible
from harness.plays import bootstrap_variables
from simulator import Simulator
from simulator.influxctl import install

CONFIG = """[[profile]]
name = "default"
product = "clustered"
host = "{host}"
port = "{port}"
mgmt_token = "{secret}"

[profile.tls]
ca = "{ca}"
"""
KEPT = """{{
  "id": "{id}",
  "description": "telegraf",
  "token": "{secret}",
  "created_at": "{created:%Y-%m-%dT%H:%M:%S.%fZ}",
  "expires_at": "{expires:%Y-%m-%dT%H:%M:%SZ}"
}}
"""


def test_what_0_1_0_has_made_stays_as_it_is(ansible: Ansible, sim: Simulator, tmp_path: Path) -> None:
    variables = bootstrap_variables(sim, tmp_path / "secrets")
    for stated in variables["cluster_databases"]:
        days = int(stated.get("retention_period", "0d").removesuffix("d"))
        template = stated.get("partition_template")
        sim.add_database(stated["name"], retention_period=days * 86_400 * 10**9, partition_template=template)
    (stated,) = variables["cluster_db_tokens"]
    expires = (sim.clock.now() + timedelta(days=300)).replace(microsecond=0)
    token = sim.add_db_token("telegraf", permissions=stated["permissions"], expires_at=expires)
    kept = tmp_path / "secrets" / "telegraf.json"
    kept.parent.mkdir(mode=0o700)
    kept.write_text(KEPT.format(id=token.id, secret=token.secret, created=token.created_at, expires=expires))
    kept.chmod(0o600)
    with Fleet(size=1) as fleet:
        (host,) = fleet.hosts
        programs = host.home / "bin"
        programs.mkdir(exist_ok=True)
        install(programs)
        held = sim.add_mgmt_token(f"influxctl {host.name}", expires_at=sim.clock.now() + timedelta(days=80))
        config = host.home / ".config" / "influxctl" / "config.toml"
        config.parent.mkdir(parents=True, mode=0o700)
        config.write_text(CONFIG.format(host=sim.host, port=sim.port, secret=held.secret, ca=sim.ca_path))
        config.chmod(0o600)
        before = [path.read_bytes() for path in (kept, config)]
        sim.refuse_writes = True
        run = ansible.playbook("influxops.influxdb3.bootstrap", variables=variables, inventory=fleet.inventory)
        assert run.code == 0, run.output
        assert run.changed == []
        assert [path.read_bytes() for path in (kept, config)] == before
    assert sim.writes == []
