# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rules of the values of databases, tables and tokens, and the way to the API and back."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.influxops.influxdb3.plugins.module_utils._core.advice import (
    name_warnings,
    retention_warnings,
    template_warnings,
)
from ansible_collections.influxops.influxdb3.plugins.module_utils._core.entities import (
    DATABASE,
    DB_TOKEN,
    MAX_BUCKETS,
    MGMT_TOKEN,
    TABLE,
    Entity,
    State,
    parse_description,
    parse_id,
    parse_limit,
    parse_name,
    parse_option,
    parse_partition_template,
    parse_permissions,
    parse_table_name,
)
from ansible_collections.influxops.influxdb3.plugins.module_utils._core.errors import Influxdb3Error, OptionError
from ansible_collections.influxops.influxdb3.plugins.module_utils._core.plan import plan

ENTITIES = [DATABASE, TABLE, DB_TOKEN, MGMT_TOKEN]
printable = st.characters(exclude_categories=["C", "Z"])
names = st.text(printable, min_size=1, max_size=64).filter(lambda name: name not in (".", ".."))
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
permissions = st.lists(
    st.fixed_dictionaries({"action": st.sampled_from(["read", "write"]), "resource": names | st.just("*")}), max_size=5
)
TIME = {"type": "time", "value": "%Y-%m"}
TAG = {"type": "tag", "value": "region"}
BUCKET = {"type": "bucket", "tag_name": "host", "number_of_buckets": 10}


@st.composite
def templates(draw: st.DrawFn) -> list[dict[str, Any]]:
    keys = draw(st.lists(names.filter(lambda name: name != "time"), max_size=7, unique=True))
    parts: list[dict[str, Any]] = [{"type": "time", "value": draw(st.sampled_from(["%Y", "%Y-%m-%d", "d%d"]))}]
    for key in keys:
        bucket = {"type": "bucket", "tag_name": key, "number_of_buckets": draw(st.integers(1, MAX_BUCKETS))}
        parts.append(draw(st.sampled_from([{"type": "tag", "value": key}, bucket])))
    return draw(st.permutations(parts))


@given(names)
def test_name_is_kept_as_it_is(name: str) -> None:
    assert parse_name(name) == parse_table_name(name) == name


@pytest.mark.parametrize("name", ["a", "a b", " ", "a" * 64])
def test_shortest_and_longest_database_names(name: str) -> None:
    assert parse_name(name) == name


@pytest.mark.parametrize("name", ["", "a" * 65, ".", "..", "a\n", "\x00", "a\x7f"])
def test_wrong_database_names(name: str) -> None:
    with pytest.raises(ValueError, match=r"allowed|can't be a name"):
        parse_name(name)


@pytest.mark.parametrize("name", ["", ".", "..", "a\tb"])
def test_wrong_table_names(name: str) -> None:
    with pytest.raises(ValueError, match=r"must not be empty|can't be a name"):
        parse_table_name(name)


def test_table_names_have_no_upper_limit() -> None:
    assert parse_table_name("a" * 1000) == "a" * 1000


@pytest.mark.parametrize("text", ["", " ", "\n", "two\nlines", "end\n", "a\rb", "a\u2028b"])
def test_description_is_one_line_that_is_not_blank(text: str) -> None:
    with pytest.raises(ValueError, match="description"):
        parse_description(text)


@given(names)
def test_description_is_kept_as_it_is(text: str) -> None:
    assert parse_description(f" {text} {text}") == f" {text} {text}"


@pytest.mark.parametrize("number", [0, -1, 2**31])
def test_wrong_limits(number: int) -> None:
    with pytest.raises(ValueError, match="is not between 1 and 2147483647"):
        parse_limit(number)


@pytest.mark.parametrize("number", [1, 2**31 - 1])
def test_lowest_and_highest_limits(number: int) -> None:
    assert parse_limit(number) == number


