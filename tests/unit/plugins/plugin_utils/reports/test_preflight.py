# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From what was seen to checks with remedies, and from these to lines: at their bounds, and with any text in them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.influxops.influxdb3.plugins.module_utils._core.durations import format_instant
from ansible_collections.influxops.influxdb3.plugins.plugin_utils._reports.preflight import Plans, preflight
from ansible_collections.influxops.influxdb3.plugins.plugin_utils._reports.preflight_rows import CHECKS
from ansible_collections.influxops.influxdb3.plugins.plugin_utils._reports.tables import WIDTH, width_of

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
PYTHON = {"version": "3.13.1", "executable": "/usr/bin/python3"}
FAR = format_instant(NOW + timedelta(days=400))
API = {
    "url": "https://cluster.example.com",
    "url_form": "short",
    "is_checked": True,
    "certificate_ends": FAR,
    "clock_skew": 0,
    "failure": None,
    "problem": None,
}
INFLUXCTL = {"path": "/usr/bin/influxctl", "version": "2.12.0", "problem": None}
OWN = {"id": "a", "revoked_at": None, "expires_at": None}
FILE = {
    **{"path": "/home/ops/config.toml", "exists": True, "owner": "ops", "group": "ops", "mode": "0600"},
    **{"directory": "/home/ops", "directory_mode": "0700", "obstacle": "", "failure": None},
}
HOST = {
    "python": PYTHON,
    "influxctl": {"path": "/usr/bin/influxctl", "version": None, "failure": None},
    "file": FILE,
    "tls_files": [],
    "refused_keys": [],
    "profile": {"name": "default"},
    "proved": True,
    "proof_failure": None,
}


def controller(**api: Any) -> dict[str, Any]:
    return {"python": PYTHON, "libraries": [], "is_stated": True, "api": {**API, **api}}


def issuer(own: Any = OWN, **more: Any) -> dict[str, Any]:
    return {
        **{"python": PYTHON, "libraries": [], "influxctl": INFLUXCTL, "users": {"number": 1, "problem": None}},
        "management": {"problem": None, "own": [own] if own else []},
        **more,
    }


def look(
    controller_: Any = None, issuer_: Any = None, hosts: Any = None, plans: Plans | None = None, **more: Any
) -> dict[str, Any]:
    return preflight(controller_, issuer_, hosts or {}, plans or Plans(), "localhost", NOW, "14d", **more)


def row_of(report: dict[str, Any], check: str) -> dict[str, Any]:
    return next(dict(row) for row in report["rows"] if row["check"] == check)


def state(report: dict[str, Any], check: str) -> str:
    return str(row_of(report, check)["state"])


def failure(status: int | None, code: str = "http_error") -> dict[str, Any]:
    return {"status": status, "code": code, "message": "no", "method": "GET", "path": "/"}


@pytest.mark.parametrize(
    ("skew", "word"), [(0, "ok"), (60, "ok"), (-60, "ok"), (61, "problem"), (-61, "problem"), (None, "not checked")]
)
def test_two_clocks_may_differ_by_a_minute(skew: int | None, word: str) -> None:
    assert state(look(controller(clock_skew=skew)), "clock") == word


@pytest.mark.parametrize(
    ("hours", "word"), [(14 * 24, "problem"), (14 * 24 + 1, "ok"), (1, "problem"), (-1, "problem")]
)
def test_what_ends_within_a_time_is_a_problem(hours: int, word: str) -> None:
    ends = format_instant(NOW + timedelta(hours=hours))
    assert state(look(controller(certificate_ends=ends)), "certificate") == word
    assert state(look(None, issuer({**OWN, "expires_at": ends})), "expiry") == word


@pytest.mark.parametrize(
    ("api", "word"),
    [
        ({"is_checked": None, "certificate_ends": None}, "not checked"),
        ({"is_checked": False, "certificate_ends": None}, "not checked"),
        ({"certificate_ends": None}, "not checked"),
    ],
)
def test_a_certificate_that_is_not_seen_is_no_problem(api: dict[str, Any], word: str) -> None:
    assert state(look(controller(**api)), "certificate") == word


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_token_has_reached_the_api(status: int) -> None:
    """What the answer shows of clock and certificate counts as well."""
    ends = format_instant(NOW + timedelta(days=1))
    found = look(controller(failure=failure(status), problem="Not accepted.", certificate_ends=ends, clock_skew=100))
    assert found["findings"] == {"clock": ["controller"], "certificate": ["controller"], "token": ["controller"]}
    assert row_of(found, "api")["found"] == "https://cluster.example.com, short form of the URL"


