# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role cluster: data that is split over files and groups, and a cluster that is adopted by its export."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.crash import processes_of
from harness.playbook import Ansible, Run
from harness.plays import connection, local_play
from harness.sample import sample
from harness.struck import once_struck
from harness.sweeps import assert_no_secret, sweep
from simulator import Fault, Simulator, Switches
from simulator.influxctl import install

DAILY = {"type": "time", "value": "%Y-%m-%d"}
ROLE: list[dict[str, Any]] = [
    {"hosts": "all", "connection": "local", "gather_facts": False, "roles": ["influxops.influxdb3.cluster"]}
]


def inventory(directory: Path, files: dict[str, Any]) -> Path:
    """An inventory with one host in one group, and its variables in files."""
    directory.mkdir()
    hosts = {"all": {"children": {"prod": {"hosts": {"one": {"ansible_python_interpreter": "{{ python }}"}}}}}}
    for name, content in {"hosts.yml": hosts, **files}.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump(content))
    return directory / "hosts.yml"


# Where an ingress makes the errors, nothing tells that a table exists.
@pytest.mark.presumes(error_bodies="json", missing_operations="")
def test_data_is_merged_from_files_and_groups(ansible: Ansible, sim: Simulator, tmp_path: Path) -> None:
    sim.add_database("unstated")
    where = inventory(
        tmp_path / "inventory",
        {
            "group_vars/all/base.yml": {
                "cluster_databases": [{"name": "base"}],
                "cluster_databases_team": [{"name": "overridden"}],
                # Another role's, which must not be taken for lists.
                "cluster_databases_backup_dir": "/var/backups",
                "cluster_db_tokens_days": 30,
                "cluster_tables_excluded": None,
                "cluster_db_tokens_team": [
                    {"description": "team", "permissions": [{"action": "write", "resource": "base"}]}
                ],
                "cluster_tables": [{"database": "base", "name": "cpu"}],
                "cluster_tables_team": [{"database": "base", "name": "overridden"}],
            },
            "group_vars/prod/more.yml": {"cluster_databases_prod": [{"name": "prod", "retention_period": "30d"}]},
            "host_vars/one.yml": {
                "cluster_databases_team": [{"name": "host"}],
                "cluster_tables_team": [{"database": "host", "name": "cpu", "partition_template": [DAILY]}],
                "cluster_concurrency": 2,
            },
        },
    )
    variables = {
        "python": "{{ ansible_playbook_python }}",
        "cluster_connection": connection(sim),
        "cluster_secret_dir": str(tmp_path / "secrets"),
        "cluster_prune": {"databases": True},
        "cluster_prune_limit": 1,
    }

    def play(*flags: str) -> Run:
        sim.requests.clear()
        return ansible.playbook(ROLE, *flags, variables=variables, inventory=where)

    sweep(play, sim, asks_by_writing=True)
    assert sorted(d.name for d in sim.state.databases if d.deleted_at is None) == ["base", "host", "prod"]
    assert [token.description for token in sim.state.db_tokens] == ["team"]
    names = {database.id: database.name for database in sim.state.databases}
    # By their databases: several workers make them at the same time.
    made = {names[table.database_id]: (table.name, table.partition_template) for table in sim.state.tables}
    assert (len(sim.state.tables), made) == (2, {"base": ("cpu", None), "host": ("cpu", [DAILY])})
    assert sorted(request.method for request in sim.requests) == ["GET", "GET", "POST", "POST"]
    assert [path.name for path in (tmp_path / "secrets").iterdir()] == ["team.json"]


