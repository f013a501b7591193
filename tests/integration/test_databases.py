# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Databases and tables on servers of every kind: how each run ends, what it shows and says, and what it sends.

The modules run without ansible-playbook here, because the cases are many; the scenarios, test_races.py and
test_connections.py show them with it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from harness.fixtures import every_operation
from harness.modules import Modules
from harness.plays import connection
from harness.sweeps import assert_no_secret
from simulator import Fault, Simulator, Switches
from simulator.recording import Request

HOUR = 3_600_000_000_000
DAY = 24 * HOUR
TIME = {"type": "time", "value": "%Y-%m"}
BUCKETS = {"type": "bucket", "tag_name": "a", "number_of_buckets": 2000}
# InfluxData's former example, made before servers refused it.
ODD = [{"type": "time", "value": "%Y wk:%W"}]
RELEASE = "20251218-1946608"


@dataclass
class Case:
    """One task, run once for each entry of `ends`: whether it says `changed`, or the code of its failure.

    `shows`: what the first result holds. `says`: what the last message or warning holds; without it there is no
    warning. `sent`: how many requests all runs send, among them the list of tokens where a name goes or comes.
    """

    about: str
    options: dict[str, Any]
    ends: tuple[bool | str, ...]
    shows: dict[str, Any] = field(default_factory=dict)
    says: str = ""
    sent: int | None = None
    switches: dict[str, Any] = field(default_factory=dict)
    fault: Fault | None = None

    @property
    def noun(self) -> str:
        return "table" if "database" in self.options else "database"


def in_db(name: str = "t", **options: Any) -> dict[str, Any]:
    return {"database": "db", "name": name, **options}


def sends(*methods: str) -> Callable[[Request], bool]:
    return lambda request: request.method in methods