@pytest.mark.parametrize(
    "template",
    [
        [TIME],
        [{"type": "tag", "value": str(number)} for number in range(8)],
        [{**BUCKET, "number_of_buckets": 1}],
        [{**BUCKET, "number_of_buckets": MAX_BUCKETS}],
    ],
)
def test_smallest_and_biggest_templates(template: list[dict[str, Any]]) -> None:
    assert parse_partition_template(template) == template


@given(st.integers(1, 2**31 - 1))
def test_limit_is_kept(number: int) -> None:
    assert parse_limit(number) == parse_limit(str(number)) == number


@given(templates())
def test_partition_template_survives_the_way_to_the_api_and_back(template: list[dict[str, Any]]) -> None:
    state = DATABASE.parse({"partition_template": template})
    assert state["partition_template"] == template
    assert DATABASE.from_api(DATABASE.to_api(state)) == state
    parsed = parse_partition_template([{"value": None, "tag_name": None, **part} for part in template])
    assert parsed == template


@pytest.mark.parametrize(
    ("parts", "problem"),
    [
        ([], "0 parts"),
        ([{"type": "tag", "value": str(number)} for number in range(9)], "9 parts"),
        ([TIME, TIME], "part 2 repeats"),
        ([{"type": "other", "value": "x"}], "none of time, tag, bucket"),
        ([{"type": None}], "none of time, tag, bucket"),
        ([{"type": "time"}], "type time takes value and nothing else"),
        ([{**TAG, "tag_name": "x"}], "type tag takes value and nothing else"),
        ([{"type": "bucket", "tag_name": "x"}], "takes tag_name and number_of_buckets and nothing else"),
        ([{**BUCKET, "number_of_buckets": 0}], "number_of_buckets 0 is not between"),
        ([{**BUCKET, "number_of_buckets": MAX_BUCKETS + 1}], "number_of_buckets 100001 is not between"),
        ([{**BUCKET, "tag_name": ""}], "tag_name must not be empty"),
        ([{"type": "tag", "value": ""}], "type tag must not be empty"),
    ],
)
def test_wrong_partition_templates(parts: list[dict[str, Any]], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        parse_partition_template(parts)


@pytest.mark.parametrize(
    ("parts", "problem"),
    [
        ([TAG, TIME, {"type": "bucket", "tag_name": "region", "number_of_buckets": 3}], "'region' stands in more"),
        ([{"type": "tag", "value": "time"}], "time is reserved"),
        ([{"type": "bucket", "tag_name": "time", "number_of_buckets": 3}], "time is reserved"),
        ([{"type": "time", "value": "%H"}], "'%H' is no time format"),
        ([{"type": "time", "value": "%Y wk:%W"}], "'%Y wk:%W' is no time format"),
        ([{"type": "time", "value": "daily"}], "'daily' is no time format"),
        ([{"type": "time", "value": "%Y%"}], "'%Y%' is no time format"),
    ],
)
@pytest.mark.parametrize("entity", [DATABASE, TABLE])
def test_templates_that_may_be_there_can_be_stated_and_not_made(
    entity: Entity, parts: list[dict[str, Any]], problem: str
) -> None:
    state = entity.parse({"name": "a", "partition_template": parts})
    assert state["partition_template"] == parts
    with pytest.raises(OptionError, match=f"^partition_template: .*{problem}"):
        entity.check_new(state)
    with pytest.raises(OptionError, match=problem):
        plan(entity, None, state)
    assert not plan(entity, {"name": "a", "partition_template": parts}, state).changed


@given(templates())
def test_templates_of_documented_parts_can_be_made(parts: list[dict[str, Any]]) -> None:
    DATABASE.check_new(DATABASE.parse({"name": "a", "partition_template": parts}))


def test_an_empty_template_of_the_server_is_none() -> None:
    assert DATABASE.from_api({"name": "a", "partitionTemplate": []})["partition_template"] is None


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        (None, []),
        ([TIME], []),
        ([{"type": "time", "value": "%Y-%m-%d"}, TAG, {**BUCKET, "number_of_buckets": 1000}], []),
        ([TAG, BUCKET], ["no time part"]),
        ([TIME, {"type": "time", "value": "%Y"}], ["2 time parts"]),
        ([{"type": "time", "value": "%d"}], ["'%d' is none of"]),
        ([{"type": "time", "value": "%Y/%m"}, TAG], ["'%Y/%m' is none of"]),
        ([TIME, {**BUCKET, "number_of_buckets": 1001}], ["'host' has 1001 buckets"]),
        ([TAG, {**BUCKET, "number_of_buckets": 5000}], ["no time part", "5000 buckets"]),
    ],
)
def test_templates_that_do_not_suit_are_warned_of_in_one_sentence(
    parts: list[dict[str, Any]] | None, said: list[str]
) -> None:
    warnings = template_warnings("table", {"name": "cpu", "partition_template": parts})
    assert len(warnings) == bool(said)
    for warning in warnings:
        assert all(part in warning for part in ["table 'cpu'", "can't be changed", *said])