@pytest.mark.complete
def test_tables_in_every_state(ansible: Ansible, sim: Simulator, tmp_path: Path) -> None:
    """Also where nothing but tables is stated."""
    database = sim.add_database("metrics")
    for name in ("old", "unwanted", "kept"):
        sim.add_table(database, name)
    dropped = sim.add_table(database, "dropped", deleted_at=sim.clock.now())
    variables = {
        "python": "{{ ansible_playbook_python }}",
        "cluster_connection": connection(sim),
        "cluster_tables": [
            {"database": "metrics", "name": "new", "rename_from": "old"},
            {"database": "metrics", "name": "unwanted", "state": "absent"},
            {"database": "metrics", "id": dropped.id, "state": "restored"},
        ],
    }
    run = ansible.playbook(ROLE, variables=variables, inventory=inventory(tmp_path / "inventory", {}))
    assert run.code == 0, run.output
    assert sorted(table.name for table in sim.state.tables_of(database)) == ["dropped", "kept", "new"]
    assert [table["id"] is None for table in run.results[-1]["result"]["tables"]] == [False, True, False]


@pytest.mark.complete
def test_a_table_in_two_files_is_refused(ansible: Ansible, sim: Simulator, tmp_path: Path) -> None:
    """Before anything is written; one name in two databases is fine."""
    one, other = {"database": "a", "name": "x"}, {"database": "b", "name": "x"}
    files = {
        "group_vars/all.yml": {
            "cluster_databases": [{"name": "a"}, {"name": "b"}],
            "cluster_tables_a": [one],
            "cluster_tables_b": [{**one, "state": "absent"}, other],
        }
    }
    variables = {"python": "{{ ansible_playbook_python }}", "cluster_connection": connection(sim)}
    run = ansible.playbook(ROLE, variables=variables, inventory=inventory(tmp_path / "inventory", files))
    assert run.code == 2
    assert "tables[1] 'x': the name 'x' in the database 'a' is also that of tables[0]" in run.output
    assert sim.requests == []


@pytest.mark.complete
def test_one_name_in_two_files_is_refused(ansible: Ansible, sim: Simulator, tmp_path: Path) -> None:
    files = {"group_vars/all.yml": {"cluster_databases_a": [{"name": "x"}], "cluster_databases_b": [{"name": "x"}]}}
    variables = {"python": "{{ ansible_playbook_python }}", "cluster_connection": connection(sim)}
    run = ansible.playbook(ROLE, variables=variables, inventory=inventory(tmp_path / "inventory", files))
    assert run.code == 2
    assert "databases[1] 'x': the name 'x' is also that of databases[0]" in run.output
    assert sim.requests == []


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("cluster_databases_backup", ["metrics"], "cluster_databases_backup[0] is no database"),
        ("cluster_db_tokens_team", {"description": "team"}, "cluster_db_tokens_team is a dictionary"),
        ("cluster_tables_team", '[{"database": "metrics"}]', "cluster_tables_team is text"),
    ],
)
def test_a_variable_that_is_no_list_of_entries_is_refused_by_its_name(
    ansible: Ansible, sim: Simulator, tmp_path: Path, name: str, value: Any, said: str
) -> None:
    sim.add_database("metrics")
    variables = {
        "python": "{{ ansible_playbook_python }}",
        "cluster_connection": connection(sim),
        "cluster_databases": [{"name": "x"}],
        "cluster_prune": {"databases": True},
        name: value,
    }
    run = ansible.playbook(ROLE, variables=variables, inventory=inventory(tmp_path / "inventory", {}))
    assert run.code == 2
    assert said in run.output.replace("\\", "")
    assert sim.writes == []


@pytest.mark.complete
def test_nothing_stated_needs_no_connection(ansible: Ansible, tmp_path: Path) -> None:
    variables = {"python": "{{ ansible_playbook_python }}"}
    run = ansible.playbook(ROLE, variables=variables, inventory=inventory(tmp_path / "inventory", {}))
    assert run.code == 0, run.output


