# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbooks as AWX runs them: by ansible-runner, with the project and credential types of docs/awx, in slices."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from fleet import Fleet
from fleet.host import Host
from harness import systemd
from harness.awx import Job, base_environment, definitions, holding, notification, sliced
from harness.playbook import Ansible
from harness.rotation import CONFIG, Prober, Rotation
from simulator import Simulator

FILES = (Path("influxdb3/token.json"), Path("influxdb3/token.env"))
FILE, ENVIRONMENT = "InfluxDB 3 (file)", "InfluxDB 3 (environment)"


@pytest.fixture
def place() -> Iterator[Path]:
    """Where AWX keeps its jobs. Its path is short: ansible-core makes a socket below TMPDIR since 2.21."""
    with tempfile.TemporaryDirectory(prefix="awx-") as directory:
        yield Path(directory)


class Awx:
    """AWX with the definitions of docs/awx, a cluster and a fleet."""

    def __init__(self, rotation: Rotation, directory: Path, kind: str = FILE) -> None:
        self.rotation, self.directory = rotation, directory
        self.defined = definitions()
        self.kind = next(one for one in self.defined["controller_credential_types"] if one["name"] == kind)
        self.inventory = json.loads(rotation.fleet.inventory.read_text())
        self.jobs: list[Job] = []
        # The files that hosts have beside their profile.
        self.own: set[Path] = set()
        self._numbers = count(1)

    @property
    def inputs(self) -> dict[str, str]:
        """What is typed into the credential's form; fields that aren't needed stay empty."""
        sim = self.rotation.sim
        if self.kind["name"] == ENVIRONMENT:
            return {"host": sim.url, "management_token": sim.admin_token, "account_id": "", "cluster_id": ""}
        inputs = {"product": sim.product, "host": sim.host, "port": str(sim.port), "account_id": ""}
        return inputs | {"management_token": sim.admin_token, "ca_path": str(sim.ca_path)}

    @property
    def variables(self) -> dict[str, Any]:
        """What differs here from the project's variables: the names of the cluster and of its CA."""
        variables = {
            "mgmt_token_profile": self.rotation.variables["mgmt_token_profile"],
            "db_token_prove_host": self.rotation.sim.url,
            "db_token_prove_ca_path": str(self.rotation.sim.ca_path),
        }
        if self.kind["name"] == ENVIRONMENT:
            variables["cluster_connection"] = {"ca_path": str(self.rotation.sim.ca_path)}
        return variables

    def job(self, name: str, part: tuple[int, int] = (1, 1), **variables: Any) -> Job:
        """A job of a template, or of a slice of it, with answers for the survey."""
        template = next(one for one in self.defined["controller_templates"] if one["name"] == f"InfluxDB 3 {name}")
        questions = template.get("survey_spec", {}).get("spec", [])
        answers = {question["variable"]: question["default"] for question in questions}
        number = next(self._numbers)
        job = Job(
            self.directory / f"job{number}",
            number,
            template["playbook"],
            sliced(self.inventory, *part),
            {**template.get("extra_vars", {}), **answers, **self.variables, **variables},
            self.kind,
            self.inputs,
            base_environment(self.rotation.ansible.collections, self.rotation.program.parent),
            workflow=part[1] if part[1] > 1 else None,
        )
        self.jobs.append(job)
        return job

    def run(self, name: str, **variables: Any) -> Job:
        """Run a job."""
        return self.job(name, **variables).start().finish()

    def run_sliced(self, name: str, slices: int, **variables: Any) -> list[Job]:
        """Run all slices of a job at the same time."""
        jobs = [self.job(name, (number, slices), **variables) for number in range(1, slices + 1)]
        for job in jobs:
            job.start()
        return [job.finish() for job in jobs]

    def assert_nothing_left(self) -> None:
        """No secret anywhere but in a credential's own files and the hosts' profiles; no file in HOME or /tmp."""
        secrets = self.rotation.sim.secrets
        for job in self.jobs:
            left = job.left()
            artifacts = {path for path in left if path.startswith(str(job.artifacts))}
            assert left.keys() - artifacts == set(), "the job has left files"
            assert len(artifacts) > 10
            # ansible-runner itself keeps its own environment there, private; AWX removes it with the directory.
            own = {str(job.artifacts / "command")} if self.kind["name"] == ENVIRONMENT else set()
            assert holding({**left, "output": job.stdout}, secrets) == own
            started = json.loads((job.artifacts / "command").read_text())
            assert started["env"]["ANSIBLE_CACHE_PLUGIN"] == "jsonfile"
            assert "-vvv" in started["command"]
        for host in self.rotation.fleet.hosts:
            found = {path.relative_to(host.home) for path in host.home.rglob("*") if path.is_file()}
            found -= {Path("bin/influxctl"), Path("bin/influxctl.log")}
            assert found - self.own == {Path(CONFIG)}


