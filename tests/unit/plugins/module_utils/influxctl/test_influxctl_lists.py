# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lists of influxctl in any form and with any noise are read by meaning, or refused with a code: never in part."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ansible_collections.influxops.influxdb3.plugins.module_utils._core.entities import State
from ansible_collections.influxops.influxdb3.plugins.module_utils._core.errors import InfluxctlError
from ansible_collections.influxops.influxdb3.plugins.module_utils._influxctl.client import Client
from ansible_collections.influxops.influxdb3.plugins.module_utils._influxctl.listed import (
    CLUSTERS,
    DATABASES,
    TABLES,
    USERS,
    Kind,
    json_values,
    parse_entries,
    read_template,
)
from ansible_collections.influxops.influxdb3.plugins.module_utils._influxctl.lists import Lists

MOMENT = datetime(2024, 6, 27, 12, 34, 56, tzinfo=UTC)
NUMBERS = ("id", "retention_period", "max_tables", "max_columns_per_table")
TEMPLATE = [
    {"type": "tag", "value": "region"},
    {"type": "bucket", "tag_name": "customer", "number_of_buckets": 10},
    {"type": "time", "value": "%Y-%m"},
]
names = st.text(min_size=1, max_size=12).filter(lambda text: text.isprintable()) | st.sampled_from(
    ["null", "[]", "{}", '{"name": "x"}', "[{", "deleted", "a\nb", "-x", "\u00e9"]
)
ids = st.integers(1, 2**63 - 1)
instants = st.datetimes(datetime(1971, 1, 1), datetime(2200, 1, 1)).map(
    lambda moment: moment.replace(microsecond=0, tzinfo=UTC)
)
words = st.uuids().map(str)
templates = st.sampled_from([TEMPLATE[:1], TEMPLATE, TEMPLATE[::-1]])
STATES: dict[str, tuple[Kind, st.SearchStrategy[State]]] = {
    "databases": (
        DATABASES,
        st.fixed_dictionaries(
            {"name": names},
            optional={
                "id": ids,
                "retention_period": st.integers(0, 2**63 - 1),
                "max_tables": ids,
                "max_columns_per_table": ids,
                "partition_template": templates,
                "deleted_at": instants,
            },
        ),
    ),
    "tables": (
        TABLES,
        st.fixed_dictionaries(
            {"name": names}, optional={"id": ids, "partition_template": templates, "deleted_at": instants}
        ),
    ),
    "users": (
        USERS,
        st.fixed_dictionaries(
            {"id": words},
            optional={"name": names, "email": names, "account_id": words, "created_at": instants},
        ),
    ),
    "clusters": (
        CLUSTERS,
        st.fixed_dictionaries(
            {"cluster_id": words},
            optional={"account_id": words, "name": names, "url": names, "state": names, "created_at": instants},
        ),
    ),
}
# Keys as they may be written, by the field: each kind's own, and those of all.
PRINTED = {
    ("databases", "name"): ["database_name", "name", "namespace_name"],
    ("databases", "id"): ["id", "database_id"],
    ("databases", "retention_period"): ["retention_period_ns", "retention_period"],
    ("tables", "name"): ["table_name", "name"],
    ("tables", "id"): ["table_id", "id"],
    ("users", "id"): ["id", "user_id"],
    ("clusters", "cluster_id"): ["cluster_id", "id"],
}
NOISE = [
    "Gtk-Message: Failed to load module\n",
    "[2026-01-01] starting\n",
    "[2026] starting\n",
    "null pointer somewhere\n",
    "[broken\n",
    '["a"] list\n',
    "[] were deprecated\n",
    "  {indented}\n",
    "warn\tx\n",
    "\n",
    '{"level": "info", "msg": "listing"}\n',
]