def test_blank_fields_and_texts_of_a_survey(ansible: Ansible, sim: Simulator, tmp_path: Path) -> None:
    """AWX gives true and false as texts, and an empty text for a field that nobody has filled in."""
    sim.add_database("there")
    hosts = inventory(tmp_path / "inventory", {})
    common = {"python": "{{ ansible_playbook_python }}", "cluster_connection": connection(sim)}
    for answer, kind in (("false", "skipped"), ("true", "failed")):
        variables = {**common, "cluster_prune": {"databases": "{{ answer }}"}, "answer": answer}
        run = ansible.playbook(ROLE, variables=variables, inventory=hosts)
        found = [r["kind"] for r in run.results if r["task"].endswith("to the stated form")]
        assert (found, sim.writes) == ([kind], []), run.output
        # What is refused is the empty list, and not the text.
        assert ("set prune_limit" in run.output) is (kind == "failed")
    variables = {**common, "cluster_export_path": "", "cluster_lookup": "", "probe_file": "", "probe_writes": ""}
    for name in ("export", "probe"):
        run = ansible.playbook(f"influxops.influxdb3.{name}", variables=variables)
        assert run.code == 0, run.output
    assert "name: there" in (ansible.workdir / "cluster.yml").read_text().replace("!unsafe ", "").replace("'", "")


@pytest.mark.parametrize("form", sample(Switches.values("url_forms"), lambda _number, form: form == "long"))
def test_an_export_adopts_a_cluster(
    ansible: Ansible, make_simulator: Callable[..., Simulator], tmp_path: Path, form: str
) -> None:
    """Export, then apply: nothing changes, whatever the objects are called, with and without a place for secrets."""
    sim = make_simulator(url_forms=form)
    trap = "{{ lookup('pipe', 'touch " + str(tmp_path / "trapped") + "') }}"
    parts: list[dict[str, Any]] = [
        {"type": "time", "value": "%Y"},
        {"type": "bucket", "value": {"tagName": "c", "numberOfBuckets": 5}},
    ]
    sim.add_database("metrics", retention_period=30 * 86400 * 10**9, max_tables=7)
    sim.add_database("logs/raw", partition_template=parts)
    # What servers made once, or show of what was never set, and the role wouldn't make.
    former = [{"type": "time", "value": "%Y wk:%W"}]
    odd = sim.add_database("odd", partition_template=former, retention_period=2_592_000_000_000)
    odd.max_tables = odd.max_columns_per_table = 0
    sim.add_database("_internal")
    now = sim.clock.now()
    read = [{"action": "read", "resource": "metrics"}]
    for description in ("a b", "a_b", trap, "", "yes"):
        sim.add_db_token(description, read)
    sim.add_db_token("twice", created_at=now - timedelta(days=2))
    sim.add_db_token("twice", read, created_at=now - timedelta(days=1), expires_at=now + timedelta(days=89))
    sim.add_db_token("dead", revoked_at=now)
    sim.add_db_token(f"pending [pending {'0' * 32}]")
    path = tmp_path / "cluster.yml"
    variables: dict[str, Any] = {"cluster_connection": connection(sim), "cluster_export_path": str(path)}
    run = ansible.playbook("influxops.influxdb3.export", variables=variables)
    assert run.code == 0, run.output
    assert_no_secret(path.read_text() + run.output, sim.secrets)

    plays = [{**ROLE[0], "hosts": "localhost", "vars_files": [str(path)]}]
    for more in ({}, {"cluster_secret_dir": str(tmp_path / "secrets"), "cluster_prune": {"databases": True}}):
        sim.requests.clear()
        run = ansible.playbook(plays, variables={**variables, **more})
        assert run.code == 0, run.output
        assert run.changed == []
        assert [request.method for request in sim.requests if request.status == 200] == ["GET", "GET"]
        assert form == "long" or len(sim.requests) == 2
    assert not (tmp_path / "trapped").exists()
    (tokens,) = (one["result"]["db_tokens"] for one in run.results if "db_tokens" in one["result"])
    items = {item.get("description"): item for item in tokens}
    assert len(items) == 6
    assert "expires_in: 90d" in path.read_text()
    assert "retention_period: 30d" in path.read_text()