@pytest.fixture
def fleet(request: pytest.FixtureRequest) -> Iterator[Fleet]:
    with Fleet(size=getattr(request, "param", 3)) as fleet:
        yield fleet


@pytest.fixture
def world(ansible: Ansible, sim: Simulator, fleet: Fleet) -> Rotation:
    return Rotation(ansible, sim, fleet)


def db_token(host: Host) -> str:
    """The database token that a host holds."""
    return str(json.loads((host.home / FILES[0]).read_text())["token"])


def uses_telegraf(awx: Awx) -> None:
    """Each host has a telegraf with a unit that takes its token from the project's file."""
    awx.own = {*FILES, Path("telegraf.log"), Path("telegraf.pid")}
    for host in awx.rotation.fleet.hosts:
        before = {path for path in host.home.rglob("*") if path.is_file()}
        systemd.install(host, awx.rotation.sim)
        part = host.home / "etc/systemd/system/telegraf.service.d/influxdb3.conf"
        part.parent.mkdir(parents=True)
        part.write_text(f"[Service]\nEnvironmentFile={host.home / FILES[1]}\n")
        awx.own |= {
            path.relative_to(host.home) for path in host.home.rglob("*") if path.is_file() and path not in before
        }


@pytest.mark.complete
@pytest.mark.parametrize("kind", [FILE, ENVIRONMENT])
def test_the_playbooks_under_ansible_runner(kind: str, world: Rotation, place: Path) -> None:
    hosts, sim = world.fleet.hosts, world.sim
    awx = Awx(world, place, kind)

    first = awx.run("bootstrap")
    assert first.code == 0, first.stdout
    assert first.changed.keys() == {"localhost", *(host.name for host in hosts)}
    assert [database.name for database in sim.state.databases] == ["metrics"]
    issued = {world.issued(host) for host in hosts}
    assert len(issued) == len(hosts)
    assert first.artifact_data["influxdb3_rotation_renewed"] == [host.name for host in hosts]

    uses_telegraf(awx)
    for name in ("preflight", "rotate_db_tokens"):
        job = awx.run(name)
        assert job.code == 0, job.stdout
    assert sorted(job.artifact_data["influxdb3_rotation_renewed"]) == [host.name for host in hosts]
    db_tokens = {db_token(host) for host in hosts}
    assert db_tokens == {token.secret for token in sim.state.db_tokens}
    assert {systemd.token_in_use(host) for host in hosts} == db_tokens

    for name in ("bootstrap", "rotate", "rotate_db_tokens", "audit", "preflight", "probe"):
        again = awx.run(name)
        assert again.code == 0, again.stdout
        assert again.changed == {}, name
    assert {world.issued(host) for host in hosts} == issued

    with Prober(world) as prober:
        forced = awx.run("rotate", mgmt_token_force="true")
    assert forced.code == 0, forced.stdout
    assert prober.gaps == []
    assert issued.isdisjoint({world.issued(host) for host in hosts})

    # Tokens are made in parallel, so the last one may be any host's.
    last = sim.state.mgmt_tokens[-1]
    (holder,) = [host.name for host in hosts if world.held(host) == last.secret]
    last.revoked_at = sim.clock.now()
    failed = awx.run("audit")
    assert failed.code == 2
    assert failed.artifact_data["influxdb3_audit_revoked"] == [holder]
    in_order = 2 * len(hosts) - 1
    assert failed.artifact_data["influxdb3_audit_ok"] == in_order, "with the database tokens"
    assert list(json.loads(failed.message("Fail where something is not in order"))) == ["revoked"]
    subject, body = notification(failed.artifact_data)
    assert "not in order" in subject
    assert body.splitlines()[:2] == [f"revoked: {holder}", f"In order: {in_order}"]

    assert not sim.violations
    awx.assert_nothing_left()


