# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What only influxctl shows: lists in every form and of every version, restoring by name, and what a deletion tells."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from harness.fixtures import every_operation
from harness.modules import Modules
from harness.playbook import Ansible
from harness.plays import connection, local_play
from harness.sample import sample
from harness.sweeps import assert_no_secret, snapshot
from simulator import Fault, Simulator
from simulator.influxctl import CliSwitches, install, invocations

DAY = 86_400_000_000_000
MOMENT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
TEMPLATE: list[dict[str, Any]] = [
    {"type": "tag", "value": "region"},
    {"type": "bucket", "value": {"tagName": "customer", "numberOfBuckets": 10}},
    {"type": "time", "value": "%Y-%m"},
]
SHOWN_TEMPLATE = [
    {"type": "tag", "value": "region"},
    {"type": "bucket", "tag_name": "customer", "number_of_buckets": 10},
    {"type": "time", "value": "%Y-%m"},
]
USER_KEYS = {"id", "name", "email", "account_id", "created_at"}
CLUSTER_KEYS = {"account_id", "cluster_id", "name", "url", "state", "created_at"}

Run = Callable[..., dict[str, Any]]


@pytest.fixture
def program(tmp_path: Path) -> Path:
    return install(tmp_path)


@pytest.fixture
def run(modules: Modules, sim: Simulator, program: Path) -> Run:
    """Runs a module with influxctl at hand, and looks for secrets in all that it prints."""

    def with_options(module: str, check: bool = False, **options: Any) -> dict[str, Any]:
        common = {**connection(sim), "influxctl_path": str(program), "_ansible_check_mode": check}
        outcome = modules.run(module, {**common, **options})
        assert_no_secret(outcome.output, sim.secrets)
        return outcome.result

    return with_options


def seed(sim: Simulator) -> None:
    """Databases and tables of which some are deleted; IDs count from 1."""
    metrics = sim.add_database("metrics", retention_period=30 * DAY, partition_template=TEMPLATE)
    sim.add_database("old", deleted_at=MOMENT)
    sim.add_database("infinite")
    sim.add_database("metrics", deleted_at=MOMENT)
    sim.add_table(metrics, "cpu", partition_template=TEMPLATE)
    sim.add_table(metrics, "mem")
    sim.add_table(metrics, "cpu", deleted_at=MOMENT)


def commands(program: Path) -> list[str]:
    """What influxctl was asked for, and which status."""
    found = []
    for ran in invocations(program):
        words = [
            word for word in ran.argv if word in ("database", "table", "user", "cluster", "list", "get", "deleted")
        ]
        found.append(" ".join(words) or "version")
    return found


def forms() -> list[dict[str, Any]]:
    """Every wrapping with every way to write keys; the other switches of lists take all their values along the way."""
    others = [info for info in CliSwitches.catalogue() if info.fact == "lists-of-other-things"]
    others = [info for info in others if info.name not in ("list_wrapping", "list_keys")]
    pairs = itertools.product(CliSwitches.values("list_wrapping"), CliSwitches.values("list_keys"))
    return [
        {
            "list_wrapping": wrapping,
            "list_keys": keys,
            **{info.name: info.values[(number + at) % len(info.values)] for at, info in enumerate(others)},
            "noise": ("none", "stdout", "stderr")[number % 3],
        }
        for number, (wrapping, keys) in enumerate(pairs)
    ]


def lists_of(run: Run, sim: Simulator) -> dict[str, Any]:
    """The results of all modules that list."""
    return {
        "databases": run("database_info", status="all"),
        "tables": run("table_info", database="metrics", status="all"),
        "users": run("user_info"),
        "clusters": run("cluster_info", id=sim.cluster_id),
    }


