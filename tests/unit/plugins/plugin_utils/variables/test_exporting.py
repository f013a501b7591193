# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is exported: every text of a server is marked, survives YAML, and is what the role takes for no change."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleFilterError
from hypothesis import example, given
from hypothesis import strategies as st

from ansible_collections.influxops.influxdb3.plugins.filter.cluster_export import cluster_export
from ansible_collections.influxops.influxdb3.plugins.filter.cluster_export_left_out import cluster_export_left_out
from ansible_collections.influxops.influxdb3.plugins.module_utils._cluster import tables
from ansible_collections.influxops.influxdb3.plugins.module_utils._cluster.databases import (
    plan_database,
    warnings_of,
    wish_of,
)
from ansible_collections.influxops.influxdb3.plugins.module_utils._core.entities import (
    DATABASE,
    SYSTEM_PREFIXES,
    TABLE,
    parse_name,
)
from ansible_collections.influxops.influxdb3.plugins.module_utils._core.plan import find
from ansible_collections.influxops.influxdb3.plugins.plugin_utils._variables.exporting import export

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
NOTHING = {"state": "present", "rename_from": None, "id": None, "force": False}
TRAPS = [
    "{{ 1 }}",
    "{% raw %}",
    "{# #}",
    "#jinja2:variable_start_string:'[[',variable_end_string:']]'\n[[ lookup('pipe', 'id') ]]",
    "#jinja2:x",
    "a\x85b\u2028c\u2029d",
    " trailing \n",
    "!unsafe 'x'",
    "'\"\\",
    "x" * 60 + "\n",
    "yes",
    "null",
    "1_0",
    "2027-01-01",
    "=",
    "<<",
    "~",
]
texts = st.sampled_from(TRAPS) | st.text(min_size=1, max_size=64)
ints = st.integers(1, 2**31 - 1)
# What the schema of the API allows (facts.md#operations), and not just what a server would make today.
parts = st.one_of(
    st.fixed_dictionaries({"type": st.sampled_from(["time", "tag"]), "value": texts}),
    st.fixed_dictionaries(
        {
            "type": st.just("bucket"),
            "value": st.fixed_dictionaries({"tagName": texts, "numberOfBuckets": st.integers(1, 100_000)}),
        }
    ),
)
answers = st.fixed_dictionaries(
    {
        "name": texts,
        "maxTables": st.just(0) | ints,
        "maxColumnsPerTable": st.just(0) | ints,
        "retentionPeriod": st.integers(0, 2**63 - 1) | st.integers(0, 3_600_000_000_000),
    },
    optional={"partitionTemplate": st.lists(parts, max_size=8, unique_by=repr)},
)


class Loader(yaml.SafeLoader):
    """Reads `!unsafe` as Ansible does, and notes what isn't marked."""


class Marked(str):
    """A text that Ansible takes for no template."""

    __slots__ = ()


def _kind(text: str) -> str:
    """The tag that YAML finds by itself for a scalar without quotes."""
    resolver: Any = yaml.resolver.Resolver()
    return str(resolver.resolve(yaml.ScalarNode, text, (True, False)))


def _construct(loader: Loader, node: yaml.ScalarNode) -> Any:
    # From ansible-core 2.19 on, the tag that was replaced counts again.
    found = loader.construct_object(yaml.ScalarNode(_kind(node.value), node.value), deep=True)
    return Marked(found) if isinstance(found, str) else found


Loader.add_constructor("!unsafe", _construct)


def load(text: str) -> Any:
    return yaml.load(text, Loader)


def encodable(text: str) -> bool:
    return not any("\ud800" <= letter <= "\udfff" for letter in text)


@given(st.lists(answers, max_size=3, unique_by=lambda answer: answer["name"]))
def test_any_database_is_exported_without_a_change_or_told_of(listed: list[dict[str, Any]]) -> None:
    there = [DATABASE.from_api(answer) for answer in listed]
    shown = [DATABASE.to_result(state) for state in there]
    exported = load(cluster_export([one for one in shown if one]))["cluster_databases"]
    for item in exported:
        options = {**dict.fromkeys(("retention_period", "max_tables", "max_columns_per_table")), **NOTHING, **item}
        wish = wish_of(options)
        change = plan_database(wish, lambda name: find(there, name))
        assert not change.changed
        assert warnings_of(wish, change) == []
    refused = [name for name in (answer["name"] for answer in listed) if not _stated(name)]
    assert len(exported) + len(cluster_export_left_out([one for one in shown if one])) + len(
        [1 for answer in listed if answer["name"].startswith(SYSTEM_PREFIXES)]
    ) == len(listed)
    assert not {item["name"] for item in exported} & set(refused)


table_answers = st.fixed_dictionaries(
    {"databaseName": st.sampled_from(["a", "b", "_internal"]), "name": texts, "id": ints},
    optional={"partitionTemplate": st.lists(parts, max_size=8, unique_by=repr)},
)