@pytest.mark.parametrize(
    ("fleet", "slices"), [(2, 2), pytest.param(10, 4, marks=pytest.mark.complete)], indirect=["fleet"]
)
def test_slices_at_the_same_time_make_one_token_per_host(slices: int, world: Rotation, place: Path) -> None:
    """Each replaces the tokens of its own hosts, and touches no other's; of the hosts, half have no token yet."""
    hosts, sim = world.fleet.hosts, world.sim
    old = [world.give_old(host) for host in hosts[::2]]
    awx = Awx(world, place)
    with Prober(world) as prober:
        jobs = awx.run_sliced("rotate", slices)
    for job in jobs:
        assert job.code == 0, job.stdout
        own = [host.name for host in hosts if host.name in job.inventory["_meta"]["hostvars"]]
        assert job.artifact_data["influxdb3_rotation_renewed"] == own
        rows = [line.split()[:2] for line in job.stdout.splitlines() if line.startswith("host")]
        assert [row for row in rows if row[1] == "renewed"] == [[host, "renewed"] for host in own]
    assert prober.gaps == []
    assert all(token.revoked_at for token in old)
    assert len({world.issued(host) for host in hosts}) == len(hosts)
    assert len(sim.state.mgmt_tokens) == 1 + len(old) + len(hosts), "one was made for each host"
    print(f"{slices} slices, {len(hosts)} hosts, one living token each, {len(prober.gaps)} gaps")
    awx.assert_nothing_left()


@pytest.mark.complete
@pytest.mark.parametrize("fleet", [8], indirect=True)
def test_a_forced_rotation_in_slices(world: Rotation, place: Path) -> None:
    hosts, sim = world.fleet.hosts, world.sim
    young = [world.give_old(host, days=80) for host in hosts]
    awx = Awx(world, place)
    with Prober(world) as prober:
        forced = awx.run_sliced("rotate", 4, mgmt_token_force="true")
        assert [job.code for job in forced] == [0] * 4
        assert len(sim.state.mgmt_tokens) == 1 + 2 * len(hosts)
        again = awx.run_sliced("rotate", 4)
    assert [(job.code, job.changed) for job in again] == [(0, {})] * 4
    assert prober.gaps == []
    assert all(token.revoked_at for token in young)
    assert len({world.issued(host) for host in hosts}) == len(hosts)
    awx.assert_nothing_left()


@pytest.mark.complete
@pytest.mark.parametrize("fleet", [2], indirect=True)
def test_a_slice_without_a_host_of_the_fleet_does_nothing(world: Rotation, place: Path) -> None:
    """The inventory may hold other hosts; where a slice has none but those, they must not be taken for the fleet."""
    awx = Awx(world, place)
    awx.inventory["others"] = {"hosts": {"bystander": {"ansible_connection": "local"}}}
    job = awx.job("rotate", (1, 3)).start().finish()
    assert list(job.inventory["_meta"]["hostvars"]) == ["bystander"]
    assert job.code == 0, job.stdout
    assert world.sim.requests == []
    assert not any(path.endswith("config.toml") for path in job.left())


@pytest.mark.complete
@pytest.mark.parametrize("fleet", [4], indirect=True)
def test_slices_that_share_a_token(world: Rotation, place: Path, tmp_path: Path) -> None:
    """At the same time one of them makes it, in a file that outlives the jobs, and others may have to run again.
    What it supersedes is left to a job that sees all hosts."""
    hosts = world.fleet.hosts
    awx = Awx(world, place)
    shared = {"mgmt_token_strategy": "shared", "mgmt_token_secret_file": str(tmp_path / "mounted" / "token.json")}
    for job in awx.run_sliced("rotate", 4, **shared):
        assert job.code == 0 or "Run again." in job.stdout, job.stdout
    (old,) = world.alive("influxctl")
    assert [job.code for job in awx.run_sliced("rotate", 4, **shared)] == [0] * 4
    assert [world.held(host) for host in hosts] == [old] * 4

    forced = awx.job("rotate", (1, 4), **shared, mgmt_token_force="true").start().finish()
    assert "mgmt_token_group_size" in forced.stdout
    (new,) = set(world.alive("influxctl")) - {old}
    assert [world.held(host) for host in hosts] == [new, old, old, old]

    assert awx.run("rotate", **shared).code == 0
    assert [world.held(host) for host in hosts] == [new] * 4
    assert world.alive("influxctl") == [new]
