# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""No secret, given or issued, shows up anywhere but in the documented return key and in the secret file."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import ansible_runner
import pytest
import yaml

from harness.fixtures import every_operation, own_errors
from harness.leaks import ProcessWatch, files_below, leaks
from harness.playbook import Ansible
from harness.plays import connection
from simulator import Fault, Simulator
from simulator.influxctl import install

CANARIES = {
    "profile_mgmt_token": "M.V1.canaryProfile+/" + "a" * 40,
    "profile_token": "apiv1_canaryProfile+/" + "b" * 40,
    "wrong_mgmt_token": "M.V1.canaryWrong+/" + "c" * 40,
    "wrong_unshaped_token": "canary-without-a-shape-" + "d" * 20,
    # Known to the server only: nothing but its shape gives it away.
    "issued": "apiv1_canaryIssued+/" + "f" * 40,
    "kept_elsewhere": "apiv1_canaryKept+/" + "e" * 40,
    # In a config that influxctl quotes, and cut where the end of what it says begins.
    "profile_client_secret": "canary-of-a-login-" + "".join(map(str, range(40))),
    "profile_of_somebody_else": "canary-of-another-" + "".join(map(str, range(50, 70))),
}


class World:
    """A cluster, a play over it that makes, keeps, renews, shows and fails, and all the places it can write to."""

    def __init__(self, sim: Simulator, directory: Path) -> None:
        self.sim, self.out = sim, directory / "out"
        self.out.mkdir(mode=0o700)
        self.config = directory / "config.toml"
        self.config.write_text(
            f'[[profile]]\nname = "default"\nproduct = "clustered"\nhost = "{sim.host}"\nport = "{sim.port}"\n'
            f'mgmt_token = "{CANARIES["profile_mgmt_token"]}"\ntoken = "{CANARIES["profile_token"]}"\n'
            f'[profile.tls]\nca = "{sim.ca_path}"\n'
        )
        (directory / "programs").mkdir()
        (directory / "quoting").mkdir()
        self.influxctl = install(directory / "programs")
        self.quoting = install(directory / "quoting", config_error_quotes=True)
        self.quoted = directory / "quoted.toml"
        self.quoted.write_text(_config_to_be_quoted(sim))
        kept = sim.add_db_token("kept")
        sim.secrets.add(kept.secret)
        (self.out / "kept.json").write_text(json.dumps({"id": kept.id, "token": kept.secret}))
        (self.out / "elsewhere.json").write_text(json.dumps({"id": "x", "token": CANARIES["kept_elsewhere"]}))
        (self.out / "open.json").write_text(json.dumps({"id": "x", "token": CANARIES["kept_elsewhere"]}))
        (self.out / "open.json").chmod(0o644)
        # A server and a proxy that repeat what they were sent.
        unshaped = CANARIES["wrong_unshaped_token"]
        bodies = {
            sim.admin_token: json.dumps({"code": 400, "message": f"not with {sim.admin_token}, {CANARIES['issued']}"})
        }
        bodies[unshaped] = f"<html>not with {unshaped}</html>"
        sim.faults.append(Fault("status", match=_asks_for("echoed"), status=400, body=bodies[sim.admin_token]))
        sim.faults.append(Fault("status", match=_comes_with(unshaped), kind="api", status=400, body=bodies[unshaped]))
        said = json.dumps({"code": "invalid", "message": f"not with {CANARIES['issued']}, {CANARIES['issued'][9:40]}"})
        sim.faults.append(Fault("status", match=_comes_with(CANARIES["issued"]), kind="data", status=400, body=said))
        refusal = json.dumps({"code": "InvalidArgument", "message": f"not with {unshaped}"})
        sim.faults.append(Fault("status", match=_comes_with(unshaped), kind="influxctl", status=400, body=refusal))

    @property
    def secrets(self) -> set[str]:
        return {*self.sim.secrets, *CANARIES.values()}

    @property
    def variables(self) -> dict[str, Any]:
        """Secrets come as variables: a literal one in a playbook is quoted by Ansible itself."""
        return {"connection": connection(self.sim), **CANARIES}

    def tasks(self) -> list[dict[str, Any]]:
        """What succeeds."""
        read = [{"action": "read", "resource": "metrics"}]
        return [
            _token(description="shown", permissions=read),
            _token(description="hidden", no_log=True),
            _token(description="filed", permissions=read, secret_file=str(self.out / "filed.json"), wait_active=60),
            _token(description="filed", secret_file=str(self.out / "filed.json"), return_secret=True),
            _token(
                description="filed", secret_file=str(self.out / "filed.json"), expires_at="2099-01-01T00:00:00Z",
                revoke_superseded=True,
            ),
            _token(description="kept", secret_file=str(self.out / "kept.json")),
            {"influxops.influxdb3.db_token_info": {"include_revoked": True}},
            self.mgmt(description="shown"),
            self.mgmt(description="filed", secret_file=str(self.out / "m.json"), return_secret=True),
            self.mgmt(
                tokens=[{"description": "b shown"}, {"description": "b", "secret_file": str(self.out / "b.json")}]
            ),
            self.mgmt("mgmt_token_info", include_revoked=True),
            self.mgmt("table_info", database="metrics", status="all"),
            self.mgmt("user_info"),
            self.mgmt("database", name="old", state="restored"),
            self.mgmt("database", name="old", state="absent"),
            self.delivered(),
            self.delivered(token="{{ kept_elsewhere }}"),
            {"influxops.influxdb3.db_token_file_info": {"path": str(self.out / "host.json")}},
            {"influxops.influxdb3.db_token_file_info": {"directory": str(self.out)}},
        ]  # fmt: skip

    def failing(self) -> list[dict[str, Any]]:
        wrong: dict[str, Any] = {"management_token": "{{ wrong_mgmt_token }}", "retries": 0}
        unshaped: dict[str, Any] = {"management_token": "{{ wrong_unshaped_token }}", "retries": 0}
        profile = {"host": None, "management_token": None, "config_path": str(self.config)}
        full = str(self.out / "no" / "directory" / ("x" * 300))
        return [
            self.mgmt(description="a", **wrong),
            self.mgmt("mgmt_token_info", **unshaped),
            self.mgmt("database_info", status="deleted", **wrong),
            self.mgmt("user_info", **unshaped),
            self.mgmt(tokens=[{"description": "b kept"}, {"description": "b unkept", "secret_file": full}]),
            _token(description="a", **wrong),
            _token(description="a", **unshaped),
            _token(description="a", **profile),
            _token(description="echoed"),
            _token(description="unkept", secret_file=full),
            self.delivered(prove={"host": self.sim.url, "ca_path": str(self.sim.ca_path), "database": "metrics"}),
            self.delivered(env_name="1"),
            {"ansible.builtin.debug": {"msg": "{{ lookup('influxops.influxdb3.secret', '%s/open.json') }}" % self.out}},  # noqa: UP031
        ]  # fmt: skip

    def delivered(self, **options: Any) -> dict[str, Any]:
        """A token on a host."""
        where = {"path": str(self.out / "host.json"), "env_path": str(self.out / "host.env"), "env_name": "TOKEN"}
        prove = {"prove": {**options.pop("prove"), "retries": 1, "delay": 0}} if "prove" in options else {}
        return {"influxops.influxdb3.db_token_file": {**where, "id": "1", "token": "{{ issued }}", **prove, **options}}

    def quoted_by_influxctl(self) -> list[dict[str, Any]]:
        """What fails for a config that influxctl then quotes; only without a connection is it read as it is."""
        options = {"influxctl_path": str(self.quoting), "config_path": str(self.quoted)}
        return [
            self.mgmt(description="a", **options),
            self.mgmt("mgmt_token_info", **options),
            self.mgmt("cluster_info", **options),
        ]

    def mgmt(self, module: str = "mgmt_token", **options: Any) -> dict[str, Any]:
        return {f"influxops.influxdb3.{module}": {"influxctl_path": str(self.influxctl), **options}}

    def play(self) -> list[dict[str, Any]]:
        facts = {"ansible.builtin.set_fact": {"filed": "{{ {'id': 1} }}", "cacheable": True}}
        failing, quoted = self.failing(), self.quoted_by_influxctl()
        for task in (*failing, *quoted):
            task["ignore_errors"] = True
        return [
            {
                "hosts": "localhost",
                "gather_facts": True,
                "gather_subset": ["!all"],
                "module_defaults": {"group/influxops.influxdb3.all": "{{ connection }}"},
                "tasks": [*self.tasks(), *failing, facts],
            },
            {"hosts": "localhost", "gather_facts": False, "tasks": quoted},
        ]

    def environment(self, cache: Path, temporary: Path) -> dict[str, str]:
        return {
            "ANSIBLE_CACHE_PLUGIN": "jsonfile",
            "ANSIBLE_CACHE_PLUGIN_CONNECTION": str(cache),
            "ANSIBLE_REMOTE_TMP": str(temporary),
            "ANSIBLE_LOCAL_TEMP": str(temporary),
            "ANSIBLE_KEEP_REMOTE_FILES": "0",
        }

    def check(self, places: dict[str, str]) -> None:
        """No place holds a secret, and the secret files hold but their own."""
        made = [token for token in self.sim.state.db_tokens if token.description in ("shown", "hidden", "filed")]
        assert len(made) == 4, "the play didn't do what it should"
        many = [token.description for token in self.sim.state.mgmt_tokens[1:]]
        assert sorted(many) == ["b", "b kept", "b shown", "filed", "shown"]
        assert len(self.secrets) >= 4 + len(many) + len(CANARIES)
        # The public prefix is in the first half, and what is cut off loses its beginning.
        halves = {secret[len(secret) // 2 :] for secret in self.secrets}
        assert leaks(places, self.secrets | halves) == []
        print(f"{len(self.secrets)} canaries searched in {len(places)} places: no leak")


def _token(no_log: Any = False, **options: Any) -> dict[str, Any]:
    return {"influxops.influxdb3.db_token": options, "no_log": no_log}


def _config_to_be_quoted(sim: Simulator) -> str:
    """A config that influxctl refuses, so long that the end of it which a message shows begins within a secret."""
    secret, other = CANARIES["profile_client_secret"], CANARIES["profile_of_somebody_else"]
    begin = f'[[profile]]\nname = "default"\nproduct = "clustered"\nhost = "{sim.host}"\n[profile.auth.oauth2]\n'
    end = f'"\n[[profile]]\nname = "other"\nproduct = "clustered"\nhost = "a.example"\nmgmt_token = "{other}"\n# '
    return f'{begin}client_secret = "{secret}{end}{"p" * (500 - len(secret) * 3 // 4 - len(end))}\n'


def _comes_with(token: str) -> Any:
    return lambda request: token in request.headers["authorization"]


def _asks_for(description: str) -> Any:
    return lambda request: request.method == "POST" and description in str(request.body)


@pytest.fixture
def world(sim: Simulator, tmp_path: Path) -> World:
    sim.add_database("metrics")
    sim.add_database("old", deleted_at=sim.clock.now())
    return World(sim, tmp_path)


@every_operation
@own_errors
def test_a_playbook_leaks_nothing(world: World, ansible: Ansible, tmp_path: Path) -> None:
    cache, temporary = tmp_path / "cache", tmp_path / "temporary"
    with ProcessWatch(ansible.home) as watch:
        run = ansible.playbook(
            world.play(), "--diff", variables=world.variables, environment=world.environment(cache, temporary)
        )
    assert run.code == 0, run.output
    assert len(run.failures) == len(world.failing()) + len(world.quoted_by_influxctl())
    assert [one["msg"].count("mgmt_token = ") for one in run.failures[-3:]] == [1, 1, 1]
    assert len(watch.seen) > 2
    files = files_below(cache, temporary, ansible.home)
    assert any(str(cache) in name for name in files)
    results = "\n".join(json.dumps(result) for result in run.results)
    world.check({"output": run.output, "results": results, "processes": watch.text, **files})


@pytest.mark.complete
def test_the_events_of_ansible_runner_leak_nothing(
    world: World, ansible: Ansible, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, cache, temporary = tmp_path / "runner", tmp_path / "cache", tmp_path / "temporary"
    (data / "project").mkdir(parents=True)
    (data / "env").mkdir()
    (data / "project" / "play.yml").write_text(yaml.safe_dump(world.play(), sort_keys=False))
    (data / "env" / "extravars").write_text(yaml.safe_dump(world.variables))
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    environment = world.environment(cache, temporary) | {
        "HOME": str(ansible.home),
        "ANSIBLE_HOME": str(ansible.home / ".ansible"),
        "ANSIBLE_COLLECTIONS_PATH": str(ansible.collections),
    }
    with ProcessWatch(ansible.home) as watch:
        runner = ansible_runner.run(
            private_data_dir=str(data),
            playbook="play.yml",
            envvars=environment,
            quiet=True,
            verbosity=4,
            # Without one of ours, it would set signal handlers in this process and leave them there.
            cancel_callback=lambda: False,
        )
    files = files_below(data / "artifacts", cache, temporary, ansible.home)
    assert runner.rc == 0, files
    assert sum(name.count("job_events") for name in files) > 20
    world.check({"processes": watch.text, **files})


def test_the_search_finds_what_leaks() -> None:
    secret = "apiv1_a+/b" + "c" * 30
    for text in (secret, json.dumps({"x": secret}), secret.replace("/", "\\/"), "%2B%2Fb".join(["apiv1_a", "c" * 30])):
        assert len(leaks({"place": text}, {secret})) >= 1
    assert leaks({"place": f'{{"access_token": "{secret}"}}'}, {secret}) == []