def styled(key: str, style: str) -> str:
    parts = key.split("_")
    if style == "camel":
        return parts[0] + "".join(part.capitalize() for part in parts[1:])
    if style == "pascal":
        return "".join(part.capitalize() for part in parts)
    return {"kebab": "-", "snake": "_"}[style].join(parts)


def part_shown(part: dict[str, Any], style: str) -> dict[str, Any]:
    bucket = part["type"] == "bucket"
    if style == "flat":
        return part
    if style == "api":
        numbers = {"tagName": part.get("tag_name"), "numberOfBuckets": part.get("number_of_buckets")}
        return {"type": part["type"], "value": numbers if bucket else part["value"]}
    name = {"time": "time_format", "tag": "tag_value", "bucket": "bucket"}[part["type"]]
    value = {"tag_name": part["tag_name"], "num_buckets": part["number_of_buckets"]} if bucket else part["value"]
    return {"Part": {styled(name, "pascal"): value}} if style == "go" else {name: value}


@st.composite
def printed(draw: st.DrawFn, name: str, state: State) -> dict[str, Any]:
    """A state as influxctl may print it."""
    style = draw(st.sampled_from(["snake", "camel", "pascal", "kebab"]))
    shown: dict[str, Any] = {"category": 1, "cluster_name_of_nobody": None} if draw(st.booleans()) else {}
    for field, value in state.items():
        key = draw(st.sampled_from(PRINTED.get((name, field), [field])))
        if field in NUMBERS and draw(st.booleans()):
            value = str(value)
        elif isinstance(value, datetime):
            seconds = int(value.timestamp())
            forms = [{"seconds": seconds}, {"seconds": str(seconds), "nanos": 0}, value.isoformat()]
            value = draw(st.sampled_from(forms))
        elif field == "partition_template":
            form = draw(st.sampled_from(["flat", "api", "parts", "go"]))
            value = [part_shown(part, form) for part in value]
            value = {"parts": value} if draw(st.booleans()) else value
        shown[styled(key, style)] = value
    return shown


@st.composite
def outputs(draw: st.DrawFn) -> tuple[Kind, list[State], str, str]:
    """A kind, entries of it, lines of noise, and an output that holds the entries in any form."""
    name = draw(st.sampled_from(sorted(STATES)))
    kind, states = STATES[name]
    wanted = draw(st.lists(states, max_size=4))
    noun = name[:-1]
    shown: list[Any] = [draw(printed(name, state)) for state in wanted]
    if draw(st.booleans()):
        shown = [{noun: one} for one in shown]
    form = draw(st.sampled_from(["array", "named", "data", "nested", "lines", "null", "items"]))
    noise = "".join(draw(st.lists(st.sampled_from(NOISE), max_size=2)))
    if form == "lines" and shown:
        text = "".join(json.dumps(one) + "\n" for one in shown)
    else:
        forms: dict[str, Any] = {
            "named": {name: shown or draw(st.sampled_from([[], None])), "next_page_token": ""},
            "data": {"data": shown},
            "items": {"kind": "list", "items": shown},
            "nested": {"result": {"status": "ok", name: shown}},
            "null": shown or None,
        }
        text = json.dumps(forms.get(form, shown), indent=draw(st.sampled_from([None, 2, "\t"]))) + "\n"
    return kind, wanted, noise, text


@given(outputs(), st.booleans())
def test_any_form_with_any_noise_is_read(output: tuple[Kind, list[State], str, str], at_end: bool) -> None:
    kind, wanted, noise, text = output
    assert parse_entries(text + noise if at_end else noise + text, kind) == wanted


@given(outputs(), st.data())
def test_what_is_cut_is_never_a_shorter_list(output: tuple[Kind, list[State], str, str], data: st.DataObject) -> None:
    kind, wanted, noise, text = output
    cut = data.draw(st.integers(0, len(text.rstrip()) - 1))
    if len(wanted) > 1 and text.count("\n") == len(wanted):  # an object a line: whole lines are a list
        cut = data.draw(st.integers(text.rstrip().rindex("\n") + 2, len(text.rstrip()) - 1))
    with pytest.raises(InfluxctlError) as caught:
        parse_entries(noise + text[:cut], kind)
    assert caught.value.code == "bad_answer"