def check_lists(results: dict[str, Any], sim: Simulator, form: dict[str, Any]) -> None:
    """Compare them with the cluster, as far as the form shows it."""
    for kind, result in results.items():
        assert not result.get("failed"), result
        assert result["changed"] is False
        assert isinstance(result[kind], list)
    template = None if form["shown_templates"] == "no" else SHOWN_TEMPLATE
    none: list[Any] | None = None if form["shown_templates"] == "no" else []
    databases = [(d["name"], d["id"], d["deleted"], d["retention_period"]) for d in results["databases"]["databases"]]
    assert databases == [
        *(("infinite", 3, False, "infinite"), ("metrics", 1, False, "30d"), ("metrics", 4, True, "infinite")),
        ("old", 2, True, "infinite"),
    ]
    assert [d["partition_template"] for d in results["databases"]["databases"]] == [none, template, none, none]
    assert all(d["max_tables"] == 500 for d in results["databases"]["databases"])
    tables = results["tables"]["tables"]
    assert tables == [
        {"database": "metrics", "name": name, "id": number, "deleted": deleted, "partition_template": parts}
        for name, number, deleted, parts in (
            ("cpu", 5, False, template),
            ("cpu", 7, True, none),
            ("mem", 6, False, none),
        )
    ]
    (user,) = results["users"]["users"]
    assert (user["id"], user["email"], set(user)) == (sim.core.user_id, "ada@example.com", USER_KEYS)
    assert user["name"] == (None if form["user_names"] == "none" else "Ada Admin")
    (cluster,) = results["clusters"]["clusters"]
    assert set(cluster) == CLUSTER_KEYS
    assert (cluster["cluster_id"], cluster["name"], cluster["state"]) == (sim.cluster_id, "simulated", "ready")
    assert cluster["created_at"].endswith("Z")


@pytest.mark.parametrize(
    "form",
    sample(forms(), lambda number, _form: number % 7 == 0),
    ids=lambda form: f"{form['list_wrapping']} {form['list_keys']}",
)
@every_operation
def test_every_form_is_read(run: Run, sim: Simulator, program: Path, form: dict[str, Any]) -> None:
    install(program.parent, **form)
    seed(sim)
    check_lists(lists_of(run, sim), sim, form)
    assert commands(program) == [
        *("database list", "database list deleted", "table list", "table list deleted", "user list", "cluster get"),
    ]
    assert sim.violations == []
    assert [request.kind for request in sim.requests] == ["influxctl"] * 6


@pytest.mark.complete
def test_every_form_is_read_through_ansible(ansible: Ansible, sim: Simulator, tmp_path: Path) -> None:
    seed(sim)
    tasks: list[dict[str, Any]] = []
    kinds: dict[str, dict[str, dict[str, Any]]] = {
        "databases": {"influxops.influxdb3.database_info": {"status": "all"}},
        "tables": {"influxops.influxdb3.table_info": {"database": "metrics", "status": "all"}},
        "users": {"influxops.influxdb3.user_info": {}},
        "clusters": {"influxops.influxdb3.cluster_info": {"id": sim.cluster_id}},
    }
    for number, form in enumerate(forms()):
        (tmp_path / str(number)).mkdir()
        path = str(install(tmp_path / str(number), **form))
        for kind, task in kinds.items():
            ((module, options),) = task.items()
            tasks.append({"name": f"{kind} {number}", module: {**options, "influxctl_path": path}})
    ran = ansible.playbook(local_play(tasks, connection(sim)))
    assert ran.code == 0, ran.output
    for number, form in enumerate(forms()):
        check_lists({kind: ran.result(f"{kind} {number}") for kind in kinds}, sim, form)
    assert_no_secret(ran.output, sim.secrets)


