# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The reports about the fleet: every state and outcome, and that no description can spoil a table or a file."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.influxops.influxdb3.plugins.filter.fleet_audit import fleet_audit
from ansible_collections.influxops.influxdb3.plugins.filter.fleet_rotation import fleet_rotation
from ansible_collections.influxops.influxdb3.plugins.module_utils._core.printing import printable
from ansible_collections.influxops.influxdb3.plugins.plugin_utils._reports.audit import CSV_COLUMNS, audit
from ansible_collections.influxops.influxdb3.plugins.plugin_utils._reports.audit_lines import FINDINGS
from ansible_collections.influxops.influxdb3.plugins.plugin_utils._reports.csv_text import csv_text
from ansible_collections.influxops.influxdb3.plugins.plugin_utils._reports.holdings import AUDIT_COLUMNS
from ansible_collections.influxops.influxdb3.plugins.plugin_utils._reports.rotation import FOLDED_FROM, rotation
from ansible_collections.influxops.influxdb3.plugins.plugin_utils._reports.tables import (
    WIDTH,
    Column,
    cut,
    natural,
    short_time,
    table,
    totals,
    width_of,
    wrapped,
)

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
STATES = {"ok", "expiring", "expired", "revoked", "unknown", "unreadable", "none"}
Dict = dict[str, Any]