@given(st.lists(table_answers, max_size=3, unique_by=lambda answer: (answer["databaseName"], answer["name"])))
@example([{"databaseName": "a", "name": name, "id": 1} for name in ("..", "x\ny", "_x", "{{ 1 }}")])
def test_any_table_is_exported_without_a_change_or_told_of(listed: list[dict[str, Any]]) -> None:
    there = [TABLE.from_api(answer) for answer in listed]
    shown = [{**(TABLE.to_result(state) or {}), "deleted": False} for state in there]
    databases = [{"name": name} for name in ("a", "_internal")]
    deleted = {"database": "a", "name": "gone", "partition_template": None, "deleted": True}
    exported = load(cluster_export(databases, tables=[*shown, deleted]))["cluster_tables"]
    for item in exported:
        options = {"rename_from": None, "id": None, "partition_template": None, "state": "present", **item}
        wish = tables.wish_of(options, looked_up=True)
        found = {state["name"]: state for state in there if state["database"] == wish.database}
        assert not tables.plan_table(wish, tables.Seen(found)).changed
    left_out = cluster_export_left_out(databases, (), shown)
    assert len(exported) + len(left_out) == len([state for state in there if state["database"] == "a"])
    assert all(line.isprintable() for line in left_out)


def test_tables_that_nobody_has_listed_are_not_stated() -> None:
    assert "cluster_tables" not in load(cluster_export([{"name": "a"}]))
    assert load(cluster_export([{"name": "a"}], (), []))["cluster_tables"] == []
    twice = [{"database": "a", "name": "x"}] * 2
    assert load(cluster_export([{"name": "a"}], (), twice))["cluster_tables"] == twice[:1]
    assert "listed twice" in cluster_export_left_out([{"name": "a"}], (), twice)[0]
    with pytest.raises(AnsibleFilterError, match="is masked"):
        cluster_export([{"name": "a"}], (), [{"database": "a", "name": "a ********"}])


def _stated(name: str) -> bool:
    try:
        parse_name(name)
    except ValueError:
        return False
    return not name.startswith(SYSTEM_PREFIXES)


@given(texts, st.lists(st.fixed_dictionaries({"action": st.sampled_from(["read", "write", "x"]), "resource": texts})))
@example(TRAPS[3], [{"action": "read", "resource": TRAPS[3]}])
@example("\ud800", [{"action": "read", "resource": "\ud800"}])
def test_any_text_of_a_server_is_marked_and_comes_back_as_it_is(text: str, permissions: list[dict[str, str]]) -> None:
    template = [{"type": "tag", "value": text}]
    token = {"id": text, "description": text, "permissions": permissions, "created_at": "2026-11-20T12:00:00Z"}
    found = export([{"name": text, "partition_template": template}], [token], NOW)
    # Lists that Ansible itself hands out to filters may be of its own kinds; those of a file are plain.
    loaded = load(found.text())
    ours = {"tag", "ignore", "id", "description"}
    stack: list[Any] = [loaded]
    while stack:
        one = stack.pop()
        if isinstance(one, dict):
            assert all(type(key) is str for key in one)
            stack += one.values()
        elif isinstance(one, list):
            stack += one
        elif isinstance(one, str) and one not in ours and _kind(one).endswith(":str"):
            assert type(one) is Marked, f"{one!r} is a text of the server's"
    for item in loaded["cluster_databases"]:
        assert (item["name"], item["partition_template"]) == (text, template)
    for item in loaded["cluster_db_tokens"]:
        assert text in (item.get("description"), item.get("id"))
        assert item.get("permissions", permissions) == permissions
    assert bool(loaded["cluster_databases"]) == (_stated(text) and encodable(text))


@pytest.mark.parametrize("masked", ["********", "a ******** b", "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"])
@pytest.mark.parametrize("place", ["name", "description", "resource", "tag"])
def test_a_mask_is_refused(masked: str, place: str) -> None:
    """It stands for a secret that is also a part of a name, and prune would act on it."""
    database = {
        "name": masked if place == "name" else "a",
        "partition_template": [{"type": "tag", "value": masked if place == "tag" else "t"}],
    }
    token = {
        "id": "i",
        "description": masked if place == "description" else "d",
        "created_at": "2026-11-20T12:00:00Z",
        "permissions": [{"action": "read", "resource": masked if place == "resource" else "a"}],
    }
    with pytest.raises(AnsibleFilterError, match="is masked"):
        cluster_export([database], [token])


def test_what_the_role_would_refuse_is_told_and_not_written() -> None:
    databases = [{"name": name} for name in ("a\nb", "..", "", "fine", "fine", "x" * 65)]
    permissions = [{"action": "read", "resource": "x\ny"}]
    tokens = [{"id": "i", "description": "d", "created_at": "2026-11-20T12:00:00Z", "permissions": permissions}]
    found = export(databases, tokens, NOW)
    assert [item["name"] for item in found.content["cluster_databases"]] == ["fine"]
    assert found.content["cluster_db_tokens"] == [{"description": "d", "on_lost_secret": "ignore"}]
    assert len(found.left_out) == 6
    assert all(line.isprintable() for line in found.left_out)
    assert "listed twice" in found.left_out[3]
    assert "database token i" in found.left_out[-1]


@pytest.mark.parametrize("wrong", [[{}], [{"name": None}], ["a"], [{"name": "a", "retention_period": "soon"}]])
def test_what_no_info_module_returns_is_refused(wrong: list[Any]) -> None:
    with pytest.raises(AnsibleFilterError, match="database_info, db_token_info and table_info"):
        cluster_export(wrong)