@pytest.mark.parametrize(
    ("version", "ends"),
    [
        ("2.6.0", ("2.10.4", "2.10.2", "2.10.2", 1)),
        ("2.10.1", ("2.10.4", "2.10.2", "2.10.2", 1)),
        ("2.10.2", ("2.10.4", 2, "2.10.4", 1)),
        ("2.10.3", ("2.10.4", 2, "2.10.4", 1)),
        ("2.10.4", (2, 2, 1, 1)),
        ("2.12.1", (2, 2, 1, 1)),
    ],
)
def test_a_version_that_does_not_know_a_list_is_told_the_one_that_does(
    run: Run, sim: Simulator, program: Path, version: str, ends: tuple[Any, ...]
) -> None:
    install(program.parent, version)
    seed(sim)
    results = [
        run("database_info", status="deleted"),
        run("table_info", database="metrics"),
        run("table_info", database="metrics", status="deleted"),
        run("user_info"),
    ]
    for result, kind, end in zip(results, ("databases", "tables", "tables", "users"), ends, strict=True):
        if isinstance(end, int):
            assert len(result[kind]) == end
            continue
        assert f"It is version {version}; " in result["msg"]
        assert f"need influxctl {end} or newer" in result["msg"]


def test_what_is_asked_for_is_returned(run: Run, sim: Simulator) -> None:
    seed(sim)
    sim.add_database("metrics", deleted_at=MOMENT + timedelta(days=1))
    in_db = {"database": "metrics"}
    cases: list[tuple[str, dict[str, Any], str, list[Any]]] = [
        ("database_info", {"status": "deleted", "name": "metrics"}, "databases", [4, 8]),
        ("database_info", {"status": "deleted", "patterns": ["o*", "x"]}, "databases", [2]),
        ("database_info", {"status": "all", "name": "none"}, "databases", []),
        ("database_info", {"name": "metrics"}, "databases", [None]),
        ("table_info", {**in_db, "name": "cpu"}, "tables", [5]),
        ("table_info", {**in_db, "status": "deleted"}, "tables", [7]),
        ("table_info", {**in_db, "status": "all", "patterns": ["*m*"]}, "tables", [6]),
        ("table_info", {"database": "infinite"}, "tables", []),
        ("user_info", {"name": "Ada Admin"}, "users", [sim.core.user_id]),
        ("user_info", {"email": "ADA@example.com"}, "users", [sim.core.user_id]),
        ("user_info", {"email": "bob@example.com"}, "users", []),
        ("user_info", {"patterns": ["B*"]}, "users", []),
        ("cluster_info", {"id": "none"}, "clusters", []),
    ]
    for module, options, kind, wanted in cases:
        result = run(module, **options)
        assert [entry.get("id") for entry in result.get(kind, [result])] == wanted, (module, options)
    assert {entry["deleted"] for entry in run("database_info")["databases"]} == {False}
    missing = run("table_info", database="none")
    assert missing["failure"]["code"] == "not_found"
    assert "'none'" in missing["msg"]


def test_clusters_are_listed_on_dedicated_and_refused_on_clustered(
    run: Run, modules: Modules, program: Path, make_simulator: Callable[..., Simulator]
) -> None:
    assert "influxctl lists clusters on Cloud Dedicated only" in run("cluster_info")["msg"]
    dedicated = make_simulator("dedicated", tls=False)
    install(program.parent, management_url=dedicated.url)
    common = {**connection(dedicated), "influxctl_path": str(program)}
    (cluster,) = modules.run("cluster_info", common).result["clusters"]
    assert (cluster["cluster_id"], cluster["account_id"]) == (dedicated.cluster_id, dedicated.account_id)
    assert modules.run("cluster_info", {**common, "name": "simulated"}).result["clusters"] == [cluster]
    assert modules.run("cluster_info", {**common, "name": "other"}).result["clusters"] == []


@every_operation
def test_a_profile_is_enough(modules: Modules, sim: Simulator, program: Path, tmp_path: Path) -> None:
    seed(sim)
    config = tmp_path / "config.toml"
    config.write_text(
        f'[[profile]]\nname = "p"\nproduct = "clustered"\nhost = "{sim.host}"\nport = "{sim.port}"\n'
        f'mgmt_token = "{sim.admin_token}"\n[profile.tls]\nca = "{sim.ca_path}"\n'
    )
    options = {"config_path": str(config), "profile": "p", "influxctl_path": str(program)}
    assert len(modules.run("database_info", {**options, "status": "all"}).result["databases"]) == 4
    back = modules.run("database", {**options, "name": "old", "state": "restored"}).result
    assert (back["changed"], back["database"]["id"]) == (True, 2)
    assert all(ran.argv[:4] == ["--config", str(config), "--profile", "p"] for ran in invocations(program))