def instant(days: float) -> str:
    """The time so many days from now, in RFC 3339."""
    return (NOW + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")


def token(number: int, description: str | None = None, ends: float | None = None, **more: Any) -> Dict:
    """An entry of mgmt_token_info, named after its number; `ends` in days from now."""
    return {
        "id": f"id-{number}",
        "description": f"influxctl web{number}" if description is None else description,
        "token_prefix": f"M.V1.{number:04d}",
        "created_at": f"2026-11-{number % 28 + 1:02d}T12:00:00Z",
        "expires_at": None if ends is None else instant(ends),
        "revoked_at": None,
        **more,
    }


def holding(*prefixes: str | None, mode: str | None = "0600", names: tuple[str, ...] = ("default", "other")) -> Dict:
    """What influxctl_profile_info returns for a host with a profile for each prefix."""
    profiles = [{"name": name, "mgmt_token_prefix": prefix} for name, prefix in zip(names, prefixes, strict=False)]
    file = {"path": "/home/ops/config.toml", "mode": mode}
    return {"profiles": profiles, "file": file, "changed": False}


def report(holdings: Dict, *tokens: Dict, within: str | int = "14d") -> Dict:
    return audit(holdings, tokens, NOW, within)


def states(result: Dict) -> dict[str, str]:
    return {row["host"]: row["state"] for row in result["rows"]}


def read_back(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


@pytest.mark.parametrize(
    ("ends", "revoked", "state"),
    [
        (None, None, "ok"),
        (90, None, "ok"),
        (14.001, None, "ok"),
        (14, None, "expiring"),
        (0.001, None, "expiring"),
        (0, None, "expired"),
        (-90, None, "expired"),
        (90, -1, "revoked"),
        (-90, -100, "revoked"),
        (None, -1, "revoked"),
    ],
)
def test_state_of_a_token_that_the_cluster_lists(ends: float | None, revoked: float | None, state: str) -> None:
    one = token(1, ends=ends, revoked_at=None if revoked is None else instant(revoked))
    result = report({"web1": holding("M.V1.0001")}, one)
    (row,) = result["rows"]
    assert row == {
        "kind": "management",
        "host": "web1",
        "profile": "default",
        "held_in": "/home/ops/config.toml",
        "token_id": "id-1",
        "description": "influxctl web1",
        "created_at": "2026-11-02T12:00:00Z",
        "expires_at": one["expires_at"],
        "state": state,
        "note": None,
        "world_readable": False,
        "shared_with": [],
    }
    assert result["findings"] == ({} if state == "ok" else {state: ["web1 (default)"]})
    assert result["orphans"] == []


@pytest.mark.parametrize(
    ("found", "state", "note"),
    [
        (holding("M.V1.9999"), "unknown", "the cluster lists no token that begins M.V1.9999"),
        (holding(None), "none", None),
        (holding(), "none", None),
        ({"failed": True, "msg": "it is not valid TOML at line 3"}, "unknown", "it is not valid TOML at line 3"),
        ({"unreachable": True, "msg": "Connection timed out"}, "unknown", "Connection timed out"),
        ({}, "unknown", "it gave no answer"),
    ],
    ids=["foreign token", "no token", "no profile", "broken", "unreachable", "nothing"],
)
def test_state_of_a_host_without_a_token_that_the_cluster_lists(found: Dict, state: str, note: str | None) -> None:
    result = report({"web1": found}, token(2, "elsewhere"))
    (row,) = result["rows"]
    assert (row["state"], row["note"], row["token_id"]) == (state, note, None)
    named = f"web1 ({row['profile']})" if row["profile"] else "web1"
    assert result["findings"][state] == [named]
    assert (f"web1: {note}" in result["table"]) is bool(note)
    assert f"1 profile: 1 {state}." in result["table"]


@pytest.mark.parametrize("within", ["14", 14, "infinite", "soon"])
def test_what_is_no_span_is_refused_by_its_option(within: str | int) -> None:
    with pytest.raises(ValueError, match=r"^expiring_within: "):
        report({}, within=within)


def test_a_host_that_was_not_asked_is_no_row_and_makes_orphans_unknown() -> None:
    result = report({"web1": holding("M.V1.0001"), "web2": None, "web3": None}, token(1), token(2), token(3, "gone"))
    assert states(result) == {"web1": "ok"}
    assert result["orphans"] == []
    assert "orphan" not in result["findings"]
    assert result["table"][-1] == "Tokens that no host holds are not known: hosts that were not asked: 2."


def test_orphans_are_the_active_tokens_that_no_host_holds() -> None:
    dead = [token(4, "expired", ends=-1), token(5, "revoked", revoked_at=instant(-1))]
    result = report(
        {"web1": holding("M.V1.0001")},
        token(3, "z"),
        token(2, "a", ends=1),
        token(1),
        token(6, "issuer", own=True),
        *dead,
    )
    assert [(row["token_id"], row["state"]) for row in result["orphans"]] == [("id-2", "expiring"), ("id-3", "ok")]
    assert result["findings"] == {"orphan": ["id-2 (a)", "id-3 (z)"]}
    assert "Active tokens that no host was seen to hold:" in result["table"]
    assert [(row["host"], row["token_id"], row["note"]) for row in read_back(result["csv"])][1:] == [
        ("", "id-2", "no host was seen to hold it"),
        ("", "id-3", "no host was seen to hold it"),
        ("", "id-6", "the audit itself uses it"),
    ]


def test_a_token_named_after_a_host_without_answer_is_no_orphan() -> None:
    """Somebody would revoke it, and cut the host off. What bears no host's name is listed with a doubt."""
    result = report({"web1": {"msg": "away"}, "web2": holding(None)}, token(1), token(2), token(3, "influxctl"))
    assert [row["token_id"] for row in result["orphans"]] == ["id-3", "id-2"]
    doubt = "Active tokens that no host was seen to hold (no answer from web1, which may hold one of them):"
    assert doubt in result["table"]


def test_an_ambiguous_prefix_is_unknown_unless_one_token_bears_the_host_s_name() -> None:
    twins = [token(n, description, token_prefix="M.V1.same") for n, description in ((1, "influxctl web1"), (2, "x"))]
    result = report({"web1": holding("M.V1.same"), "web2": holding("M.V1.same")}, *twins)
    assert [(row["token_id"], row["state"]) for row in result["rows"]] == [("id-1", "ok"), (None, "unknown")]
    assert result["rows"][1]["note"] == "several tokens begin M.V1.same: id-1, id-2"
    both = [token(n, "influxctl web1", token_prefix="M.V1.same") for n in (2, 1)]
    (row,) = report({"web1": holding("M.V1.same")}, *both)["rows"]
    assert (row["state"], row["note"]) == ("unknown", "several tokens begin M.V1.same: id-1, id-2")


def test_hosts_that_share_a_token_are_named_and_two_profiles_of_one_host_are_not() -> None:
    shared = token(1, "influxctl")
    holdings = {name: holding("M.V1.0001", "M.V1.0001") for name in ("web3", "web1")} | {"web2": holding("M.V1.0002")}
    result = report(holdings, shared, token(2))
    assert {(row["host"], *row["shared_with"]) for row in result["rows"]} == {
        ("web1", "web3"),
        ("web2",),
        ("web3", "web1"),
    }
    assert result["findings"]["shared"] == [
        f"{host} ({name})" for host in ("web1", "web3") for name in ("default", "other")
    ]
    assert "web1: shares its token with web3" in result["table"]
    assert read_back(result["csv"])[0]["shared_with"] == "web3"
    alone = report({"web1": holding("M.V1.0001", "M.V1.0001")}, shared)
    assert alone["findings"] == {}


@pytest.mark.parametrize(
    ("mode", "readable"),
    [("0600", False), ("0640", False), ("0644", True), ("0604", True), ("0602", False), (None, False)],
)
def test_world_readable(mode: str | None, readable: bool) -> None:
    for profiles, name in (((None,), "web1 (default)"), ((), "web1")):
        result = report({"web1": holding(*profiles, mode=mode)})
        assert result["rows"][0]["world_readable"] is readable
        assert result["findings"].get("world_readable") == ([name] if readable else None)
        assert ("web1: others than the owner can read the file" in result["table"]) is readable
        assert read_back(result["csv"])[0]["world_readable"] == ("true" if readable else "false")


def test_all_remarks_about_a_profile_are_one_line() -> None:
    result = report({"web1": holding("M.V1.9999", mode="0644")})
    remarks = "the cluster lists no token that begins M.V1.9999; others than the owner can read the file"
    assert result["table"][2:3] == [f"web1: {remarks}"]


def test_a_file_that_can_not_be_read_may_be_readable_for_others() -> None:
    """What is in it is not known, and a token may be."""
    result = report({"web1": {"msg": "it is not valid TOML", "file": {"mode": "0644"}}})
    assert result["findings"] == {"unknown": ["web1"], "world_readable": ["web1"]}
    assert result["table"][2:3] == ["web1: it is not valid TOML; others than the owner can read the file"]
    assert result["silent"] == ["web1"]


def test_an_empty_list_of_orphans_says_whom_nobody_asked() -> None:
    result = report({"web3": None, "web2": None, "web1": {"msg": "away"}}, token(9, "left behind"))
    assert (result["orphans"], result["not_asked"], result["silent"]) == ([], ["web2", "web3"], ["web1"])
    assert [(row["host"], row["state"], row["note"]) for row in read_back(result["csv"])] == [
        ("web1", "unknown", "away"),
        ("web2", "", "it was not asked"),
        ("web3", "", "it was not asked"),
        ("", "ok", "a host that was not asked, or gave no answer, may hold it"),
    ]


def test_fractions_of_the_second_of_a_creation_are_left_out() -> None:
    one = token(1, created_at="2026-11-01T12:00:00.123456Z")
    (row,) = report({"web1": holding("M.V1.0001")}, one)["rows"]
    assert row["created_at"] == "2026-11-01T12:00:00Z"


def test_rows_are_sorted_by_host_then_profile() -> None:
    result = report({"b": holding(None, None, names=("z", "a")), "a": holding(None), "c": {"msg": "away"}})
    assert [(row["host"], row["profile"]) for row in result["rows"]] == [
        ("a", "default"),
        ("b", "a"),
        ("b", "z"),
        ("c", None),
    ]


def test_profiles_without_a_name_and_two_of_one_name_are_rows_as_well() -> None:
    profiles = [{"name": None, "mgmt_token_prefix": "M.V1.0001"}, *[{"name": "default"}] * 2]
    result = report({"web1": {"profiles": profiles, "file": None}}, token(1))
    assert [(row["profile"], row["state"]) for row in result["rows"]] == [
        (None, "ok"),
        ("default", "none"),
        ("default", "none"),
    ]


def test_the_table_is_aligned_and_shows_what_is_not_there_as_a_dash() -> None:
    columns = (Column("a_b", "a b", 3), Column("c", "c", 1))
    assert table([{"a_b": "1", "c": None}, {"a_b": "longer", "c": "x"}], columns) == [
        "a b     c",
        "1       -",
        "longer  x",
    ]
    assert table([], columns) == ["a b  c"]


def test_nothing_breaks_a_line_or_steers_a_terminal() -> None:
    one = token(1, "two\nlines\tand \x1b[2Jmore\u202e\x00")
    result = report({"web1": holding("M.V1.0001"), "web2": {"msg": "ssh said:\r\n\x1b[31mno route"}}, one)
    assert [line for line in result["table"] if not line.isprintable()] == []
    assert r"two lines and \x1b[2Jmore\u202e\x00" in result["table"][1]
    assert r"web2: ssh said: \x1b[31mno route" in result["table"]
    assert result["rows"][0]["description"] == one["description"], "what is data stays as it is"


FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", " =1", '"=1', '" =1', "＝1", "＋1", "－1", "＠1"]  # noqa: RUF001


@pytest.mark.parametrize("text", FORMULAS)
def test_csv_holds_no_formula(text: str) -> None:
    """A spreadsheet takes what follows the apostrophe for text."""
    (row,) = read_back(csv_text([{"x": text}], ["x"]))
    assert row == {"x": f"'{text}"}


@pytest.mark.parametrize("text", FORMULAS)
@pytest.mark.parametrize("before", ["a;", "a; ", ";", '";', "x,y;", ";;"])
def test_csv_holds_no_formula_where_semicolons_part_cells(before: str, text: str) -> None:
    """As Excel opens it in much of Europe: the quotation marks of the comma's cells hold nothing together there."""
    line = csv_text([{"host": "web1", "x": before + text}], ["host", "x"]).splitlines()[1]
    for cell in line.split(";"):
        assert not cell.lstrip(' "').startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠"))  # noqa: RUF001
    (row,) = read_back(csv_text([{"x": before + text}], ["x"]))
    assert row["x"].replace("'", "") == before + text


@pytest.mark.parametrize("text", ["a=1", "influxctl web-1", "'=1", "2026-11-24T12:00:00Z", 'say "a, b"; and c'])
def test_csv_keeps_what_is_no_formula(text: str) -> None:
    (row,) = read_back(csv_text([{"x": text, "unasked": 1}], ["x", "y"]))
    assert row == {"x": text, "y": ""}


@pytest.mark.parametrize(
    "text", ["\t=1", "\r=1", "\n=1", "a\n=1", "\x1b[2J", "\u202e", "\x85=1", "\u2028=1"], ids=ascii
)
def test_csv_breaks_no_line_and_steers_no_terminal(text: str) -> None:
    """A line break within quotation marks ends the line all the same where those are no quotation marks."""
    written = csv_text([{"x": text}], ["x"])
    assert [line.isprintable() for line in written.split("\r\n")] == [True, True, True]
    (row,) = read_back(written)
    assert row == {"x": ascii(text)[1:-1]}


# --- whatever comes ------------------------------------------------------------------------------

hosts = st.sampled_from([f"web{number}" for number in range(1, 6)])
texts = st.text(max_size=12) | st.sampled_from(
    ["influxctl web1", "=cmd()", "a\nb", '"', ",", "\r", "'x", "", "\x1b[0m"]
)
days = st.integers(-40, 40)
listings = st.lists(
    st.builds(
        lambda number, description, ends, revoked, prefix: token(
            number, description, ends, revoked_at=revoked and instant(-1), token_prefix=prefix
        ),
        st.integers(0, 1000),
        texts | hosts.map("influxctl {}".format),
        days | st.none(),
        st.booleans(),
        st.sampled_from(["M.V1.aaaa", "M.V1.bbbb", "M.V1.cccc", "M.V1.+/=="]),
    ),
    max_size=8,
    unique_by=lambda one: one["id"],
)
profiles = st.fixed_dictionaries(
    {
        "name": texts | st.none(),
        "mgmt_token_prefix": st.sampled_from(["M.V1.aaaa", "M.V1.bbbb", "M.V1.dddd", "M.V1.+/==", None]),
        # What must not get through, wherever it comes from.
        "mgmt_token": st.just("CANARY"),
    }
)
answers = st.builds(
    lambda found, mode: {"profiles": found, "file": {"mode": mode}},
    st.lists(profiles, max_size=3),
    st.sampled_from(["0600", "0644", None]),
) | st.fixed_dictionaries({"msg": texts, "unreachable": st.booleans()})
fleets = st.dictionaries(hosts, answers | st.none(), max_size=5)


@given(fleets, listings)
def test_every_asked_host_and_profile_has_its_row(holdings: Dict, tokens: list[Dict]) -> None:
    result = audit(holdings, tokens, NOW, "14d")
    expected = []
    for host, found in sorted(holdings.items()):
        if found is not None:
            expected += [(host, p["name"]) for p in found.get("profiles", [])] or [(host, None)]
    assert sorted((row["host"], str(row["profile"])) for row in result["rows"]) == sorted(
        (host, str(name)) for host, name in expected
    )
    assert [row["host"] for row in result["rows"]] == [host for host, _name in expected]
    assert {row["state"] for row in result["rows"]} <= STATES
    for row in result["rows"]:
        assert (row["token_id"] is None) == (row["state"] in ("unknown", "none"))


@given(fleets, listings)
def test_a_report_is_json_without_secrets_and_says_the_same_twice(holdings: Dict, tokens: list[Dict]) -> None:
    result = audit(holdings, tokens, NOW, "14d")
    assert json.loads(json.dumps(result)) == result
    assert "CANARY" not in json.dumps(result)
    assert audit(dict(reversed(holdings.items())), tokens, NOW, "14d") == result
    assert {name for row in result["rows"] for name in row} <= {*CSV_COLUMNS}


@given(fleets, listings)
def test_each_finding_is_a_row_s_and_the_reverse(holdings: Dict, tokens: list[Dict]) -> None:
    result = audit(holdings, tokens, NOW, "14d")
    found, rows, orphans = result["findings"], result["rows"], result["orphans"]
    counts = {word: sum(row["state"] == word for row in rows) for word in STATES - {"ok"}}
    counts["world_readable"] = sum(row["world_readable"] for row in rows)
    counts["shared"] = sum(bool(row["shared_with"]) for row in rows)
    counts["orphan"] = len(orphans)
    assert {word: len(names) for word, names in found.items()} == {word: n for word, n in counts.items() if n}
    held = {row["token_id"] for row in rows}
    assert not held & {orphan["token_id"] for orphan in orphans}
    if all(found is not None and "profiles" in found for found in holdings.values()):
        active = {t["id"] for t in tokens if not t["revoked_at"] and (t["expires_at"] or "9") > instant(0)}
        assert {orphan["token_id"] for orphan in orphans} == active - held


@given(fleets, listings)
def test_the_table_has_a_line_for_each_row_and_its_columns_begin_where_the_heading_s_do(
    holdings: Dict, tokens: list[Dict]
) -> None:
    result = audit(holdings, tokens, NOW, "14d")
    heading, *lines = result["table"][: len(result["rows"]) + 1]
    starts = [
        heading.index(word) for word in ("host", "profile", "token id", "description", "created", "expires", "state")
    ]
    for line, row in zip(lines, result["rows"], strict=True):
        assert line.isprintable()
        assert line.startswith(row["host"])
        assert line.endswith(f"  {row['state']}")
        before = width_of(line.removesuffix(row["state"]))
        assert before == starts[-1]
    assert [line for line in result["table"] if width_of(line) > WIDTH] == []


@given(fleets, listings)
def test_csv_is_read_back_as_it_was_but_for_formulas(holdings: Dict, tokens: list[Dict]) -> None:
    result = audit(holdings, tokens, NOW, "14d")
    rows = read_back(result["csv"])
    not_asked = [{"host": host} for host in result["not_asked"]]
    assert [row["host"] for row in rows if row["note"] == "it was not asked"] == result["not_asked"]
    expected = [*result["rows"], *not_asked, *result["orphans"], *result["others"]]
    for read, row in zip(rows, expected, strict=True):
        assert tuple(read) == CSV_COLUMNS
        assert not any(cell.lstrip()[:1] in ("=", "+", "-", "@") for cell in read.values() if cell)
        for column in AUDIT_COLUMNS:
            said = printable(row.get(column) or "")
            assert read[column] in (said, f"'{said}")


# --- a rotation ----------------------------------------------------------------------------------


def outcome(word: str, *old: Dict, **more: Any) -> Dict:
    return {"outcome": word, "id": "new", "expires_at": instant(90), "old": [*old], "revoked": [], **more}


def old_tokens(result: Dict) -> dict[str, list[str] | None]:
    """The IDs of the old tokens of each host."""
    found = {row["host"]: row["old_tokens"] for row in result["rows"]}
    return {host: None if old is None else [token["id"] for token in old] for host, old in found.items()}


@pytest.mark.parametrize("word", ["renewed", "unchanged", "would renew"])
def test_a_host_that_came_to_the_end(word: str) -> None:
    result = rotation(["web1"], {"web1": outcome(word)}, [], {})
    expected = {
        "host": "web1",
        "outcome": word,
        "token_id": "new",
        "expires_at": instant(90),
        "old_tokens": [],
    }
    assert result["rows"] == [expected]
    assert result["table"] == [
        f"host  outcome{' ' * max(0, len(word) - 7)}  token id  expires (UTC)     old tokens",
        f"web1  {word.ljust(7)}  new       2027-02-22 12:00  -",
        f"1 host: 1 {word}.",
    ]


def test_old_tokens_are_those_that_were_not_revoked_by_any_host() -> None:
    """A shared token is revoked by one host for all."""
    old = [token(1, ends=7), token(2)]
    outcomes = {"web1": outcome("renewed", *old, revoked=["id-1"]), "web2": outcome("renewed", *old)}
    listed = old_tokens(rotation(["web2", "web1"], outcomes, [], {}))
    assert listed == {"web1": ["id-2"], "web2": ["id-2"]}
    kept = rotation(["web1"], {"web1": outcome("renewed", *old)}, [], {})
    assert old_tokens(kept) == {"web1": ["id-1", "id-2"]}
    assert kept["table"][1].endswith("  2")
    assert kept["table"][2] == "web1: old tokens that still work: id-1 until 2026-12-01 12:00, id-2 (never ends)"


def test_a_shared_token_that_another_host_has_renewed_meanwhile_is_an_old_one() -> None:
    """With the strategy free, and forced by one host while the others had been served already."""
    outcomes = {"web1": outcome("renewed", token(1, ends=7)), "web2": outcome("unchanged") | {"id": "id-1"}}
    result = rotation(["web1", "web2"], outcomes, [], {})
    assert old_tokens(result) == {"web1": ["id-1"], "web2": ["id-1"]}


def test_a_host_that_did_not_finish_may_hold_any_of_its_tokens() -> None:
    tokens = [token(1, ends=7), token(2, "influxctl web1"), token(3), token(1, revoked_at=instant(-1), id="dead")]
    tokens += [token(4, ""), token(5) | {"description": None}]
    names = {"web1": "influxctl web1", "web3": "influxctl web3"}
    result = rotation(["web9", "web3", "web1"], {"web3": outcome("unchanged")}, tokens, names)
    assert [(row["host"], row["outcome"], row["token_id"], row["expires_at"]) for row in result["rows"]] == [
        ("web1", "not finished", None, None),
        ("web3", "unchanged", "new", instant(90)),
        ("web9", "not finished", None, None),
    ]
    listed = old_tokens(result)
    assert listed == {"web1": ["id-1", "id-2"], "web3": [], "web9": []}


def test_a_host_that_the_run_did_not_come_to_may_hold_any_as_well() -> None:
    names = {host: f"influxctl {host}" for host in ("web1", "web2", "web3")}
    result = fleet_rotation([*names], {"web3": outcome("renewed")}, [token(1), token(2)], names, ["web2", "web3"])
    assert [(row["host"], row["outcome"]) for row in result["rows"]] == [
        ("web1", "not asked"),
        ("web2", "not finished"),
        ("web3", "renewed"),
    ]
    assert old_tokens(result) == {"web1": ["id-1"], "web2": ["id-2"], "web3": []}


def test_what_hosts_hold_is_not_known_without_a_list() -> None:
    """Never a dash, which says that there is nothing."""
    result = fleet_rotation(["web1", "web2"], {"web1": outcome("renewed")}, None, {"web2": "influxctl web2"})
    assert old_tokens(result) == {"web1": [], "web2": None}
    assert [line.split("  ")[-1].strip() for line in result["table"][1:3]] == ["-", "not known"]


@given(st.lists(hosts, unique=True), st.dictionaries(hosts, st.sampled_from(["renewed", "unchanged"])), listings)
def test_every_host_has_one_row_and_the_summary_is_json(
    names: list[str], words: dict[str, str], tokens: list[Dict]
) -> None:
    outcomes = {host: outcome(word, *tokens) for host, word in words.items()}
    result = rotation(names, outcomes, tokens, {host: f"influxctl {host}" for host in names})
    assert [row["host"] for row in result["rows"]] == sorted(names, key=natural)
    assert [row["outcome"] for row in result["rows"]] == [
        words.get(row["host"], "not finished") for row in result["rows"]
    ]
    assert json.loads(json.dumps(result)) == result
    assert_fits(result["table"], names)


def test_many_hosts_at_which_nothing_was_to_be_done_are_named_together() -> None:
    """Or nobody would find the one that is worth a look. A host with an old token is one."""
    names = [f"web{number}" for number in range(1, 101)]
    outcomes = {name: outcome("unchanged") for name in names}
    outcomes |= {"web7": outcome("renewed"), "web8": outcome("unchanged", token(1))}
    lines = rotation(names, outcomes, [], {})["table"]
    assert [line.split()[:2] for line in lines[1:4]] == [["web7", "renewed"], ["web8", "unchanged"], ["web8:", "old"]]
    assert lines[4].startswith("Unchanged, and without old tokens: web1, web2, ")
    assert len(lines) < 15
    assert lines[-1] == "100 hosts: 99 unchanged, 1 renewed."
    assert_fits(lines, names)
    few = names[: FOLDED_FROM - 1]
    assert len(rotation(few, {name: outcome("unchanged") for name in few}, [], {})["table"]) == len(few) + 2


def test_the_outcome_for_awx_adds_up() -> None:
    outcomes = {"web1": outcome("renewed"), "web2": outcome("unchanged"), "web10": outcome("renewed")}
    result = rotation(["web10", "web1", "web2", "web3"], outcomes, [], {}, ["web1"])
    assert result["stats"] == {
        "influxdb3_rotation_renewed": ["web1", "web10"],
        "influxdb3_rotation_would_renew": [],
        "influxdb3_rotation_not_finished": [],
        "influxdb3_rotation_not_asked": ["web3"],
        "influxdb3_rotation_unchanged": 1,
    }


# --- what a terminal shows -----------------------------------------------------------------------


def assert_fits(lines: list[str], names: Iterable[str]) -> None:
    """No line is too wide or steers a terminal, and each host is named, as it can be shown."""
    assert [line for line in lines if width_of(line) > WIDTH or not line.isprintable()] == []
    text = " ".join(" ".join(lines).split())
    assert [name for name in names if printable(" ".join(name.split())) not in text] == []


# Letters that take two columns, or none, and what a terminal takes for a command; no name is longer than its column.
words = st.text(st.sampled_from("aZ09-.é\u0301\u65e5\x1b\n\u202e\u200d{}\"' "), max_size=200)
strange_hosts = st.text(st.sampled_from("aZ09-.é{}\x1b\u202e"), min_size=1, max_size=8).map(lambda one: f"h{one}h")


@given(
    st.dictionaries(strange_hosts, st.lists(words, max_size=2), max_size=5),
    st.lists(words, max_size=6),
)
def test_no_line_of_an_audit_is_too_wide_whatever_anybody_called_things(
    found: dict[str, list[str]], descriptions: list[str]
) -> None:
    tokens = [token(number, text, id=text or "x", created_at=text) for number, text in enumerate(descriptions)]
    holdings: Dict = {
        host: holding(*["M.V1.0001"] * len(names), names=tuple(names)) if names else {"msg": "\x1b[2J" * 99}
        for host, names in found.items()
    }
    result = audit(holdings, tokens, NOW, "14d")
    assert_fits(result["table"], found)
    assert {name for name in result["stats"] if name.startswith("influxdb3_audit_")} == set(result["stats"])
    listed = [names for names in result["stats"].values() if isinstance(names, list)]
    assert {name for names in listed for name in names} <= {*found, *(one["id"] for one in tokens)}
    assert not any("{" in name for name in result["stats"]["influxdb3_audit_orphan"])


def test_hosts_stand_in_natural_order() -> None:
    names = ["host10", "host9", "host2", "b", "host2.a", "10", "9", "host1", "é1"]
    lines = report({name: holding(None) for name in names})["table"]
    assert [line.split()[0] for line in lines[1:-1]] == [
        *("9", "10", "b", "host1", "host2", "host2.a", "host9", "host10", "é1"),
    ]


@given(st.lists(st.text(max_size=20), max_size=6))
def test_any_two_names_have_an_order(names: list[str]) -> None:
    assert sorted(sorted(names, key=natural), key=natural) == sorted(names, key=natural)
    assert (natural("a") == natural("b")) is False


@pytest.mark.parametrize(
    ("instant_", "shown", "day"),
    [
        ("2026-11-27T09:30:59Z", "2026-11-27 09:30", "2026-11-27"),
        ("2026-11-27T23:30:00-02:00", "2026-11-28 01:30", "2026-11-28"),
        ("soon", "soon", "soon"),
        (None, None, None),
        ("", None, None),
    ],
)
def test_times_are_short(instant_: str | None, shown: str | None, day: str | None) -> None:
    assert short_time(instant_) == shown
    assert short_time(instant_, is_date=True) == day


@given(words, st.integers(1, 130))
def test_what_is_cut_says_so(text: str, width: int) -> None:
    text = printable(text)
    shown = cut(text, width)
    assert width_of(shown) <= width
    assert shown == text or (shown.endswith("…") and text.startswith(shown[:-1]))


def test_the_least_important_columns_are_cut_first() -> None:
    long = report(
        {f"web1.{'x' * 38}": holding("M.V1.0001")},
        token(1, "d" * 40, id="0d4a2d1c-8f0a-4c57-9a3f-1c1c5f0a7f11", ends=90),
    )
    line = long["table"][1]
    assert width_of(long["table"][0]) == WIDTH
    assert line.startswith(f"web1.{'x' * 38}  default  0d4a2d1c…  ddd")
    assert line.endswith("…  2026-11-02  2027-02-22 12:00  ok")


@given(words)
def test_a_long_sentence_loses_nothing(text: str) -> None:
    text = printable(" ".join(text.split()))
    assert "".join("".join(wrapped(text)).split()) == "".join(text.split())


def test_totals() -> None:
    assert totals(["ok", "none", "ok"], "profile") == "3 profiles: 2 ok, 1 none."
    assert totals([], "host") == "0 hosts."


def test_the_findings_for_awx_hold_no_text_of_a_host_or_a_token_s_maker() -> None:
    """Another job gets them as variables, which may be taken for templates there."""
    trap = "{{ lookup('pipe', 'id') }}"
    result = report(
        {
            "web1": holding("M.V1.0001", None, names=(trap, "x"), mode="0644"),
            "web2": holding("M.V1.0001"),
            "web3": None,
        },
        token(1, trap),
    )
    assert result["stats"] == {
        **{f"influxdb3_audit_{word}": [] for word in FINDINGS},
        "influxdb3_audit_none": ["web1"],
        "influxdb3_audit_world_readable": ["web1"],
        "influxdb3_audit_shared": ["web1", "web2"],
        "influxdb3_audit_ok": 2,
        "influxdb3_audit_not_asked": ["web3"],
        "influxdb3_audit_soonest_end": [],
    }
    left = report({}, token(1, trap), token(2, id=trap))
    assert left["stats"]["influxdb3_audit_orphan"] == ["id-1"]
    assert "{" not in json.dumps(left["stats"])[1:]


# --- the filters ---------------------------------------------------------------------------------


def test_the_filter_takes_times_as_text() -> None:
    one = token(1, ends=10)
    found = {"web1": holding("M.V1.0001")}
    assert fleet_audit(found, [one], "2026-11-24T13:00:00+01:00") == report(found, one)
    assert states(fleet_audit(found, [one], instant(0), "9d")) == {"web1": "ok"}


@pytest.mark.parametrize(("now", "within"), [("yesterday", "14d"), ("2026-11-24T12:00:00Z", "a fortnight")])
def test_the_filter_names_a_time_that_can_not_be_read(now: str, within: str) -> None:
    with pytest.raises(AnsibleFilterError, match=r"^fleet_audit: (expiring_within: )?'[a ]*(yesterday|fortnight)' is"):
        fleet_audit({}, [], now, within)


@pytest.mark.parametrize("ends", [None, 7, -1])
def test_a_file_that_influxctl_refuses_is_of_no_use(ends: float | None) -> None:
    """Whatever its tokens are; the keys and what helps are told, and the tokens are held by somebody."""
    keys = [
        {"profile": None, "key": "default", "remedy": "influxctl 1.x had it"},
        {"profile": "a\x1b[2J", "key": "mgmt_tokens", "remedy": "mgmt_token is meant"},
    ]
    found = report({"web1": {**holding("M.V1.0001", None), "refused_keys": keys}}, token(1, ends=ends))
    assert [row["state"] for row in found["rows"]] == ["unreadable"] * 2
    assert [row["token_id"] for row in found["rows"]] == ["id-1", None]
    assert found["findings"] == {"unreadable": ["web1 (default)", "web1 (other)"]}
    assert found["orphans"] == []
    remark = next(line for line in found["table"] if line.startswith("web1: "))
    assert "default: influxctl 1.x had it" in remark
    assert "mgmt_token is meant" in remark
    assert all(line.isprintable() for line in found["table"])
    bare = report({"web1": {**holding(), "refused_keys": keys[:1]}})
    assert states(bare) == {"web1": "unreadable"}


def test_what_a_host_beyond_the_report_holds_or_may_hold_is_no_orphan() -> None:
    """The play may ask more hosts than the report is about. Somebody would revoke an orphan."""
    tokens = [token(n) for n in range(1, 5)] + [token(5, "influxctl a web"), token(6, "influxctl"), token(7, "gone")]
    beyond = {"web2": holding("M.V1.0002"), "web3": {"msg": "away"}, "web4": None, "a web": None}
    result = audit({"web1": holding("M.V1.0001")}, tokens, NOW, "14d", beyond=beyond)
    assert states(result) == {"web1": "ok"}
    assert {row["token_id"]: row["note"] for row in result["others"]} == {
        "id-2": "a host beyond this report holds it",
        **dict.fromkeys(("id-3", "id-4", "id-5"), "a host that was not asked, or gave no answer, may hold it"),
    }
    assert [row["token_id"] for row in result["orphans"]] == ["id-7", "id-6"]


def test_a_token_of_an_ambiguous_prefix_is_no_orphan() -> None:
    """One of them is held. With thousands of tokens, two with the same nine characters are nothing strange."""
    twins = [token(n, f"hand made {n}", token_prefix="M.V1.same") for n in (1, 2)]
    result = report({"web1": holding("M.V1.same")}, *twins)
    assert (states(result), result["orphans"]) == ({"web1": "unknown"}, [])
    assert {row["note"] for row in result["others"]} == {
        "a host holds this token, or another one that begins as it does"
    }