@pytest.mark.parametrize("rest", ["{", "{ ", "{\n  ", "[", '{"', "[{"])
def test_an_object_a_line_that_is_cut_at_its_first_character_is_refused(rest: str) -> None:
    """It is no noise: the list would be shorter than what influxctl knows."""
    whole = '{"cluster_id": "a"}\n'
    assert parse_entries(whole, STATES["clusters"][0]) == [{"cluster_id": "a"}]
    with pytest.raises(InfluxctlError):
        parse_entries(whole + rest, STATES["clusters"][0])


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9) | st.just("\ud800"),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from([*"ab", "name", "id", "tables", "table", "data", "deleted_at", "status", "created_at"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(st.sampled_from([DATABASES, TABLES, USERS, CLUSTERS]), anything, st.text(max_size=20))
@example(TABLES, [{"name": "t", "partition_template": {"parts": [1]}, "id": 10**30}], "")
@example(TABLES, [{"name": "t", "deleted_at": {"seconds": 10**18}}], "")
@example(TABLES, [{"name": "t", "id": "9" * 400}], "")
@example(TABLES, [{"name": "t", "partition_template": "[" * 9_000}], "")
def test_nothing_that_is_printed_is_a_traceback(kind: Kind, value: Any, noise: str) -> None:
    read_or_refused(noise + "\n" + json.dumps(value), kind)


def read_or_refused(text: str, kind: Kind) -> None:
    """What is read has its first key; any other exception is a traceback for the user."""
    problem = InfluxctlError("", code="bad_answer")
    try:
        assert all(state[kind.keys[0].name] for state in parse_entries(text, kind))
    except InfluxctlError as error:
        problem = error
    assert problem.code == "bad_answer"
    assert str(problem).isprintable()


@pytest.mark.parametrize(
    "text",
    [
        *("", "error", "{}", "[", "[]x", "null pointer", '{"level": "info"}', "[1]", '["a"]', "[[]]", '{"data": null}'),
        *('[{"id": 1}]', '[{"name": ""}]', '[{"name": 5.5}]', "[null]", '[{"name": "t"}, {"id": 1}]'),
        *('[{"name": "t"},', '{"tables": [{"name": "t"}', '[{"name": "t"}]\n{"name": "u"', "[" * 100_000),
        "[" + "{}," * 1_100_000 + "{}]",
        "[x\n" * 200,
    ],
    ids=lambda text: f"{text[:40]} ({len(text)})",
)
def test_what_holds_no_list_is_refused(text: str) -> None:
    with pytest.raises(InfluxctlError, match="printed no list of tables as JSON that can be understood") as caught:
        parse_entries(text, TABLES)
    assert caught.value.code == "bad_answer"


def test_many_values_are_read_once() -> None:
    text = "".join(f'{{"name": "t{number}", "id": {number + 1}}}\n' for number in range(5_000))
    assert len(parse_entries(text, TABLES)) == 5_000
    assert len(list(json_values("[x\n" * 50 + text))) == 5_000


@pytest.mark.parametrize(
    ("entry", "wanted"),
    [
        ({"name": "t", "database_id": 7, "id": 8}, {"name": "t", "id": 8}),
        ({"name": "t", "id": 0}, {"name": "t"}),
        ({"name": "t", "id": 1.5}, {"name": "t"}),
        ({"name": "t", "id": "x", "ID": 3}, {"name": "t"}),
        ({"name": "t", "partition_template": []}, {"name": "t", "partition_template": []}),
        ({"name": "t", "partition_template": {"parts": []}}, {"name": "t", "partition_template": []}),
        ({"name": "t", "partition_template": None}, {"name": "t"}),
        ({"name": "t", "partition_template": "by day"}, {"name": "t"}),
        ({"name": "t", "deleted_at": "0001-01-01T00:00:00Z"}, {"name": "t"}),
        ({"name": "t", "status": "DELETED"}, {"name": "t", "deleted": True}),
        ({"name": "t", "status": "TABLE_STATUS_ACTIVE"}, {"name": "t", "deleted": False}),
        ({"name": "t", "status": 2}, {"name": "t"}),
        ({"name": "t", "deleted": True}, {"name": "t", "deleted": True}),
    ],
)
def test_keys_by_meaning(entry: dict[str, Any], wanted: State) -> None:
    assert parse_entries(json.dumps([entry]), TABLES) == [wanted]


@pytest.mark.parametrize(
    "shown",
    [
        "../../databases/1",
        "1/../2",
        "1?force=true",
        "--force",
        "-1",
        "1 2",
        "1\n2",
        "\u0667",
        "0x10",
        10**30,
        True,
        [7],
    ],
)
def test_an_id_that_would_lead_elsewhere_in_a_path_is_none(shown: Any) -> None:
    """What restores an object puts its ID into the path of a request."""
    for kind in (TABLES, DATABASES):
        assert parse_entries(json.dumps([{"name": "t", "id": shown}]), kind) == [{"name": "t"}]


def test_a_list_s_escape_sequences_are_out_before_it_is_read_and_stay_text_in_names(lists: Make) -> None:
    """Those around the list colour it; those in a name are JSON's own, and are a name's characters."""
    entry = json.dumps([{"name": "\u001b[2Jt\u202e", "id": 7}])
    coloured = lists(
        f"printf '\\033[1m\\033]8;;http://x\\033\\\\tables\\033]8;;\\033\\\\\\033[0m\\n'; cat <<'E'\n{entry}\nE"
    )
    assert [(table["name"], table["id"]) for table in coloured.tables("d")] == [("\x1b[2Jt\u202e", 7)]


def test_a_retention_may_be_a_text() -> None:
    text = json.dumps([{"database_name": "d", "retention_period": "30d"}, {"name": "e", "retentionPeriod": "infinite"}])
    assert [one["retention_period"] for one in parse_entries(text, DATABASES)] == [2_592_000_000_000_000, 0]


@pytest.mark.parametrize("value", [1, "x", [1], [{}], [{"type": "tag"}], [{"bucket": {"tag_name": "a"}}], {"a": 1}])
def test_a_template_that_is_none_is_refused(value: Any) -> None:
    with pytest.raises((ValueError, TypeError, KeyError, AttributeError)):
        read_template(value)


Make = Callable[..., Lists]


@pytest.fixture
def lists(tmp_path: Path) -> Make:
    """Lists of a program of a few lines of shell; `log` in its directory takes its arguments."""

    def make(body: str, product: str = "clustered") -> Lists:
        path = tmp_path / "influxctl"
        path.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/log\n{body}\n')
        path.chmod(0o755)
        client = Client(str(path), "/c", "p", timeout=60, retries=0, secrets=set(), sleep=lambda _seconds: None)
        return Lists(client, product)

    return make


def test_one_run_for_each_list(lists: Make, tmp_path: Path) -> None:
    body = """case "$*" in *deleted*) echo '[{"name": "t", "id": 1}]';; *) echo '[{"name": "t", "id": 2}]';; esac"""
    both = lists(body)
    one, two = ({"database": "d", "name": "t", "id": number, "deleted": number == 1} for number in (1, 2))
    assert both.tables("d", "all") == [two, one]
    assert both.tables("d", "deleted") == [one]
    assert both.tables("d") == [two]
    assert [state["id"] for state in both.databases("all")] == [2, 1]
    common = "--config /c --profile p"
    assert (tmp_path / "log").read_text().splitlines() == [
        f"{common} table list --format json d",
        f"{common} table list --format json --filter-status deleted d",
        f"{common} table list --format json --filter-status deleted d",
        f"{common} table list --format json d",
        f"{common} database list --format json",
        f"{common} database list --format json --filter-status deleted",
    ]


def test_what_calls_itself_deleted_is(lists: Make) -> None:
    mixed = lists(
        """echo '[{"name": "a", "deleted_at": {"seconds": 1719491696}}, {"name": "b", "status": "active"}]'"""
    )
    assert [state["name"] for state in mixed.databases()] == ["b"]
    assert [(state["name"], state["deleted_at"]) for state in mixed.databases("deleted")] == [("a", MOMENT)]


def test_a_name_like_an_option_is_no_option(lists: Make, tmp_path: Path) -> None:
    lists("echo '[]'").tables("--force")
    assert (tmp_path / "log").read_text().endswith("table list --format json -- --force\n")


OLD = 'case "$*" in *version*) echo influxctl 2.10.1;; *) echo "{}" >&2; exit 1;; esac'
HELP = 'case "$*" in *version*) echo influxctl 2.9.0;; *) echo "NAME: influxctl table";; esac'
UNREADABLE = 'echo "flag provided but not defined: -filter-status" >&2; exit 1'


@pytest.mark.parametrize(
    ("body", "status", "wanted"),
    [
        (OLD, "active", "It is version 2.10.1; lists of tables need influxctl 2.10.2 or newer."),
        (OLD, "deleted", "It is version 2.10.1; lists of tables need influxctl 2.10.2 or newer."),
        (OLD.replace("2.10.1", "2.10.3"), "deleted", "It is version 2.10.3; lists of deleted objects"),
        (OLD.replace("2.10.1", "2.10.3"), "active", "Check the profile"),
        (HELP, "active", "It is version 2.9.0; lists of tables need influxctl 2.10.2 or newer."),
        (UNREADABLE, "deleted", "lists of tables need influxctl 2.10.2 or newer."),
    ],
)
def test_an_old_version_is_told_the_one_that_does(lists: Make, body: str, status: str, wanted: str) -> None:
    with pytest.raises(InfluxctlError, match=re.escape(wanted)):
        lists(body).tables("d", status)


def test_clusters_on_clustered(lists: Make) -> None:
    refused = 'echo "error not supported" >&2; exit 1'
    with pytest.raises(InfluxctlError, match="influxctl lists clusters on Cloud Dedicated only"):
        lists(refused).clusters()
    with pytest.raises(InfluxctlError, match="Check the profile"):
        lists(refused, "dedicated").clusters()


def test_one_cluster(lists: Make) -> None:
    shown = """echo '{"cluster": {"cluster_id": "c", "name": "n"}}'"""
    assert lists(shown).cluster("c") == {"cluster_id": "c", "name": "n"}
    assert lists(shown).cluster("d") is None
    assert lists("echo NotFound >&2; exit 1").cluster("c") is None
    with pytest.raises(InfluxctlError, match="exit code 1"):
        lists("exit 1").cluster("c")


def test_a_database_that_is_not_there_has_a_code(lists: Make) -> None:
    with pytest.raises(InfluxctlError) as caught:
        lists('echo "rpc error: code = NotFound" >&2; exit 1').tables("d")
    assert caught.value.code == "not_found"


@pytest.mark.parametrize(
    ("names", "wanted"),
    [
        ({"first_name": "Ada", "last_name": "Admin"}, "Ada Admin"),
        ({"firstName": "Ada"}, "Ada"),
        ({"name": "A. Admin", "last_name": "Admin"}, "A. Admin"),
        ({}, None),
    ],
)
def test_names_of_users_are_joined(lists: Make, names: dict[str, str], wanted: str | None) -> None:
    (user,) = lists(f"echo '{json.dumps([{'id': 'u', **names}])}'").users()
    assert user == {"id": "u", "name": wanted}