@every_operation
def test_a_database_is_restored_by_its_name(run: Run, sim: Simulator, program: Path) -> None:
    seed(sim)
    before = snapshot(sim)
    check = run("database", check=True, name="old", state="restored")
    assert snapshot(sim) == before
    done = run("database", name="old", state="restored")
    again = run("database", name="old", state="restored")
    assert [result["changed"] for result in (check, done, again)] == [True, True, False]
    assert check["database"] == done["database"]
    assert (done["database"]["id"], done["restorable_until"]) == (2, None)
    assert sim.state.database("old") is not None
    assert commands(program) == ["database list deleted"] * 2, "none where it is active"


@every_operation
def test_of_several_deleted_ones_none_is_restored(run: Run, sim: Simulator, program: Path) -> None:
    for day in range(3):
        sim.add_database("twice", deleted_at=MOMENT + timedelta(days=day))
    for check in (True, False):
        result = run("database", check=check, name="twice", state="restored")
        assert result["failure"]["code"] == "ambiguous_database"
        listed = "3 (deleted 2026-01-04T03:04:05Z), 2 (deleted 2026-01-03T03:04:05Z), 1 (deleted 2026-01-02T03:04:05Z)"
        assert listed in result["msg"]
    install(program.parent, deleted_at=False)
    assert "3 (influxctl doesn't show when" in run("database", name="twice", state="restored")["msg"]
    assert sim.state.database("twice") is None
    assert run("database", name="twice", id=2, state="restored")["database"]["id"] == 2


def test_what_can_not_be_restored_by_name_says_why(run: Run, sim: Simulator, program: Path, tmp_path: Path) -> None:
    seed(sim)
    before = snapshot(sim)
    none = run("database", name="never", state="restored")
    assert (none["failure"]["code"], "never" in none["msg"]) == ("not_found", True)
    install(program.parent, "2.10.3")
    assert "need influxctl 2.10.4 or newer" in run("database", name="old", state="restored")["msg"]
    missing = run("database", name="old", state="restored", influxctl_path=str(tmp_path / "none"))
    assert missing["failure"]["code"] == "influxctl_missing"
    program.write_text('#!/bin/sh\necho \'[{"database_name": "old"}]\'\n')
    assert "State the id" in run("database", name="old", state="restored")["msg"]
    assert snapshot(sim) == before


@every_operation
def test_a_deletion_tells_what_restores_it(run: Run, sim: Simulator, program: Path) -> None:
    seed(sim)
    sim.add_database("metrics2")
    check = run("database", check=True, name="metrics", state="absent")
    done = run("database", name="metrics", state="absent")
    again = run("database", name="metrics", state="absent")
    for result in (check, done):
        assert (result["changed"], result["database"]["id"]) == (True, 1), "not that of the one deleted before"
        until = datetime.fromisoformat(result["restorable_until"])
        assert timedelta(days=13) < until - datetime.now(UTC) <= timedelta(days=14)
    assert done["database"] == check["database"]
    assert (again["changed"], again["database"], again["restorable_until"]) == (False, None, None)
    assert commands(program) == ["database list"] * 2, "only where something is to be deleted"
    assert run("database", id=done["database"]["id"], state="restored")["changed"] is True