def test_an_export_adopts_tables(ansible: Ansible, sim: Simulator, tmp_path: Path) -> None:
    """With a lookup they are in the file, and the role has nothing to do, in check mode and for real."""
    trapped = tmp_path / "trapped"
    trap = "{{ lookup('pipe', 'touch " + str(trapped) + "') }}"
    former = [{"type": "time", "value": "%Y wk:%W"}]
    metrics = sim.add_database("metrics")
    for name in ("cpu", "air/quality", trap, "line\nbreak", "-x"):
        sim.add_table(metrics, name)
    sim.add_table(metrics, "former", partition_template=former)
    sim.add_table(metrics, "gone", deleted_at=sim.clock.now())
    sim.add_table(sim.add_database("team/" + trap[:50]), "cpu")
    sim.add_table(sim.add_database("_internal"), "log")
    for name in ("..", "bell\x07", f"{'x' * 61}\n"):
        sim.add_table(sim.add_database(name), "cpu")
    install(tmp_path, shown_templates="api")
    path = tmp_path / "cluster.yml"
    variables: dict[str, Any] = {
        "cluster_connection": connection(sim),
        "cluster_export_path": str(path),
        "cluster_lookup": "influxctl",
        "cluster_influxctl_path": str(tmp_path / "influxctl"),
        "ansible_python_interpreter": "{{ ansible_playbook_python }}",
    }
    run = ansible.playbook("influxops.influxdb3.export", variables=variables)
    assert run.code == 0, run.output
    assert_no_secret(path.read_text() + run.output, sim.secrets)
    assert path.read_text().count("- database:") == 6
    (told,) = (one["result"]["msg"] for one in run.results if "Tell what" in one["task"])
    assert len(told) == 4, "three databases and a table with a line break"

    plays = [{**ROLE[0], "hosts": "localhost", "vars_files": [str(path)]}]
    for flags in (("--check",), ()):
        sim.requests.clear()
        run = ansible.playbook(plays, *flags, variables=variables)
        assert (run.code, run.changed) == (0, []), run.output
        assert sim.writes == []
    assert [request.kind for request in sim.requests].count("influxctl") == 2
    assert not trapped.exists()


def test_an_exported_file_runs_nothing_however_it_is_read(ansible: Ansible, sim: Simulator, tmp_path: Path) -> None:
    """Whoever makes a token or a database chooses its texts, and Ansible takes some for templates."""
    trapped = tmp_path / "trapped"
    header = "#jinja2:variable_start_string:'[[',variable_end_string:']]'"
    call = f"lookup('pipe', 'touch {trapped}; :')"
    # In one line for ansible-core 2.16, with a line break for all.
    in_one_line, in_two, braces = f"{header},x:[[ {call} ]]", f"{header}\n[[ {call} ]]", "{{ " + call + " }}"
    read = {"action": "read", "resource": "metrics"}
    sim.add_database("metrics", partition_template=[DAILY, {"type": "tag", "value": in_two}])
    for name in ("#jinja2:x", "a\x85b\u2028c", f"{'x' * 61}\n", "..", "bell\x07"):
        sim.add_database(name, retention_period=60 * 10**9)
    for description in (in_one_line, in_two, braces, "a\u2028b"):
        sim.add_db_token(description, [read])
    sim.add_db_token("wide", [read, {"action": "read", "resource": in_two}])
    path = tmp_path / "group_vars" / "all" / "cluster.yml"
    path.parent.mkdir(parents=True)
    variables: dict[str, Any] = {"cluster_connection": connection(sim), "cluster_export_path": str(path)}
    run = ansible.playbook("influxops.influxdb3.export", variables=variables)
    assert run.code == 0, run.output
    (told,) = (one["result"]["msg"] for one in run.results if "Tell what" in one["task"])
    assert [word for word in ("x\\n", "'..'", "x07", "metrics", "jinja2:x") if any(word in line for line in told)] == [
        "x\\n", "'..'", "x07",
    ]  # fmt: skip
    assert len(told) == 4, "three databases, and the permissions of one token"

    role = {**ROLE[0], "hosts": "localhost"}
    show = [{"ansible.builtin.debug": {"var": name}} for name in ("cluster_databases", "cluster_db_tokens")]
    plays = [
        {**role, "vars_files": [str(path)]},
        {**role, "pre_tasks": [{"ansible.builtin.include_vars": str(path)}, *show]},
    ]
    before = list(sim.state.databases)
    prune = {"cluster_prune": {"databases": True, "db_tokens": True}, "cluster_prune_limit": 0}
    for playbook, flags in ((plays, []), ([role], ["-e", f"@{path}"])):
        sim.requests.clear()
        run = ansible.playbook(playbook, *flags, variables={"cluster_connection": connection(sim), **prune})
        assert run.code == 0, run.output
        assert run.changed == []
    in_groups = inventory(tmp_path / "inventory", {"group_vars/all/cluster.yml": {}})
    (in_groups.parent / "group_vars/all/cluster.yml").write_bytes(path.read_bytes())
    python = {"python": "{{ ansible_playbook_python }}", "cluster_connection": connection(sim), **prune}
    run = ansible.playbook(ROLE, variables=python, inventory=in_groups)
    assert (run.code, run.changed) == (0, []), run.output
    assert not trapped.exists()
    assert sim.state.databases == before
    assert sim.writes == []