def seed(sim: Simulator) -> None:
    """The same cluster for each case; IDs count from 1."""
    db = sim.add_database("db", retention_period=DAY, max_tables=5, partition_template=[TIME])
    sim.add_database("a/b")
    for name in ("back", "db"):
        sim.add_database(name, deleted_at=sim.clock.now())
    sim.add_table(db, "t", partition_template=[TIME]).former_names.append("former")
    sim.add_table(db, "u")
    for name in ("dropped", "t"):
        sim.add_table(db, name, deleted_at=sim.clock.now())
    sim.add_database("short", retention_period=HOUR // 6)
    sim.add_database("odd", partition_template=ODD)


ABSENT, RESTORED = {"state": "absent"}, {"state": "restored"}
# As long as the form of the URL isn't known, a 404 costs a second request.
FIGURES = [
    Case("create", {"name": "x"}, (True, False), sent=3 + 1),
    Case("no change", {"name": "db", "max_tables": 5, "retention_period": "1d", "partition_template": [TIME]}, (False,),
         sent=1),
    Case("delete nothing", {"name": "x", **ABSENT}, (False,), {"name": None}, sent=1),
    Case("delete nothing", in_db("x", **ABSENT), (False,), {"name": None}, sent=2),
    Case("no change", in_db(), (False,), {"name": "t", "partition_template": None}, sent=1),
    Case("update", {"name": "db", "max_tables": 6}, (True, False), {"max_tables": 6, "retention_period": "1d"}, sent=3),
    Case("delete", {"name": "db", **ABSENT}, (True, False), {"name": "db", "partition_template": [TIME]}, sent=3 + 1),
    Case("rename", {"name": "x", "rename_from": "db"}, (True, False), {"id": 1, "name": "x"}, sent=3 + 1),
    Case("restore", {"name": "back", "id": 3, **RESTORED}, (True, False), {"id": 3, "name": "back"}, sent=2 + 1),
    Case("create a table", in_db("x"), (True, False), {"id": None, "name": "x"}, sent=1 + 1),
    Case("delete a table", in_db(**ABSENT), (True, False), {"database": "db", "name": "t"}, sent=1 + 2),
    Case("rename a table", in_db("x", rename_from="t"), (True,), {"id": 5, "partition_template": [TIME]}, sent=1),
    Case("rename a table twice", in_db("x", rename_from="t"), (True, False), says="drop rename_from", sent=1 + 1),
    Case("rename no table", in_db("x", rename_from="never"), (True, False), {"id": None}, sent=3 + 3),
    Case("rename to its own name", in_db("x", rename_from="x"), (True, False), sent=1 + 1),
    Case("rename to its own name", {"name": "x", "rename_from": "x"}, (True, False), sent=3 + 1),
    Case("long URLs", {"name": "x"}, (True, False), sent=4 + 2, switches={"url_forms": "long"}),
    Case("long URLs, table", in_db("x"), (True,), sent=2, switches={"url_forms": "long"}),
    Case("long URLs, no table", in_db("x", **ABSENT), (False,), sent=2, switches={"url_forms": "long"}),
]  # fmt: skip
VALUES = [
    Case("terms add up", {"name": "x", "retention_period": "30d2.5d"}, (True,), {"retention_period": "32d12h"}),
    Case("nanoseconds", {"name": "db", "retention_period": DAY}, (False,), {"retention_period": "1d"}),
    Case("infinite", {"name": "db", "retention_period": "0d"}, (True,), {"retention_period": "infinite"}),
    Case("month", {"name": "x", "retention_period": "1mo"}, (True, False), {"retention_period_ns": 30 * DAY}),
    Case("year", {"name": "x", "retention_period": "1y"}, (True, False), {"retention_period_ns": 365 * DAY}),
    Case("short", {"name": "iox_x", "retention_period": "30m"}, (True,), says="minimum of one hour"),
    Case("short before", {"name": "x", "retention_period": "30m"}, (True, False)),
    Case("no unit", {"name": "x", "retention_period": 90}, ("short_retention",), says="'90' has no unit", sent=1),
    Case(
        "no unit, meant",
        {"name": "x", "retention_period": HOUR - 1, "force": True},
        (True,),
        {"retention_period": "59m59s999999999ns"},
        says="minimum of one hour",
    ),
    Case("no unit, long", {"name": "x", "retention_period": DAY}, (True,), {"retention_period": "1d"}),
    # The number that InfluxData's own documentation calls 30 days.
    Case(
        "cut",
        {"name": "db", "retention_period": 2_592_000_000_000},
        ("short_retention",),
        says="cut from 1d to 43m12s",
        sent=1,
    ),
    Case("cut as shown", {"name": "db", "retention_period": "43m12s"}, ("short_retention",), says="force: true"),
    Case(
        "cut, meant",
        {"name": "db", "retention_period": "43m12s", "force": True},
        (True,),
        {"retention_period": "43m12s", "retention_period_ns": 2_592_000_000_000},
        says="43m12s of 'db' is shorter",
    ),
    Case(
        "cut of infinite", {"name": "a/b", "retention_period": "30m"}, ("short_retention",), says="from infinite to 30m"
    ),
    Case("cut to an hour", {"name": "db", "retention_period": "1h"}, (True, False), {"retention_period": "1h"}),
    Case("cut of what is short", {"name": "short", "retention_period": "9m"}, ("short_retention",), says="10m to 9m"),
    Case("longer, still short", {"name": "short", "retention_period": "11m"}, (True,), says="11m of 'short'"),
    Case(
        "renamed and cut",
        {"name": "x", "rename_from": "db", "retention_period": 90},
        ("short_retention",),
        says="cut from 1d to 90ns",
        sent=1,
    ),
    Case("short and there", {"name": "short", "retention_period": "10m"}, (False,)),
    Case(
        "odd template, there", {"name": "odd", "partition_template": ODD}, (False,), {"partition_template": ODD}, sent=1
    ),
    Case(
        "odd template, new",
        {"name": "x", "partition_template": ODD},
        ("invalid_option",),
        says="'%Y wk:%W' is no time format",
        sent=1,
    ),
    Case("odd template, other", {"name": "db", "partition_template": ODD}, ("immutable",), sent=1),
    Case("no limit", {"name": "x", "max_tables": 0}, ("invalid_option",), says="leave it out for the default", sent=0),
    *(
        Case(f"template {number}", {"name": "x", "partition_template": parts}, (True,), says=said)
        for number, (parts, said) in enumerate(
            (
                ([{"type": "tag", "value": "a"}], "no time part"),
                ([TIME, {"type": "time", "value": "%Y"}], "2 time parts"),
                ([{"type": "time", "value": "%d"}], "'%d' is none of %Y-%m-%d, %Y-%m, %Y"),
                ([TIME, {**BUCKETS, "number_of_buckets": 1001}], "has 1001 buckets, and 1000 is the most"),
            )
        )
    ),
    Case(
        "template warned of once", {"name": "x", "partition_template": [{"type": "tag", "value": "a"}]}, (True, False)
    ),
    Case(
        "template that suits",
        {"name": "x", "partition_template": [{**BUCKETS, "number_of_buckets": 1000}, TIME]},
        (True,),
    ),
    Case(
        "template of a new table",
        in_db("x", partition_template=[{"type": "time", "value": "%d"}]),
        (True,),
        says="of the table 'x' can't be changed",
    ),
    Case("odd name", {"name": "a b"}, (True,), says="holds ' '"),
    Case("odd first", {"name": "-a"}, (True,), says="should begin with a letter"),
    Case("odd table", in_db("a.b"), (True,), says="holds '.'"),
    Case("odd table to rename", in_db("a b", rename_from="t"), (True,), says="holds ' '"),
    Case("plain name", {"name": "Däta_1-2/3"}, (True,)),
    Case("reserved", {"name": "iox_x"}, (True,), says="reserves for itself"),
    Case("reserved before", {"name": "_x"}, (True, False)),
    Case("reserved to delete", {"name": "iox_x", **ABSENT}, ("refused",), says="force: true"),
    Case("reserved to rename", {"name": "_x", "rename_from": "db"}, (True,), says="reserves for itself"),
    Case("reserved to rename away", {"name": "x", "rename_from": "_x"}, ("refused",), says="force: true"),
    Case("forced to rename away", {"name": "x", "rename_from": "_x", "force": True}, (True, False)),
    Case("reserved table", in_db("_x"), (True,), says="reserves for itself"),
    Case("template of a table", in_db(partition_template=[TIME]), (False,), says="fixes it at creation"),
]
NOT_ON_OLD_SERVERS: list[tuple[dict[str, Any], bool | str]] = [
    ({"name": "x", "rename_from": "db"}, "not_found"),
    ({"id": 3, **RESTORED}, "not_found"),
    (in_db("x", rename_from="t"), "not_found"),
    ({"database": "db", "id": 7, **RESTORED}, "not_found"),
    # The same answer as for a table that is gone, so this ends well, with a warning.
    (in_db(**ABSENT), False),
]
SWITCHES = [
    Case("200", {"name": "x"}, (True,), {"max_columns_per_table": 200}, switches={"default_max_columns": 200}),
    Case("250", {"name": "x"}, (True,), {"max_columns_per_table": 250}, switches={"default_max_columns": 250}),
    *(
        # The first list is older than the database.
        Case(f"duplicate {status}", {"name": "db"}, (False,), {"retention_period": "1d"}, sent=3,
             switches={"duplicate_create": status}, fault=Fault("status", status=200, body="[]"))
        for status in (400, 409)
    ),
    Case("duplicate table 400", in_db(), (False,), sent=1, switches={"duplicate_create": 400}),
    *(
        Case(f"template in the answer to PATCH: {echo}", {"name": "db", "max_tables": 6}, (True,),
             {"partition_template": [TIME]}, switches={"patch_echoes_template": echo})
        for echo in (False, True)
    ),
    Case("rename without retention", {"name": "x", "rename_from": "db", "max_tables": 6}, (True,),
         {"id": 1, "retention_period": "1d", "max_tables": 6}, switches={"rename_echoes_retention": False}),
    *(
        Case(f"slash {slash}", {"name": "a/b", "max_tables": 6}, ("encoded_slash",), says="undecoded",
             switches={"encoded_slash": slash})
        for slash in ("decoded", "rejected")
    ),
    Case("slash kept", {"name": "a/b", **ABSENT}, (True,), switches={"encoded_slash": "kept"}),
    Case("slash decoded, table", {"database": "a/b", "name": "x", **ABSENT}, ("encoded_slash",), says="undecoded",
         switches={"encoded_slash": "decoded"}),
    *(
        Case(f"old server {number}", options, (end,), says=RELEASE, switches={"old_server": True})
        for number, (options, end) in enumerate(NOT_ON_OLD_SERVERS)
    ),
    *(
        Case(f"{about} in a database with a slash, worded {wording}", {"database": "a/b", **options}, ends,
             switches={"error_wording": wording, "duplicate_create": 400, "url_forms": form})
        for wording in Switches.values("error_wording")
        for form in Switches.values("url_forms")
        for about, options, ends in (
            ("create", {"name": "x"}, (True, False)),
            ("delete nothing", {"name": "x", **ABSENT}, (False,)),
            ("rename nothing", {"name": "x", "rename_from": "never"}, (True, False)),
        )
    ),
    *(
        Case(f"duplicate 400, worded {wording}", {"name": "db"}, (False,), {"retention_period": "1d"},
             switches={"duplicate_create": 400, "error_wording": wording},
             fault=Fault("status", status=200, body="[]"))
        for wording in Switches.values("error_wording")
    ),
    Case("no table to rename", in_db("x", rename_from="never"), (True,), says="no table 'never' to rename"),
    Case("burst", {"name": "x"}, (True,), sent=5, switches={"burst_503": 2}),
    Case("burst, existing table", in_db(), (False,), sent=3, switches={"burst_503": 2}),
    Case("burst, no table", in_db("x", **ABSENT), (False,), sent=4, switches={"burst_503": 2}),
    *(
        Case("the connection is cut behind the head of a 204", options, (True, False), switches={"delete_cut": True})
        for options in ({"name": "db", **ABSENT}, in_db(**ABSENT))
    ),
    *(
        Case(f"{switch} {value}", {"name": "db", "max_tables": 6, "retention_period": "0d"}, (True, False),
             {"retention_period": "infinite"}, switches={switch: value})
        for switch in ("infinite_retention", "wrapped_lists")
        for value in Switches.values(switch)
    ),
    Case("close", {"name": "db", **ABSENT}, (True,), switches={"delete_connection_close": True}),
    Case("close, table", in_db(**ABSENT), (True,), switches={"delete_connection_close": True}),
    Case("HTML 404, table", in_db("x", **ABSENT), (False,), says="isn't clear", switches={"error_bodies": "html"}),
    Case("HTML 404, no database", {"database": "x", "name": "x"}, ("not_found",), switches={"error_bodies": "html"}),
    Case("short refused", {"name": "x", "retention_period": "5m"}, ("http_error",), says="at least one hour",
         switches={"short_retention": "rejected"}),
    Case("few buckets", {"name": "x", "partition_template": [BUCKETS]}, ("http_error",), says="1 and 1000",
         switches={"max_buckets": 1000}),
    Case("time demanded", in_db("x", partition_template=[BUCKETS]), ("http_error",), says="time part",
         switches={"time_part": "required"}),
    *(
        Case(f"restored database {status}", {"name": "back", "id": 3, **RESTORED}, (True, False), {"id": 3},
             switches={"undelete_active": status})
        for status in (200, 400, 404)
    ),
    Case("restored without a name", {"id": 3, **RESTORED}, (True, "not_found")),
    *(
        Case(f"restored table {status}", {"database": "db", "id": 7, **RESTORED}, (True, end), {"name": "dropped"},
             switches={"undelete_active": status})
        for status, end in ((200, True), (400, "not_found"), (404, "not_found"))
    ),
    *(
        Case(f"namesake {status}", {"id": 4, **RESTORED}, (end,), says="already exists",
             switches={"undelete_conflict": status})
        for status, end in ((400, "already_exists"), (409, "already_exists"), (500, "http_error"))
    ),
    Case("namesake by name", {"name": "db", "id": 4, **RESTORED}, (False,), sent=1),
    Case("namesake, table", {"database": "db", "id": 8, **RESTORED}, ("already_exists",)),
    Case("inherited", in_db("x"), (True,), {"partition_template": [TIME]}, switches={"table_inherits_template": True}),
    Case("former name free", in_db("former"), (True,), switches={"renamed_table_name": "free"}),
    Case("former name taken", in_db("former"), (False,), switches={"renamed_table_name": "taken"}),
    Case("both tables", in_db("u", rename_from="t"), (False,), says="can't be seen"),
    Case("no such database", {"database": "x", "name": "t"}, ("not_found",), says="name x does not exist", sent=2),
    Case("no such database to rename", {"database": "x", "name": "t", "rename_from": "u"}, ("not_found",), sent=4),
]  # fmt: skip
FAULTS = [
    *(
        Case(f"{action} {method}", options, (True, False), fault=Fault(action, match=sends(method)))
        for action in ("drop_before", "drop_after", "truncate")
        for method, options in (
            ("POST", {"name": "x", "max_tables": 9}),
            ("POST", in_db("x")),
            ("PATCH", {"name": "db", "max_tables": 6}),
            ("PUT", {"name": "x", "rename_from": "db"}),
            ("DELETE", {"name": "db", **ABSENT}),
            ("DELETE", in_db(**ABSENT)),
        )
        if (action, method) != ("truncate", "DELETE")  # there is nothing to cut in a 204
    ),
    Case("lost creation with a template", in_db("x", partition_template=[TIME]), (True,), {"name": "x"}, sent=2,
         fault=Fault("drop_after", match=sends("POST"))),
    Case("lost rename", in_db("x", rename_from="t"), (True,), {"name": "x"}, says="can't be seen",
         fault=Fault("drop_after", match=sends("PUT"))),
    Case("lost deletion", {"name": "db", **ABSENT}, (True,), {"name": "db"},
         fault=Fault("drop_after", match=sends("DELETE"))),
    Case("lost deletion", in_db(**ABSENT), (True,), {"name": "t"}, fault=Fault("drop_after", match=sends("DELETE"))),
    Case("half a list", {"name": "db", "max_tables": 5}, (False,), sent=2, fault=Fault("truncate")),
    Case("HTML 502", {"name": "x"}, (True,), sent=4, fault=Fault("html", status=502, match=sends("GET"))),
    Case("HTML 200", {"name": "x"}, ("bad_answer",), says="no answer of the Management API",
         fault=Fault("html", status=200)),
    Case("HTML 502 POST", in_db("x"), (True,), sent=2, fault=Fault("html", status=502, match=sends("POST"))),
    Case("forbidden", in_db("x"), ("forbidden",), says="management token may not", fault=Fault("status", status=403)),
]  # fmt: skip


GROUPS = {"figures": FIGURES, "values": VALUES, "switches": SWITCHES, "faults": FAULTS}


@pytest.mark.parametrize(
    "case", [pytest.param(case, id=f"{case.noun}: {case.about}") for group in GROUPS.values() for case in group]
)
def test_case(modules: Modules, make_simulator: Callable[..., Simulator], case: Case) -> None:
    """On a server that the case states whole, also where the other tests run as on the cluster of a report."""
    sim = make_simulator(tls=False, like=Switches(), **case.switches)
    seed(sim)
    sim.faults += [replace(case.fault)] if case.fault else []
    outcomes = [modules.run(case.noun, {**case.options, **connection(sim)}) for _end in case.ends]
    results = [outcome.result for outcome in outcomes]
    assert [end(result) for result in results] == list(case.ends), results
    shown = results[0].get(case.noun) or {}
    assert {key: shown.get(key) for key in case.shows} == case.shows
    said = " ".join([results[-1].get("msg", ""), *map(str, results[-1].get("warnings", []))])
    assert case.says in said
    assert case.says or not said or results[-1].get("failed"), f"nothing was to be said, but: {said}"
    assert case.sent in (None, len(sim.requests)), [(request.method, request.path) for request in sim.requests]
    assert sim.violations == []
    for outcome in outcomes:
        assert_no_secret(outcome.output, sim.secrets)


# Unlike the likeliest server wherever these modules could notice.
ODDEST = Switches(
    old_server=True, missing_operations="create_table", error_bodies="html", encoded_slash="decoded",
    duplicate_create=400, unknown_route_body="html", timestamps="offset", infinite_retention="absent",
    wrapped_lists="result", permissions_echo="normalized", revoked_listed=False, time_part="required",
    short_retention="rejected", max_buckets=1_000, delete_connection_close=True,
)  # fmt: skip


@pytest.mark.parametrize("case", [pytest.param(case, id=f"{case.noun}: {case.about}") for case in (*FIGURES, *VALUES)])
@pytest.mark.parametrize("server", [pytest.param(ODDEST, id="oddest"), pytest.param(None, id="usual")])
def test_no_server_leads_to_what_nobody_expects(
    modules: Modules, make_simulator: Callable[..., Simulator], server: Switches | None, case: Case
) -> None:
    """Whatever a server can't do ends with a code of ours; what it has done is not done again."""
    sim = make_simulator(tls=False, like=server, **case.switches)
    seed(sim)
    first, second = (modules.run(case.noun, {**case.options, **connection(sim)}) for _run in range(2))
    assert "unexpected" not in (end(first.result), end(second.result))
    if end(first.result) is True and "rename_from" not in case.options:
        assert end(second.result) is not True, second.result
    assert sim.violations == []
    for outcome in (first, second):
        assert_no_secret(outcome.output, sim.secrets)


def end(result: dict[str, Any]) -> bool | str:
    """How a run ended: what `changed` says, or the code of the failure."""
    ended: bool | str = result["failure"]["code"] if result.get("failed") else result["changed"]
    return ended


@every_operation
def test_active_tokens_for_a_name_that_goes_or_comes_are_named(modules: Modules, sim: Simulator) -> None:
    """They lose or gain access without a word otherwise; in check mode as well, and not of what doesn't move."""
    now = sim.clock.now()
    sim.add_database("db")
    for description, resource, more in (
        ("reader", "db", {}),
        ("gone", "db", {"revoked_at": now}),
        ("over", "db", {"expires_at": now - timedelta(seconds=1)}),
        ("of all", "*", {}),
        ("of others", "db2", {}),
        ("early", "x", {}),
    ):
        times: dict[str, datetime] = more
        sim.add_db_token(description, [{"action": "read", "resource": resource}], **times)

    def warned(check_mode: bool = False, **options: Any) -> list[str]:
        outcome = modules.run("database", {**options, **connection(sim), "_ansible_check_mode": check_mode})
        assert outcome.code == 0, outcome.output
        said = str(outcome.result.get("warnings", ""))
        return sorted(
            word for word in ("reader", "gone", "over", "of all", "of others", "early") if f"'{word}'" in said
        )

    for check_mode in (True, False):
        assert warned(check_mode, name="x", rename_from="db") == ["early", "reader"]
    for check_mode in (True, False):
        assert warned(check_mode, name="x", state="absent") == ["early"]
    assert warned(name="db") == ["reader"], "made again under the old name"
    assert warned(name="db", max_tables=7) == []
    assert warned(name="db") == []
    assert warned(name="never", state="absent") == []


def test_a_list_of_tokens_that_fails_is_a_warning(modules: Modules, sim: Simulator) -> None:
    fault = Fault("status", status=403, times=0, match=lambda request: request.path.endswith("/tokens"))
    sim.faults.append(fault)
    outcome = modules.run("database", {"name": "x", **connection(sim)})
    assert (outcome.code, outcome.result["changed"]) == (0, True), outcome.output
    assert "tokens are for 'x' could not be looked up" in str(outcome.result["warnings"])
    assert sim.state.database("x") is not None