@pytest.mark.parametrize("broken", ["missing", "failing", "old"])
def test_nothing_about_influxctl_keeps_anybody_from_deleting(
    run: Run, sim: Simulator, program: Path, tmp_path: Path, broken: str
) -> None:
    seed(sim)
    path = str(program)
    if broken == "missing":
        path = str(tmp_path / "none")
    elif broken == "old":
        install(program.parent, "2.10.2")
    else:
        program.write_text("#!/bin/sh\necho connection refused >&2; exit 1\n")
    result = run("database", name="metrics", state="absent", influxctl_path=path)
    assert result["changed"] is True
    assert result["database"]["id"] is None
    assert result["restorable_until"]
    assert sim.state.database("metrics") is None
    said = str(result.get("warnings", ""))
    assert ("The ID that restores 'metrics' could not be looked up" in said) == (broken == "failing")


def test_dedicated_restores_for_a_week(modules: Modules, make_simulator: Callable[..., Simulator]) -> None:
    sim = make_simulator("dedicated", tls=False)
    sim.add_database("metrics")
    options = {**connection(sim), "name": "metrics", "state": "absent", "influxctl_path": "/none"}
    until = datetime.fromisoformat(modules.run("database", options).result["restorable_until"])
    assert timedelta(days=6) < until - datetime.now(UTC) <= timedelta(days=7)


def ends(result: dict[str, Any]) -> dict[str, tuple[str, str | None]]:
    """What has become of the items of cluster, with the code of a failure."""
    return {
        entry["name"]: (entry["outcome"], (entry.get("failure") or {}).get("code")) for entry in result["databases"]
    }


@every_operation
def test_items_of_cluster_are_restored_by_name(run: Run, sim: Simulator, program: Path) -> None:
    seed(sim)
    for day in range(2):
        sim.add_database("twice", deleted_at=MOMENT + timedelta(days=day))
    items: list[dict[str, Any]] = [{"name": name, "state": "restored"} for name in ("old", "metrics", "twice", "never")]
    items += [{"name": "new"}, {"name": "twice2", "id": 8, "state": "restored"}]
    before = snapshot(sim)
    check = run("cluster", check=True, databases=items)
    assert snapshot(sim) == before
    done = run("cluster", databases=items)
    for result in (check, done):
        found = {
            entry["name"]: (entry["outcome"], (entry.get("failure") or {}).get("code")) for entry in result["databases"]
        }
        assert found == {
            "old": ("created", None),
            "metrics": ("unchanged", None),
            "twice": ("failed", "ambiguous_database"),
            "never": ("failed", "not_found"),
            "new": ("created", None),
            "twice2": ("created", None),
        }
    assert commands(program) == ["database list deleted"] * 2, "one for all items"
    assert {d.name for d in sim.state.databases if d.deleted_at is None} == {
        "infinite",
        "metrics",
        "new",
        "old",
        "twice",
    }
    again = run("cluster", databases=[{"name": "old", "state": "restored"}, {"name": "new"}])
    assert (again["changed"], len(commands(program))) == (False, 2)


def test_without_influxctl_only_what_needs_it_fails(run: Run, sim: Simulator, tmp_path: Path) -> None:
    seed(sim)
    items = [{"name": "old", "state": "restored"}, {"name": "new"}]
    result = run("cluster", databases=items, influxctl_path=str(tmp_path / "none"))
    assert ends(result) == {"old": ("failed", "influxctl_missing"), "new": ("created", None)}


IN_METRICS = {"database": "metrics"}


@every_operation
def test_a_table_is_restored_by_its_name(run: Run, sim: Simulator, program: Path) -> None:
    seed(sim)
    sim.add_table(sim.state.databases[0], "disk", deleted_at=MOMENT)
    before = snapshot(sim)
    check = run("table", check=True, **IN_METRICS, name="disk", state="restored")
    assert snapshot(sim) == before
    done = run("table", **IN_METRICS, name="disk", state="restored")
    again = run("table", **IN_METRICS, name="disk", state="restored")
    assert [result["changed"] for result in (check, done, again)] == [True, True, False]
    assert check["table"] == {**done["table"], "partition_template": None}
    assert (done["table"]["id"], done["table"]["name"], done["restorable_until"]) == (8, "disk", None)
    assert commands(program) == [*(["table list", "table list deleted"] * 2), "table list"]
    active = run("table", **IN_METRICS, name="cpu", state="restored")
    assert (active["changed"], active["table"]["id"]) == (False, 5)


