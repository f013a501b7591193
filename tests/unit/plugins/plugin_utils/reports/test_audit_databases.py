# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Database tokens in the audit: what hosts and the controller hold of them, and what ends soon of either kind."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.influxops.influxdb3.plugins.filter.fleet_audit import fleet_audit
from ansible_collections.influxops.influxdb3.plugins.plugin_utils._reports.audit import Databases, audit, table_rows
from ansible_collections.influxops.influxdb3.plugins.plugin_utils._reports.tables import WIDTH, width_of

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
PATH, ENV_PATH = "/etc/telegraf/token.json", "/etc/telegraf/token.env"
Dict = dict[str, Any]


def instant(days: float) -> str:
    return (NOW + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")


def token(number: int, description: str | None = None, ends: float | None = None, **more: Any) -> Dict:
    """An entry of db_token_info; `ends` in days from now."""
    return {
        "id": f"db-{number}",
        "description": f"telegraf web{number}" if description is None else description,
        "created_at": "2026-11-02T12:00:00.123Z",
        "expires_at": None if ends is None else instant(ends),
        "revoked_at": None,
        **more,
    }


def mgmt(number: int, ends: float | None = None, **more: Any) -> Dict:
    """An entry of mgmt_token_info."""
    return {**token(number, f"influxctl web{number}", ends), "id": f"m-{number}", "token_prefix": f"M{number}", **more}


def held(one: Dict | None, **more: Any) -> Dict:
    """What db_token_file_info returns of a file with this token, or of no file."""
    keys = ("id", "description", "created_at", "expires_at")
    file = {**dict.fromkeys(keys), "path": PATH, "mode": "0600", "env_path": None, "env_state": None, "env_mode": None}
    file |= {key: one[key] for key in keys} if one else {}
    return {"db_token_file": {**file, **more}, "file_identity": "x"}


def bare(*hosts: str) -> Dict:
    """Hosts without any profile."""
    return {host: {"profiles": [], "file": {}} for host in hosts}


def report(holdings: Dict, tokens: list[Dict], files: Dict, **more: Any) -> Dict:
    managed = more.pop("managed", [])
    return fleet_audit(with_files(holdings, files), managed, instant(0), "14d", db_tokens=tokens, **more)


def with_files(holdings: Dict, files: Dict) -> Dict:
    """The hosts that were asked, with what db_token_file_info returned there."""
    return {
        host: {**found, "held_file": files[host]} if found is not None and host in files else found
        for host, found in holdings.items()
    }


def row_of(result: Dict) -> Dict:
    (row,) = [row for row in result["rows"] if row["kind"] == "database"]
    return dict(row)


@pytest.mark.parametrize(
    ("ends", "revoked", "state"),
    [(None, None, "ok"), (20, None, "ok"), (14, None, "expiring"), (-1, None, "expired"), (20, -1, "revoked")],
)
def test_a_file_s_token_is_as_the_cluster_lists_it(ends: float | None, revoked: float | None, state: str) -> None:
    """What the file says of it may be old."""
    one = token(1, ends=ends, revoked_at=None if revoked is None else instant(revoked))
    file = held({**one, "description": "as it was", "expires_at": instant(-300)})
    result = report(bare("web1"), [one], {"web1": file})
    assert row_of(result) == {
        "kind": "database",
        "host": "web1",
        "profile": None,
        "held_in": PATH,
        "token_id": "db-1",
        "description": "telegraf web1",
        "created_at": "2026-11-02T12:00:00Z",
        "expires_at": one["expires_at"],
        "state": state,
        "note": None,
        "world_readable": False,
        "shared_with": [],
    }
    assert result["orphans"] == []
    assert result["findings"].get(state) == (None if state == "ok" else [f"web1 ({PATH})"])


@pytest.mark.parametrize(
    ("answer", "state", "note"),
    [
        (held(None), "none", None),
        (held(token(9)), "unknown", "the cluster lists no token with the ID of the file"),
        ({**held(None), "msg": "it can't be read"}, "none", None),
        ({"db_token_file": {"path": PATH, "mode": "0640"}, "msg": "it can't be read"}, "unknown", "it can't be read"),
        ({"skipped": True}, "unknown", "Connection timed out"),
        ({}, "unknown", "Connection timed out"),
        (held(token(1), env_path=ENV_PATH, env_state="ok"), "ok", None),
        (held(token(1), env_path=ENV_PATH, env_state="missing"), "unknown", f"{ENV_PATH} is missing"),
        (
            held(token(1), env_path=ENV_PATH, env_state="differs"),
            "unknown",
            f"{ENV_PATH} holds another token, or something else",
        ),
        (held(None, env_path=ENV_PATH, env_state="missing"), "none", None),
        (
            held(None, env_path=ENV_PATH, env_state="differs"),
            "unknown",
            f"{ENV_PATH} holds another token, or something else",
        ),
    ],
)
def test_what_a_host_answers(answer: Dict, state: str, note: str | None) -> None:
    away = {"web1": {"unreachable": True, "msg": "Connection timed out"}}
    row = row_of(report(away, [token(1)], {"web1": answer}))
    assert (row["state"], row["note"]) == (state, note)


@pytest.mark.parametrize("mode", ["mode", "env_mode"])
def test_who_may_read_either_file(mode: str) -> None:
    result = report(bare("web1"), [token(1)], {"web1": held(token(1), **{mode: "0644"})})
    assert result["findings"]["world_readable"] == [f"web1 ({PATH})"]


def test_a_host_without_a_file_in_its_variables_has_no_row() -> None:
    result = report(bare("web1"), [], {})
    assert [row["kind"] for row in result["rows"]] == ["management"]
    assert "Database tokens:" not in result["table"]


def test_without_database_tokens_nothing_is_said_of_them() -> None:
    result = audit(bare("web1"), [mgmt(1, ends=3)], NOW, "14d")
    assert {row["kind"] for row in [*result["rows"], *result["orphans"]]} == {"management"}
    assert not any("atabase" in line or "kind" in line for line in result["table"])


def test_tokens_that_nobody_holds_of_either_kind() -> None:
    """One that the controller keeps is held, and so is one that several hosts share; a silent host may hold its own."""
    holdings = {**bare("web1", "web2"), "web3": {"msg": "away"}}
    files = {"web1": held(token(1)), "web2": held(token(1)), "web3": {}}
    tokens = [
        token(1),
        token(2, "grafana"),
        token(3),
        token(4, "left"),
        token(5, ends=-1),
        token(6, "marked [pending x]"),
    ]
    stored = {"db_token_files": [{"path": "/s/grafana.json", "id": "db-2", "mode": "0600", "problem": None}]}
    result = report(holdings, tokens, files, stored=stored, managed=[mgmt(9)])
    assert [(row["kind"], row["token_id"]) for row in result["orphans"]] == [
        ("management", "m-9"),
        ("database", "db-4"),
        ("database", "db-6"),
    ]
    assert [row["token_id"] for row in result["others"]] == ["db-3"]
    assert result["findings"]["shared"] == [f"web1 ({PATH})", f"web2 ({PATH})"]
    assert result["silent"] == ["web3"]
    limited = report({**holdings, "web4": None}, tokens, files, stored=stored)
    assert limited["orphans"] == []


def test_a_token_that_is_shared_may_be_held_by_a_silent_host() -> None:
    """An old one is no orphan for whoever revokes these: the host that is away has not got the new one yet."""
    holdings = {**bare("web1", "web2"), "web3": {"msg": "away"}}
    files = {"web1": held(token(2, "fleet")), "web2": held(token(4)), "web3": {}}
    tokens = [token(1, "fleet"), token(2, "fleet"), token(3, "telegraf web2"), token(4, "telegraf web2")]
    result = report(holdings, tokens, files)
    assert [row["token_id"] for row in result["others"]] == ["db-1"]
    assert [row["token_id"] for row in result["orphans"]] == ["db-3"]
    seen = report({**holdings, "web3": {"profiles": []}}, tokens, {**files, "web3": held(token(2, "fleet"))})
    assert [row["token_id"] for row in seen["orphans"]] == ["db-1", "db-3"]


def test_what_the_controller_keeps() -> None:
    """A file of a management token is of its kind; a copy of what a host holds is no second holder."""
    files = [
        {"path": "/s/a.json", "id": "db-1", "mode": "0600", "problem": None},
        {"path": "/s/b.json", "id": "m-1", "mode": "0644", "problem": None},
        {"path": "/s/c.json", "id": None, "mode": "0600", "problem": "/s/c.json can't be read"},
    ]
    result = report(
        bare("web1"), [token(1)], {"web1": held(token(1))}, managed=[mgmt(1)], stored={"db_token_files": files}
    )
    kept = [row for row in result["rows"] if row["host"] == "localhost"]
    assert [(row["kind"], row["held_in"], row["token_id"], row["state"]) for row in kept] == [
        ("database", "/s/a.json", "db-1", "ok"),
        ("management", "/s/b.json", "m-1", "ok"),
        ("database", "/s/c.json", None, "unknown"),
    ]
    assert [row["world_readable"] for row in kept] == [False, True, False]
    assert "shared" not in result["findings"]
    lost = report({}, [], {}, stored={"msg": "/s can't be read"})
    assert [(row["host"], row["state"], row["note"]) for row in lost["rows"]] == [
        ("localhost", "unknown", "/s can't be read")
    ]


def test_what_ends_within_the_time_is_sorted_by_when() -> None:
    """Of both kinds, held or not, and the audit's own token too; each where it is held."""
    tokens = [token(1, ends=9), token(2, ends=2), token(3, "left", ends=1), token(4, ends=30), token(5, ends=-1)]
    managed = [mgmt(1, ends=3), mgmt(2, ends=5, own=True, description="issuer")]
    holdings = {"web1": {"profiles": [{"name": "default", "mgmt_token_prefix": "M1"}], "file": {}}, **bare("web2")}
    files = {"web1": held(token(1)), "web2": held(token(2))}
    result = report(holdings, tokens, files, managed=managed)
    assert [(row["token_id"], row.get("host")) for row in result["ending"]] == [
        ("db-3", None),
        ("db-2", "web2"),
        ("m-1", "web1"),
        ("m-2", None),
        ("db-1", "web1"),
    ]
    begin = result["table"].index("Active tokens that end within 14d, the soonest first:")
    shown = [line.split() for line in result["table"][begin + 2 :]]
    assert [(words[2], words[4]) for words in shown] == [
        ("database", "db-3"),
        ("database", "db-2"),
        ("management", "m-1"),
        ("management", "m-2"),
        ("database", "db-1"),
    ]
    assert result["stats"]["influxdb3_audit_soonest_end"] == [instant(1)]
    assert result["audited_at"] == instant(0)


def test_of_management_tokens_alone_only_what_no_table_shows_is_listed_by_when() -> None:
    held_ = {"web1": {"profiles": [{"name": "default", "mgmt_token_prefix": "M1"}], "file": {}}}
    shown = audit(held_, [mgmt(1, ends=3)], NOW, "14d")
    assert shown["table"][-1] == "1 profile: 1 expiring."
    own = audit(held_, [mgmt(1, ends=3), mgmt(2, ends=1, own=True)], NOW, "14d")
    assert [line.split()[4] for line in own["table"][-2:]] == ["m-2", "m-1"]


def test_two_tables_with_their_totals() -> None:
    files = {"web1": held(token(1)), "web10": held(None), "web2": held(token(2))}
    lines = report(bare("web1", "web10", "web2"), [token(1), token(2)], files)["table"]
    begin = lines.index("Database tokens:")
    assert lines[begin - 2 : begin] == ["3 profiles: 3 none.", ""]
    assert lines[begin + 1].split() == [
        *("host", "file", "token", "id", "description", "created", "expires", "(UTC)", "state"),
    ]
    assert [line.split()[0] for line in lines[begin + 2 : begin + 5]] == ["web1", "web2", "web10"]
    assert lines[begin + 5] == "3 files: 2 ok, 1 none."


hosts = st.sampled_from(["web1", "web2", "h\x1b[2J", "ｗ" * 60])  # noqa: RUF001
texts = st.text(max_size=30) | st.sampled_from(["telegraf web1", "=cmd()", "\x1b[2J", "a\nb", "{{ 1 }}", "x" * 300])
listed = st.lists(
    st.builds(
        lambda number, text, ends, revoked: token(number, text, ends, revoked_at=revoked),
        st.integers(0, 30),
        texts,
        st.integers(-30, 30) | st.none(),
        st.sampled_from([None, instant(-1)]),
    ),
    max_size=6,
    unique_by=lambda one: one["id"],
)
answers = (
    st.builds(
        lambda number, mode: held(token(number), mode=mode), st.integers(0, 40), st.sampled_from(["0600", "0644"])
    )
    | st.just(held(None))
    | st.builds(lambda text: {"msg": text, "db_token_file": {"path": text}}, texts)
    | st.just({"skipped": True})
)


@given(
    st.dictionaries(hosts, st.just({"profiles": []}) | st.none(), max_size=4), listed, st.dictionaries(hosts, answers)
)
def test_every_active_token_is_somewhere_and_every_line_fits(holdings: Dict, tokens: list[Dict], files: Dict) -> None:
    result = audit(with_files(holdings, files), [], NOW, "14d", Databases(tokens))
    assert json.loads(json.dumps(result)) == result
    active = {one["id"] for one in tokens if not one["revoked_at"] and (one["expires_at"] or "9") > instant(0)}
    assert active <= {row.get("token_id") for row in table_rows(result)}
    unheld = {row["token_id"] for row in [*result["orphans"], *result["others"]]}
    assert unheld == active - {row["token_id"] for row in result["rows"]}
    ends = [row["expires_at"] for row in result["ending"]]
    assert ends == sorted(ends)
    assert all(instant(0) < end <= instant(14) for end in ends)
    asked = {host for host, holding in holdings.items() if holding is not None}
    of_files = [row["host"] for row in result["rows"] if row["kind"] == "database"]
    assert sorted(of_files) == sorted(asked & set(files))
    assert [line for line in result["table"] if width_of(line) > WIDTH or not line.isprintable()] == []


@pytest.mark.parametrize("env_state", ["differs", "ok"])
@pytest.mark.parametrize("unused", [True, False])
def test_a_token_that_a_service_may_use_still_is_no_orphan(env_state: str, unused: bool) -> None:
    """It reads its variable's file, in which there may be another token, or hasn't read the newer one yet."""
    file = {**held(token(2, "telegraf web1"), env_path=ENV_PATH, env_state=env_state), "unused": unused}
    tokens = [token(1, "telegraf web1"), token(2, "telegraf web1")]
    result = report(bare("web1"), tokens, {"web1": file})
    left = [row["token_id"] for row in result["orphans"]]
    assert left == ([] if unused or env_state == "differs" else ["db-1"])