@given(permissions, st.randoms(use_true_random=False))
def test_permissions_are_a_set(given_permissions: list[dict[str, str]], random: Any) -> None:
    shuffled = [*given_permissions, *given_permissions[:2]]
    random.shuffle(shuffled)
    parsed = parse_permissions(given_permissions)
    assert parse_permissions(shuffled) == parsed
    pairs = {(permission["action"], permission["resource"]) for permission in given_permissions}
    assert [(permission["action"], permission["resource"]) for permission in parsed] == sorted(pairs)


@given(permissions)
def test_permissions_of_the_server_compare_with_the_users(given_permissions: list[dict[str, str]]) -> None:
    echoed = [{**permission, "id": "x"} for permission in reversed(given_permissions)]
    assert DB_TOKEN.from_api({"permissions": echoed})["permissions"] == parse_permissions(given_permissions)


@pytest.mark.parametrize(
    ("permission", "problem"),
    [
        ({"action": "delete", "resource": "a"}, "permission 2 has the action 'delete'"),
        ({"resource": "a"}, "permission 2 has the action None"),
        ({"action": "read", "resource": ""}, "permission 2: the resource"),
        ({"action": "read"}, "permission 2: the resource"),
        ({"action": "read", "resource": "a" * 65}, "permission 2: the resource"),
    ],
)
def test_wrong_permissions(permission: dict[str, str], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        parse_permissions([{"action": "read", "resource": "*"}, permission])


def test_wrong_option_is_named() -> None:
    with pytest.raises(OptionError, match=r"^retention_period: '30 d' is not a duration"):
        DATABASE.parse({"name": "a", "retention_period": "30 d"})


def test_only_what_is_given_gets_into_the_state_and_the_body() -> None:
    state = DATABASE.parse({"name": "a", "retention_period": "infinite", "max_tables": None, "other": 1})
    assert state == {"name": "a", "retention_period": 0}
    assert DATABASE.to_api(state) == {"name": "a", "retentionPeriod": 0}
    assert DATABASE.to_api({}) == {}


def test_tokens_of_the_api_are_read() -> None:
    token = DB_TOKEN.from_api(
        {
            "id": "i",
            "accountId": "a",
            "description": "d",
            "permissions": [],
            "createdAt": "2026-01-01T00:00:00.000Z",
            "expiresAt": "2026-02-01T01:00:00+01:00",
            "revokedAt": None,
            "accessToken": "apiv1_xxxxxxxxxxxx",
        }
    )
    assert token == {
        "id": "i",
        "description": "d",
        "permissions": [],
        "created_at": datetime(2026, 1, 1, tzinfo=UTC),
        "expires_at": datetime(2026, 2, 1, tzinfo=UTC),
        "access_token": "apiv1_xxxxxxxxxxxx",
    }
    assert DB_TOKEN.to_api({"expires_at": token["expires_at"]}) == {"expiresAt": "2026-02-01T00:00:00Z"}
    assert DB_TOKEN.to_result(token) == {
        "id": "i",
        "description": "d",
        "permissions": [],
        "created_at": "2026-01-01T00:00:00Z",
        "expires_at": "2026-02-01T00:00:00Z",
        "revoked_at": None,
    }


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"seconds": 1719491696}, datetime(2024, 6, 27, 12, 34, 56, tzinfo=UTC)),
        ({"seconds": "1719491696", "nanos": 5000}, datetime(2024, 6, 27, 12, 34, 56, 5, tzinfo=UTC)),
        ("2024-06-27T12:34:56Z", datetime(2024, 6, 27, 12, 34, 56, tzinfo=UTC)),
        ({}, None),
        ({"seconds": 0}, None),
        ("1970-01-01T00:00:00Z", None),
    ],
)
def test_protobuf_timestamps(value: Any, expected: datetime | None) -> None:
    assert MGMT_TOKEN.from_api({"expires_at": value}) == {"expires_at": expected}