def test_a_text_of_a_server_is_no_template_in_facts_loops_and_messages(
    ansible: Ansible, sim: Simulator, tmp_path: Path
) -> None:
    """The ways that roles, playbooks and stores take: facts from filters, tasks' variables, debug, loops, copies."""
    trapped = tmp_path / "trapped"
    call = f"lookup('pipe', 'touch {trapped}; :')"
    header = "#jinja2:variable_start_string:'[[',variable_end_string:']]'"
    descriptions = ["{{ " + call + " }}", f"{header},x:[[ {call} ]]", f"{header}\n[[ {call} ]]"]
    for description in descriptions:
        sim.add_db_token(description)
    again = "{{ found.db_tokens | to_json | from_json }}"
    loop = {"loop": "{{ fact }}", "loop_control": {"label": "{{ item.description }}"}}
    tasks: list[dict[str, Any]] = [
        {"influxops.influxdb3.db_token_info": {}, "register": "found"},
        {"ansible.builtin.set_fact": {"fact": again, "one": "{{ (" + again[3:-3] + ")[0].description }}"}},
        {"ansible.builtin.debug": {"var": "fact"}},
        {
            "ansible.builtin.debug": {"msg": "{{ fact }} {{ one }} {{ text }}"},
            "vars": {"text": "{{ fact[1].description }}"},
        },
        {"ansible.builtin.debug": {"msg": "{{ item }}"}, **loop},
        {"ansible.builtin.set_fact": {"all_of_them": "{{ fact | map(attribute='description') | join('\n') }}"}},
        {
            "ansible.builtin.copy": {
                "content": "{{ all_of_them }}",
                "dest": str(tmp_path / "copied"),
                "mode": "0600",
            }
        },
        {"ansible.builtin.debug": {"msg": "{{ all_of_them }}"}},
        {"ansible.builtin.fail": {"msg": "{{ fact[2].description }}"}, "ignore_errors": True},
    ]
    run = ansible.playbook(local_play(tasks, connection(sim)))
    assert run.code == 0, run.output
    assert (tmp_path / "copied").read_text() == "\n".join(sorted(descriptions))
    assert not trapped.exists()


def test_an_export_with_a_mask_in_it_is_refused(ansible: Ansible, sim: Simulator, tmp_path: Path) -> None:
    """The management token is masked in a description of that text; the file would state another one."""
    sim.add_database("metrics")
    sim.add_db_token(f"like {connection(sim)['management_token']}")
    path = tmp_path / "cluster.yml"
    variables: dict[str, Any] = {"cluster_connection": connection(sim), "cluster_export_path": str(path)}
    run = ansible.playbook("influxops.influxdb3.export", variables=variables)
    assert run.code == 2
    assert "is masked" in run.output
    assert not path.exists()


