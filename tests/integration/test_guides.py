# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Follows every page of the documentation from its top to its end, on a fleet of two hosts and a simulated cluster."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
import yaml

from fleet import Fleet
from fleet.host import Host
from fleet.packages import archive, checksum, web_server
from harness import systemd
from harness.fixtures import manages_tokens
from harness.install import CHECKOUT
from harness.pages import Reader, blocks
from harness.playbook import Ansible
from harness.plays import connection
from harness.rotation import CONFIG, Rotation
from harness.sample import sample
from harness.sweeps import assert_no_secret
from simulator import Fault, MgmtToken, Request, Simulator, Switches
from simulator.influxctl import install

RST = CHECKOUT / "docs" / "docsite" / "rst"
START = RST / "guide_getting_started.rst"
# What guide_awx shows is files of docs/awx, which test_awx.py runs; mapping shows no block.
PAGES = sorted(path for path in RST.glob("*.rst") if path.stem not in ("guide_awx", "mapping"))
# What everybody does first, and the shortest; the other guides go through the same playbooks with more care.
SAMPLE = ("guide_getting_started", "playbook_audit", "playbook_rotate")
KNOWN_ID = "0f2c7c9e-3b41-4c55-9a53-6f0d3a1b7c20"
NAMES = ("web1", "web2")