@pytest.mark.parametrize(
    "value", [{"seconds": 10**20}, {"seconds": 2**62}, {"seconds": "x"}, 5, [], "soon", {"nanos": []}]
)
def test_wrong_timestamps_are_a_bad_answer(value: Any) -> None:
    with pytest.raises(Influxdb3Error, match="management token whose created_at can't be understood") as caught:
        MGMT_TOKEN.from_api({"created_at": value})
    assert caught.value.code == "bad_answer"


@pytest.mark.parametrize(
    "value", ["", "1970-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "1970-01-01T01:00:00+01:00", None]
)
@pytest.mark.parametrize("key", ["expiresAt", "revokedAt"])
def test_never_is_written_in_several_ways(key: str, value: str | None) -> None:
    """By one rule for what comes over HTTP and what influxctl prints."""
    assert set(DB_TOKEN.from_api({key: value}).values()) <= {None}


@pytest.mark.parametrize(
    ("entity", "answer"),
    [
        *((DATABASE, {"name": value}) for value in (None, 5, True, ["a"], "\ud800")),
        *((DATABASE, {"name": "a", "retentionPeriod": value}) for value in (-1, 1.5, 2.0**60, "30d", True, 2**63)),
        *((DATABASE, {"name": "a", key: "5"}) for key in ("id", "maxTables", "maxColumnsPerTable")),
        *((DATABASE, {"name": "a", "partitionTemplate": value}) for value in (5, "ab", [5], [{"type": "tag"}])),
        (DATABASE, {"name": "a", "partitionTemplate": [{"type": "tag", "value": 5}]}),
        (DATABASE, {"name": "a", "partitionTemplate": [{"type": "bucket", "value": {"tagName": "a"}}]}),
        (TABLE, {"name": "a", "databaseName": 5}),
        *((DB_TOKEN, {key: 5}) for key in ("id", "description", "accessToken", "permissions", "createdAt")),
        *((DB_TOKEN, {"permissions": [value]}) for value in (5, {"action": 5}, {"resource": ["*"]})),
        *((MGMT_TOKEN, {key: 5}) for key in ("id", "description", "token_prefix", "created_by", "token")),
    ],
)
def test_values_of_other_types_are_a_bad_answer(entity: Entity, answer: dict[str, Any]) -> None:
    with pytest.raises(Influxdb3Error) as caught:
        entity.from_answer(answer, whole=True)
    assert caught.value.code == "bad_answer"


def read(entity: Entity, answer: Any) -> State | str:
    """What the answer says, or the code of the error that refuses it; any other exception fails the test."""
    try:
        return entity.from_api(answer)
    except Influxdb3Error as error:
        return error.code


@given(st.data(), st.sampled_from(ENTITIES))
def test_any_answer_is_read_or_refused(data: st.DataObject, entity: Entity) -> None:
    keys = st.sampled_from([field.api for field in entity.fields])
    answer = data.draw(json_values | st.dictionaries(keys, json_values))
    assert read(entity, answer) == "bad_answer" or isinstance(answer, dict)


@pytest.mark.parametrize("entity", ENTITIES)
def test_answer_that_is_no_object_is_refused(entity: Entity) -> None:
    with pytest.raises(Influxdb3Error, match=f"no {entity.noun}") as caught:
        entity.from_api([])
    assert caught.value.code == "bad_answer"


def test_result_shows_every_public_field_and_the_duration_twice() -> None:
    assert DATABASE.to_result({"name": "a", "retention_period": 3_600_000_000_000}) == {
        "id": None,
        "name": "a",
        "retention_period": "1h",
        "retention_period_ns": 3_600_000_000_000,
        "max_tables": None,
        "max_columns_per_table": None,
        "partition_template": None,
    }
    assert (DATABASE.to_result({"retention_period": 0}) or {})["retention_period"] == "infinite"
    assert DATABASE.to_result(None) is None


@pytest.mark.parametrize(("entity", "key"), [(DB_TOKEN, "access_token"), (MGMT_TOKEN, "token")])
def test_result_never_shows_a_secret(entity: Entity, key: str) -> None:
    shown = entity.to_result({"id": "i", key: "hidden"})
    assert shown is not None
    assert shown["id"] == "i"
    assert "hidden" not in str(shown)
    assert key not in shown


@pytest.mark.parametrize(
    ("desired", "warned"),
    [
        ({"name": "a"}, []),
        ({"name": "a", "retention_period": 0}, []),
        ({"name": "a", "retention_period": 3_600_000_000_000}, []),
        ({"name": "a", "retention_period": 3_599_999_999_999}, ["59m59s999999999ns of 'a' is shorter"]),
        ({"name": "a", "retention_period": 60_000_000_000}, ["1m of 'a' is shorter"]),
        ({}, []),
    ],
)
def test_short_retention_is_warned_of(desired: State, warned: list[str]) -> None:
    warnings = retention_warnings(desired)
    assert len(warnings) == len(warned)
    assert all(part in warning for part, warning in zip(warned, warnings, strict=True))


@pytest.mark.parametrize(("name", "reserved"), [("_a", True), ("iox_a", True), ("a_", False), ("iox", False)])
def test_reserved_name_is_warned_of(name: str, reserved: bool) -> None:
    sentence = f"The name {name!r} of the table begins with what InfluxDB reserves for itself (_ or iox_)."
    assert name_warnings("table", name) == [sentence] * reserved


@pytest.mark.parametrize(
    ("noun", "name", "said"),
    [
        ("database", "a/b-c_9", ""),
        ("database", "Größe", ""),
        ("database", "-a", "should begin with a letter or a digit"),
        ("database", "/a", "should begin with a letter or a digit"),
        ("database", "a.b c", "holds ' ', '.'"),
        ("table", "a/b", ""),
        ("table", "a.b", "holds '.'"),
    ],
)
def test_name_that_is_documented_as_invalid_is_warned_of(noun: str, name: str, said: str) -> None:
    warnings = name_warnings(noun, name)
    assert len(warnings) == bool(said)
    assert said in "".join(warnings)


@pytest.mark.parametrize("number", [0, -1, 2**63])
def test_wrong_ids_name_the_option(number: int) -> None:
    with pytest.raises(OptionError, match=f"^id: {number} is not between 1 and 9223372036854775807"):
        parse_option("id", number, parse_id)


def test_option_that_is_not_given_stays_so() -> None:
    assert parse_option("id", None, parse_id) is None
    assert parse_option("id", 2**63 - 1, parse_id) == 2**63 - 1