@every_operation
def test_of_several_deleted_tables_none_is_restored(run: Run, sim: Simulator, program: Path) -> None:
    seed(sim)
    sim.state.tables[0].deleted_at = MOMENT + timedelta(days=1)
    before = snapshot(sim)
    for check in (True, False):
        result = run("table", check=check, **IN_METRICS, name="cpu", state="restored")
        assert result["failure"]["code"] == "ambiguous_table"
        assert "5 (deleted 2026-01-03T03:04:05Z), 7 (deleted 2026-01-02T03:04:05Z)" in result["msg"]
    assert run("table", **IN_METRICS, name="never", state="restored")["failure"]["code"] == "not_found"
    assert run("table", database="none", name="cpu", state="restored")["failure"]["code"] == "not_found"
    install(program.parent, "2.10.3")
    assert "need influxctl 2.10.4 or newer" in run("table", **IN_METRICS, name="cpu", state="restored")["msg"]
    assert snapshot(sim) == before
    assert run("table", **IN_METRICS, id=7, state="restored")["changed"] is True


def table_ends(result: dict[str, Any]) -> list[tuple[str, str | None]]:
    """What has become of the tables of cluster, with the code of a failure."""
    return [(entry["outcome"], (entry.get("failure") or {}).get("code")) for entry in result["tables"]]


@pytest.mark.parametrize("lookup", ["none", "influxctl"])
@every_operation
def test_tables_of_cluster_are_restored_by_name(run: Run, sim: Simulator, program: Path, lookup: str) -> None:
    seed(sim)
    metrics, infinite = sim.state.databases[0], sim.state.databases[2]
    disk = sim.add_table(metrics, "disk", deleted_at=MOMENT)
    for day in range(2):
        sim.add_table(metrics, "twice", deleted_at=MOMENT + timedelta(days=day))
    sim.add_table(infinite, "disk", deleted_at=MOMENT)
    names = ("disk", "cpu", "twice", "never")
    items: list[dict[str, Any]] = [{**IN_METRICS, "name": name, "state": "restored"} for name in names]
    items += [{"database": "infinite", "name": "disk"}, {"database": "none", "name": "disk", "state": "restored"}]
    before = snapshot(sim)
    check = run("cluster", check=True, tables=items, lookup=lookup)
    assert snapshot(sim) == before
    ran = ["table list", "table list deleted"]
    assert sorted(commands(program)) == sorted([*ran, *(["table list"] * (lookup == "influxctl"))]), "once for all"
    done = run("cluster", tables=items, lookup=lookup)
    wanted = [
        *(("created", None), ("unchanged", None), ("failed", "ambiguous_table"), ("failed", "not_found")),
        *(("created", None), ("failed", "not_found")),
    ]
    assert [table_ends(result) for result in (check, done)] == [wanted, wanted]
    assert (
        check["tables"][:2]
        == done["tables"][:2]
        == [
            {**IN_METRICS, "name": "disk", "id": disk.id, "outcome": "created"},
            {**IN_METRICS, "name": "cpu", "id": 5, "outcome": "unchanged"},
        ]
    )
    assert "(deleted 2026-01-03T03:04:05Z)" in done["tables"][2]["failure"]["message"]
    assert sorted(table.name for table in sim.state.tables_of(metrics)) == ["cpu", "disk", "mem"]
    again = run("cluster", tables=[items[0], items[1]], lookup=lookup)
    assert (again["changed"], table_ends(again)) == (False, [("unchanged", None)] * 2)