@dataclass
class World(Rotation):
    """What a page is followed in: a controller, two hosts, a cluster, and all that a page may have happen."""

    tarball: Path = Path()
    known_id: str = ""
    mirror: str = ""
    archive: Path = Path()
    stack: ExitStack = field(default_factory=ExitStack)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.controller = self.ansible.workdir / "controller"
        self.secrets = self.ansible.home / "influxdb3" / "secrets"
        self.environment = {
            # With what Python needs to compile modules once (fixture `compiled`).
            **self.ansible.environment,
            "ANSIBLE_COLLECTIONS_PATH": str(self.ansible.collections),
            "ANSIBLE_LOCALHOST_WARNING": "false",
            "ANSIBLE_NOCOLOR": "true",
            "ANSIBLE_PIPELINING": "true",
            # The pages' hosts are reached by somebody else than root.
            "ANSIBLE_BECOME_ALLOW_SAME_USER": "true",
            "HOME": str(self.ansible.home),
            "PATH": os.pathsep.join([str(self.program.parent), str(Path(sys.executable).parent), os.environ["PATH"]]),
        }
        defaults = connection(self.sim)
        self.reader = Reader(self.controller, self.environment, self.to_real, self.to_page, self.acts(), defaults)
        # How the page's hosts are reached stands beside the page's inventory.
        inventory = json.loads(self.fleet.inventory.read_text())["influxdb3_fleet"]["hosts"]
        for name, host in zip(NAMES, self.fleet.hosts, strict=True):
            variables = {**inventory[host.name], "etc": str(host.home / "etc")}
            self.reader.write(f"host_vars/{name}/connection.yml", yaml.safe_dump(variables))

    def description(self, host: Host) -> str:
        """What a host's token is called, by the host's name on the pages."""
        return f"influxctl {NAMES[self.fleet.hosts.index(host)]}"

    def to_real(self, text: str) -> str:
        """The simulator in place of the page's cluster, with its port and its CA; and so on."""
        sim = self.sim
        text = text.replace("https://cluster.example.com:8443", sim.url).replace("8443", str(sim.port))
        text = text.replace("/etc/ssl/certs/our-ca.pem", str(sim.ca_path)).replace(KNOWN_ID, self.known_id)
        text = re.sub(
            r"( *)(host: )https://cluster\.example\.com\n", rf"\1\2{sim.url}\n\1ca_path: {sim.ca_path}\n", text
        )
        # Each host has an /etc of its own.
        text = re.sub(r": (/etc/(?:telegraf|systemd)\S*)$", r': "\1"', text, flags=re.MULTILINE)
        text = re.sub(r"/etc/(?=telegraf|systemd)", "{{ etc }}/", text)
        profile = f"mgmt_token_profile: {{tls: {{ca: {sim.ca_path}}}}}\n"
        text = re.sub(r"^( *)(mgmt_token_renew_before: 14d\n)", rf"\1\2\1{profile}", text, flags=re.MULTILINE)
        with_ca = f'mgmt_token = "{sim.admin_token}"\n[profile.tls]\nca = "{sim.ca_path}"\n'
        text = text.replace('mgmt_token = "YOUR-TOKEN"\n', with_ca).replace('port = "443"', f'port = "{sim.port}"')
        text = re.sub("sha256:[0-9a-f]+", lambda _: checksum(self.archive), text)
        text = text.replace("https://mirror.example.com", self.mirror).replace("/usr/local/bin/", "~/bin/")
        return text.replace("cluster.example.com", sim.host)

    def to_page(self, text: str) -> str:
        """The page's names in what was printed."""
        return text.replace(self.sim.url, "https://cluster.example.com")

    def acts(self) -> dict[str, Callable[[], object]]:
        """What may happen, in the words of the pages."""
        hosts = self.fleet.hosts
        return {
            "the tarball lies here": self.lay_tarball,
            "there is a pip": self.provide_pip,
            "a mirror has the archive": self.provide_mirror,
            "the management token is pasted": lambda: setattr(self.reader, "stdin", self.sim.admin_token),
            "the tokens end in a week": lambda: [self.give_old(host) for host in hosts],
            "the hosts have tokens": lambda: [self.give_old(host, days=60) for host in hosts],
            "the hosts hold tokens that were made by hand": lambda: [
                self.give_old(host, days=60, description="made by hand") for host in hosts
            ],
            "the ID of the token is known": lambda: setattr(self, "known_id", self.sim.state.mgmt_tokens[1].id),
            "the cluster is in use": self.use_cluster,
            "the cluster is an older one behind an ingress": self.grow_old,
            "there is a database that nobody stated": lambda: self.sim.add_database("scratch"),
            "the example's databases and tokens are removed from influxdb3.yml": self.remove_example,
            "web2 is away": hosts[1].stop,
            "web2 is back": hosts[1].start,
            "the fleet was set up, and the tokens end in a week": self.set_up,
            "web2 can't write its profile": self.block_profile,
            "web2 can write its profile again": self.unblock_profile,
            "influxctl is broken on web2": lambda: (hosts[1].home / "bin" / "influxctl").write_text("#!/bin/false\n"),
            "influxctl works on web2": lambda: install(hosts[1].home / "bin"),
            "the token in the vault is revoked": lambda: self.put_into_vault(
                self.sim.add_mgmt_token("dead", revoked_at=self.sim.clock.now())
            ),
            "the vault has another token": lambda: self.put_into_vault(self.sim.state.mgmt_tokens[0]),
            "the server can't make the database logs": self.refuse_logs,
            "the server is well again": self.sim.faults.clear,
            "the file of telegraf is lost": (self.secrets / "telegraf.json").unlink,
            "web1 is open to others, and the token of web2 is revoked": self.spoil,
            "every state there is": self.hold_all_states,
            "the table cpu of metrics was deleted": lambda: self.sim.add_table(
                self.sim.state.databases[2], "cpu", deleted_at=self.sim.clock.now()
            ),
            "the database metrics was deleted, and before it others of the names billing and billing": self.delete_some,
            "the hosts and the controller hold database tokens": self.hold_database_tokens,
            "telegraf is installed on the hosts, and the database metrics is there": self.install_telegraf,
            "telegraf writes on both hosts": self.see_telegraf_write,
            "the database tokens end in a week": self.end_db_tokens,
            "telegraf can't be restarted on web2": lambda: systemd.allow_restart(hosts[1], allowed=False),
            "telegraf can be restarted on web2": lambda: systemd.allow_restart(hosts[1], allowed=True),
            "docs/stores is copied here, and the vault has a password for the store": self.copy_stores,
        }

    def lay_tarball(self) -> None:
        """The tarball is in the directory, and nothing is installed yet."""
        shutil.copy(self.tarball, self.controller)
        self.environment["ANSIBLE_COLLECTIONS_PATH"] = str(self.ansible.home / ".ansible" / "collections")

    def provide_pip(self) -> None:
        """A pip that installs into an environment which is nobody's."""
        environment = self.ansible.workdir / "environment"
        subprocess.run([sys.executable, "-m", "venv", environment], check=True)
        (self.program.parent / "pip").symlink_to(environment / "bin" / "pip")

    def provide_mirror(self) -> None:
        """A web server with a newer influxctl than the hosts have."""
        directory = self.ansible.workdir / "mirror"
        directory.mkdir()
        self.archive = archive(directory, "2.12.0")
        self.mirror = self.stack.enter_context(web_server(directory)).url
        for host in self.fleet.hosts:
            install(host.home / "bin", version="2.11.0")

    def use_cluster(self) -> None:
        """Somebody has made a database, a table and a token."""
        self.sim.add_table(self.sim.add_database("metrics", retention_period=30 * 86400 * 10**9), "cpu")
        self.sim.add_db_token("grafana", [{"action": "read", "resource": "metrics"}])

    def grow_old(self) -> None:
        """The cluster behaves in another way than documented."""
        self.sim.switches = Switches(default_max_columns=200, encoded_slash="decoded", old_server=True)

    def remove_example(self) -> None:
        """The variables of the role cluster are stated in the exported file only."""
        path = self.controller / "group_vars" / "all" / "influxdb3.yml"
        content = yaml.safe_load(path.read_text())
        path.write_text(
            yaml.safe_dump({k: v for k, v in content.items() if k not in ("cluster_databases", "cluster_db_tokens")})
        )

    def hold_all_states(self) -> None:
        """One host's token ends soon, the other's has ended, and somebody else uses a third."""
        first, second = self.fleet.hosts
        self.give_old(first, days=6)
        self.give_old(second, days=-4)
        (second.home / CONFIG).chmod(0o644)
        self.sim.add_mgmt_token("nightly")

    def hold_database_tokens(self) -> None:
        """Each host has one in a file, the controller keeps one, and one that ends first is kept by nobody."""
        now, read = self.sim.clock.now(), [{"action": "read", "resource": "metrics"}]

        def keep(path: Path, description: str, days: float | None) -> None:
            ends = None if days is None else now + timedelta(days=days)
            token = self.sim.add_db_token(description, read, expires_at=ends)
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            kept = {"id": token.id, "description": description, "token": token.secret}
            path.write_text(json.dumps({**kept, "created_at": None, "expires_at": None}))
            path.chmod(0o600)

        first, second = self.fleet.hosts
        keep(first.home / "influxdb3" / "token.json", "telegraf web1", 4)
        keep(second.home / "influxdb3" / "token.json", "telegraf web2", 80)
        keep(self.secrets / "grafana.json", "grafana", None)
        self.sim.add_db_token("backup", read, expires_at=now + timedelta(days=2))

    def spoil(self) -> None:
        """One host's config isn't the owner's alone, and the other's token is dead."""
        first, second = self.fleet.hosts
        self.give_old(first, days=60)
        (first.home / CONFIG).chmod(0o644)
        self.give_old(second, days=60).revoked_at = self.sim.clock.now()

    def set_up(self) -> None:
        """What the playbook bootstrap has made, three months later."""
        self.reader.type("ansible-playbook influxops.influxdb3.bootstrap", [])
        for token in self.sim.state.mgmt_tokens[1:]:
            token.expires_at = self.sim.clock.now() + timedelta(days=7)

    def install_telegraf(self) -> None:
        """A unit of systemd that is not started yet."""
        self.sim.add_database("metrics")
        for host in self.fleet.hosts:
            systemd.install(host, self.sim)

    def see_telegraf_write(self) -> None:
        """It runs with the token that its host holds, and goes on writing."""
        for host in self.fleet.hosts:
            secret = systemd.token_in_use(host)
            assert (host.home / "etc/telegraf/influxdb3/token.env").read_text() == f"INFLUX_TOKEN={secret}\n"
            before = len(systemd.statuses(host))
            while len(systemd.statuses(host)) < before + 3:
                time.sleep(0.05)

    def end_db_tokens(self) -> None:
        """All that are alive end soon."""
        for token in self.sim.state.db_tokens:
            token.expires_at = self.sim.clock.now() + timedelta(days=7)

    def block_profile(self) -> None:
        """There is a file where web2's directory for the profile was; modes don't stop root."""
        directory = self.fleet.hosts[1].home / Path(CONFIG).parent
        directory.rename(directory.with_suffix(".away"))
        directory.touch()

    def unblock_profile(self) -> None:
        """Undo that."""
        directory = self.fleet.hosts[1].home / Path(CONFIG).parent
        directory.unlink()
        directory.with_suffix(".away").rename(directory)

    def put_into_vault(self, token: MgmtToken) -> None:
        """Have a token authorize the runs."""
        self.reader.write("group_vars/all/vault.yml", f"vault_management_token: {token.secret}\n")

    def refuse_logs(self) -> None:
        """One database can't be made."""

        def creates(request: Request) -> bool:
            return request.method == "POST" and request.body.get("name") == "logs"

        self.sim.faults.append(Fault("status", times=0, status=500, match=creates))

    def delete_some(self) -> None:
        """Databases are deleted, the last one first; their IDs count from 1."""
        for days, name in enumerate(("billing", "billing", "metrics"), start=1):
            self.sim.add_database(name, deleted_at=self.sim.clock.now() - timedelta(days=4 - days))

    def copy_stores(self) -> None:
        """The examples of stores are beside the inventory."""
        shutil.copytree(CHECKOUT / "docs" / "stores", self.controller / "stores")
        self.reader.write("group_vars/all/store.yml", "vault_store_password: canary\n")


@pytest.fixture
def world(ansible: Ansible, sim: Simulator, tarball: Path) -> Iterator[World]:
    with Fleet(size=len(NAMES)) as fleet, ExitStack() as stack:
        yield World(ansible, sim, fleet, tarball=tarball, stack=stack)


@pytest.mark.parametrize("page", sample(PAGES, lambda _number, page: page.stem in SAMPLE), ids=lambda page: page.stem)
@manages_tokens
def test_page(page: Path, world: World) -> None:
    reader = world.reader
    if page != START:
        for block in blocks(START):
            if block.caption:
                reader.write(block.caption, block.body)
        reader.write("~/.vault-password", "canary-vault-password\n")
        reader.write("group_vars/all/vault.yml", f"vault_management_token: {world.sim.admin_token}\n")
    reader.follow(page)
    assert reader.problems == [], "\n".join(reader.problems)
    assert [systemd.refused(host) for host in world.fleet.hosts] == [[], []], "telegraf was never turned away"
    print(f"{page.stem}: {reader.executed} examples executed")
    assert_no_secret(reader.output, world.sim.secrets)
    # A probe tries what no document allows.
    assert world.sim.violations == [] or page.stem == "guide_probe"