@pytest.mark.complete
def test_a_task_whose_time_is_over_begins_nothing_more(ansible: Ansible, sim: Simulator) -> None:
    """Ansible's own timeout ends the task, not the module: it finds out by itself that nobody waits for it."""
    # On a busy machine the module may have sent nothing when the time is over: then it is given more.
    for seconds in (5, 20, 80):
        fault = slow_from_the_sixth(sim)
        task = {"influxops.influxdb3.cluster": {"databases": MANY, "concurrency": 3}, "timeout": seconds}
        run = ansible.playbook(local_play([task], connection(sim)))
        assert run.code == 2
        (failure,) = run.failures
        assert "databases" not in failure, "Ansible has ended the task, and there is no report of the module"
        settle(ansible)
        if fault.fired:
            break
        sim.reset()
    assert 5 <= len(sim.state.databases) < len(MANY)


@pytest.mark.complete
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_playbook_that_is_interrupted_begins_nothing_more(
    ansible: Ansible, sim: Simulator, number: signal.Signals
) -> None:
    fault = slow_from_the_sixth(sim)
    task = {"influxops.influxdb3.cluster": {"databases": MANY, "concurrency": 3}}

    def interrupt() -> None:
        # Whoever ends a job ends its processes; on a SIGTERM to the first alone, ansible-core 2.16 leaves its workers.
        for pid in processes_of(ansible.home):
            if b"AnsiballZ" not in Path(f"/proc/{pid}/cmdline").read_bytes():
                os.kill(pid, number)

    with once_struck(fault, 3, interrupt):
        run = ansible.playbook(local_play([task], connection(sim)))
    assert run.code != 0
    settle(ansible)
    assert 5 <= len(sim.state.databases) < len(MANY)


# More than could be made before the module has noticed, however busy the machine is: a minute and a half at least.
MANY = [{"name": f"db{i}"} for i in range(300)]


def slow_from_the_sixth(sim: Simulator) -> Fault:
    """Have the server take a second for each database, the first five aside."""
    fault = Fault("slow", at=6, times=0, seconds=1, match=lambda request: request.method == "POST")
    sim.faults.append(fault)
    return fault


def settle(ansible: Ansible) -> None:
    """Wait until the module has ended, whose requests are answered."""
    pause = threading.Event()
    while processes_of(ansible.home):
        pause.wait(0.01)


def test_variables_of_the_role_are_the_module_s(collection_root: Path) -> None:
    """The role describes every option, down to the last, as the module does."""
    root = collection_root / "ansible_collections" / "influxops" / "influxdb3"
    spec = yaml.safe_load((root / "roles" / "cluster" / "meta" / "argument_specs.yml").read_text())
    options = spec["argument_specs"]["main"]["options"]
    documented = options_of(root / "plugins" / "modules" / "cluster.py")
    for name, option in documented.items():
        assert forms(options[f"cluster_{name}"], "options") == forms(option, "suboptions")
    others = {"cluster_connection", "cluster_influxctl_path"}
    assert set(options) == {*others, *(f"cluster_{name}" for name in documented)}


def options_of(module: Path) -> dict[str, Any]:
    """What a module documents as its own options."""
    options: dict[str, Any] = yaml.safe_load(module.read_text().split('DOCUMENTATION = r"""')[1].split('"""')[0])[
        "options"
    ]
    return options


def forms(option: dict[str, Any], key: str) -> dict[str, Any]:
    """What an option and the options in it are, apart from descriptions; lists and dicts of a role are never null."""
    found = {name: option.get(name) for name in ("type", "elements", "choices", "required")}
    if option["type"] not in ("list", "dict"):
        found["default"] = option.get("default")
    return {**found, "options": {name: forms(inner, key) for name, inner in option.get(key, {}).items()}}