@pytest.mark.parametrize(
    ("failed", "findings"),
    [
        (failure(404), {"api"}),
        (failure(None, "unreachable"), {"api"}),
        (failure(None, "tls"), {"api", "certificate"}),
        (failure(None, "missing_library"), set()),
    ],
)
def test_without_an_answer_nothing_is_said_of_clock_and_token(failed: dict[str, Any], findings: set[str]) -> None:
    unseen = {"certificate_ends": None, "clock_skew": None, "url_form": None}
    found = look(controller(failure=failed, problem="It is away.", **unseen))
    assert set(found["findings"]) == findings
    assert not {row["check"] for row in found["rows"]} & {"clock", "token"}


def test_a_controller_in_order_has_a_row_for_each_of_its_checks() -> None:
    rows = look(controller(), plans=Plans(expires=True))["rows"]
    checks = ("variables", "renewal", "python", "api", "clock", "certificate", "token")
    assert [(row["check"], row["state"]) for row in rows] == [(check, "ok") for check in checks]
    assert row_of(look(plans=Plans(expires=True)), "renewal")["found"] == "stated"
    assert row_of(look(plans=Plans()), "renewal")["found"] == "new tokens don't end"
    wrong = look(plans=Plans(problems=["A.", "B."], doubts=["C."]))
    assert wrong["findings"] == {"variables": ["controller"] * 2, "renewal": ["controller"]}


def test_a_clock_is_named_with_its_direction() -> None:
    assert row_of(look(controller(clock_skew=90)), "clock")["found"] == "90 seconds behind the server's"
    assert row_of(look(controller(clock_skew=-90)), "clock")["found"] == "90 seconds ahead of the server's"


@pytest.mark.parametrize(
    ("seen", "checks"),
    [
        (issuer(), {"influxctl": "ok", "token": "ok", "expiry": "ok", "user": "ok"}),
        (issuer(users=None), {"user": "not checked"}),
        (issuer(users={"number": 0, "problem": None}), {"user": "problem"}),
        (issuer(users={"number": None, "problem": "No."}), {"user": "not checked"}),
        (issuer(management=None), {"influxctl": "ok", "token": "", "user": ""}),
        (issuer(management={"problem": "No.", "own": []}), {"token": "problem", "expiry": "", "user": "ok"}),
        (
            issuer(influxctl={**INFLUXCTL, "problem": "No."}, management={"problem": "No.", "own": []}),
            {"influxctl": "problem", "token": "", "user": ""},
        ),
        (
            issuer(libraries=[{"name": "tomlkit", "problem": "No."}], management={"problem": "No.", "own": []}),
            {"library": "problem", "token": "not checked", "user": ""},
        ),
    ],
)
def test_an_issuer_is_asked_as_far_as_influxctl_works(seen: dict[str, Any], checks: dict[str, str]) -> None:
    """The empty text: there is no such row, because another one has the cause."""
    rows = {row["check"]: row["state"] for row in look(None, seen)["rows"]}
    assert {check: rows.get(check, "") for check in checks} == checks


@pytest.mark.parametrize(
    ("seen", "influxctl", "proof"),
    [
        ({}, "ok", "ok"),
        ({"influxctl": None, "proved": None}, "not checked", "not checked"),
        ({"influxctl": {"path": None, "version": None, "failure": "No."}, "proved": None}, "problem", "not checked"),
        ({"influxctl": {"path": "i", "version": "2.5.9", "failure": None}, "proved": None}, "problem", "not checked"),
        ({"proved": False, "proof_failure": "No."}, "ok", "problem"),
        ({"proved": None, "profile": None}, "ok", "not checked"),
        ({"proved": None}, "ok", "not checked"),
    ],
)
def test_a_host_is_proved_where_it_can_be(seen: dict[str, Any], influxctl: str, proof: str) -> None:
    report = look(hosts={"web1": {**HOST, **seen}})
    assert (state(report, "influxctl"), state(report, "proof")) == (influxctl, proof)


def test_a_report_is_written_where_a_file_is_named() -> None:
    report = look(controller(), file="/tmp/preflight.json")
    ((path, content),) = [(file["path"], file["content"]) for file in report["files"]]
    assert path == "/tmp/preflight.json"
    assert content == json.dumps(json.loads(content), indent=4, sort_keys=True) + "\n"
    assert json.loads(content) == {key: report[key] for key in ("rows", "findings", "not_asked")}
    assert look(controller())["files"] == []


def test_several_tokens_of_one_prefix_are_not_judged() -> None:
    assert (
        state(look(None, {**issuer(), "management": {"problem": None, "own": [OWN, OWN]}}), "expiry") == "not checked"
    )
    assert state(look(None, issuer(None)), "expiry") == "not checked"
    assert state(look(None, issuer({**OWN, "revoked_at": FAR})), "expiry") == "problem"