@pytest.mark.parametrize("lookup", ["none", "influxctl"])
@every_operation
def test_a_table_is_restored_with_its_database(run: Run, sim: Simulator, program: Path, lookup: str) -> None:
    """Nobody lists the tables of a database that is deleted yet."""
    old = sim.add_database("old", deleted_at=MOMENT)
    sim.add_table(old, "cpu", deleted_at=MOMENT)
    sim.add_table(old, "mem")
    options: dict[str, Any] = {
        "databases": [{"name": "old", "state": "restored"}],
        "tables": [{"database": "old", "name": name, "state": "restored"} for name in ("cpu", "mem", "never")],
        "lookup": lookup,
    }
    check = run("cluster", check=True, **options)
    assert table_ends(check) == [("created", None)] * 3, "what nothing tells leaves something to do"
    done = run("cluster", **options)
    assert ends(done) == {"old": ("created", None)}
    assert table_ends(done) == [("created", None), ("unchanged", None), ("failed", "not_found")]
    options["tables"].pop()
    again = run("cluster", **options)
    assert (again["changed"], table_ends(again)) == (False, [("unchanged", None)] * 2)


@every_operation
def test_without_influxctl_only_tables_that_need_it_fail(run: Run, sim: Simulator, tmp_path: Path) -> None:
    seed(sim)
    items: list[dict[str, Any]] = [
        {**IN_METRICS, "name": "disk", "state": "restored"},
        {**IN_METRICS, "id": 7, "state": "restored"},
        {**IN_METRICS, "name": "new"},
    ]
    sim.state.tables[0].name = "former"  # so that another one of its name may come back
    result = run("cluster", tables=items, influxctl_path=str(tmp_path / "none"))
    assert table_ends(result) == [("failed", "influxctl_missing"), ("created", None), ("created", None)]


@pytest.mark.parametrize("purged", [False, True])
@pytest.mark.parametrize("module", ["table", "cluster tables", "database", "cluster databases"])
def test_what_others_restore_or_purge_meanwhile(run: Run, sim: Simulator, module: str, purged: bool) -> None:
    """Between the list and the request: what is active then is as stated, and what is gone for good is an error."""
    metrics, old = sim.add_database("metrics"), sim.add_database("disk", deleted_at=MOMENT)
    disk = sim.add_table(metrics, "disk", deleted_at=MOMENT)
    deleted: Any = disk if "table" in module else old
    listed: list[Any] = sim.state.tables if "table" in module else sim.state.databases

    def meanwhile(request: Any) -> bool:
        if request.kind == "api" and request.method == "PUT":
            if purged and deleted in listed:
                listed.remove(deleted)
            deleted.deleted_at = None
        return False

    sim.faults.append(Fault("status", match=meanwhile))
    item = {"name": "disk", "state": "restored", **(IN_METRICS if "table" in module else {})}
    name, _, kind = module.partition(" ")
    result = run(name, **({kind: [item]} if kind else item))
    entry = result[kind][0] if kind else result
    if purged:
        assert entry["failure"]["code"] == "not_found"
        return
    assert result["changed"] is False
    # The API shows no ID of an active database.
    assert "table" not in module or entry.get(name, entry)["id"] == disk.id


@pytest.mark.parametrize("lookup", ["none", "influxctl"])
@every_operation
def test_the_deletion_of_a_table_tells_what_restores_it(
    run: Run, sim: Simulator, program: Path, tmp_path: Path, lookup: str
) -> None:
    seed(sim)
    gone = {**IN_METRICS, "name": "cpu", "state": "absent", "lookup": lookup}
    check, done, again = run("table", check=True, **gone), run("table", **gone), run("table", **gone)
    for result in (check, done):
        assert (result["changed"], result["table"]["id"]) == (True, 5), "not that of the one deleted before"
        assert result["restorable_until"]
    assert (again["changed"], again["table"], again["restorable_until"]) == (False, None, None)
    assert commands(program) == ["table list"] * 3
    assert run("table", **IN_METRICS, id=done["table"]["id"], state="restored")["changed"] is True
    if lookup == "none":
        without = run("table", **gone, influxctl_path=str(tmp_path / "none"))
        assert (without["changed"], without["table"]["id"], bool(without["restorable_until"])) == (True, None, True)