def test_a_remote_issuer_is_a_machine_of_its_own() -> None:
    lacking = {**issuer(), "libraries": [{"name": "tomlkit", "problem": "It is missing."}]}
    both = preflight(controller(), lacking, {}, Plans(), "issuer1", NOW, "14d")
    assert both["findings"] == {"library": ["issuer issuer1"]}
    assert sum(row["check"] == "python" for row in both["rows"]) == 2
    assert sum(row["check"] == "python" for row in look(controller(), issuer())["rows"]) == 1


def test_a_controller_with_nothing_to_ask_for_needs_no_api() -> None:
    unstated = {**controller(), "is_stated": False}
    assert state(look(unstated, plans=Plans(has_requests=False)), "api") == "not checked"
    assert state(look({**controller(), "api": None}), "api") == "not checked"


def test_a_key_that_influxctl_takes_is_none_that_it_refuses() -> None:
    """A newer influxctl may know more keys than this collection."""
    keys = [{"profile": "default", "key": "new", "remedy": "remove it"}]
    assert state(look(hosts={"web1": {**HOST, "refused_keys": keys}}), "keys") == "ok"
    refused = {**HOST, "refused_keys": keys, "proved": None}
    assert state(look(hosts={"web1": refused}), "keys") == "problem"


@pytest.mark.parametrize(
    ("mode", "above", "findings"),
    [("0600", "0700", 0), ("0400", "1777", 0), ("0640", "0755", 1), ("0604", "0775", 2), ("0602", "0757", 2)],
)
def test_a_config_is_its_owners_alone(mode: str, above: str, findings: int) -> None:
    found = look(hosts={"web1": {**HOST, "file": {**FILE, "mode": mode, "directory_mode": above}}})
    assert len(found["findings"].get("file", [])) == findings


def test_the_files_that_a_profile_will_name_are_looked_at() -> None:
    assert {row["check"] for row in look(hosts={"web1": HOST})["rows"]} & {"certificate"} == set()
    files = [{"key": key, "path": f"/{key}.pem", "problem": None} for key in ("ca", "cert")]
    assert state(look(hosts={"web1": {**HOST, "tls_files": files}}), "certificate") == "ok"
    files[1]["problem"] = "No such file or directory"
    found = look(hosts={"web1": {**HOST, "tls_files": files}})
    assert found["findings"] == {"certificate": ["web1"]}
    (row,) = [row for row in found["rows"] if row["check"] == "certificate"]
    assert "mgmt_token_profile.tls.cert names /cert.pem, which can't be read there: No such file" in row["remedy"]


def test_what_is_the_same_and_no_problem_takes_one_line() -> None:
    hosts = {f"web{number}": HOST for number in range(1, 101)} | {"gone": None, "old": {"msg": "It is away."}}
    report = look(hosts=hosts)
    lines = report["table"]
    assert len(report["rows"]) == 503
    assert [line.split()[0] for line in lines if not line.startswith(" ")] == [
        *("check", "variables", "renewal", "reach", "python", "influxctl", "file", "keys", "proof", "Hosts", "503"),
    ]
    assert sum("web1 and 99 more" in line for line in lines) == 5
    assert report["not_asked"] == ["gone"]
    assert [line.split()[0] for line in report["brief"]] == ["check", "reach", "It", "503"]
    assert report["stats"]["influxdb3_preflight_reach"] == ["old"]
    assert set(report["stats"]) == {f"influxdb3_preflight_{word}" for word in (*CHECKS, "ok")}


@pytest.mark.parametrize("fail_on", ["all", ["file", "all"], ["reach"], "reach", "reach, file", [], ""])
def test_which_checks_are_decisive(fail_on: Any) -> None:
    report = look(hosts={"web1": {"msg": "away"}}, fail_on=fail_on)
    assert report["failing"] == ({} if fail_on in ([], "") else {"reach": ["web1"]})
    with pytest.raises(ValueError, match="'reech' is no check"):
        look(fail_on=["reech"])


TEXT = st.text(max_size=200)


@given(TEXT, TEXT, TEXT, st.integers(1, 3))
def test_any_text_fits_a_terminal_and_steers_none(one: str, two: str, three: str, number: int) -> None:
    failed = {**HOST, "proved": False, "proof_failure": one, "file": {**FILE, "failure": two, "path": three}}
    hosts = {f"{two}{host}": failed for host in range(number)} | {three or "x": {"unreachable": True, "msg": one}}
    refused = {**failure(500), "message": one, "path": two}
    report = look(
        controller(failure=refused, problem=two, url=three), issuer(users={"number": None, "problem": one}), hosts
    )
    for line in [*report["table"], *report["brief"]]:
        assert width_of(line) <= WIDTH
        assert line.isprintable()
    assert all(row["remedy"] is not None for row in report["rows"] if row["state"] == "problem")
