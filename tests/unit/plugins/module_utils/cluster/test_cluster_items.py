# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lists of cluster apart from any cluster: they take what the modules for one object take."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.influxops.influxdb3.plugins.module_utils._cluster import databases, tables
from ansible_collections.influxops.influxdb3.plugins.module_utils._cluster.item_check import Checker
from ansible_collections.influxops.influxdb3.plugins.module_utils._cluster.items import (
    DATABASE_ITEM,
    DB_TOKEN_ITEM,
    secret_path,
)
from ansible_collections.influxops.influxdb3.plugins.module_utils._cluster.table_items import TABLE_ITEM
from ansible_collections.influxops.influxdb3.plugins.module_utils._cluster.world import Listing
from ansible_collections.influxops.influxdb3.plugins.module_utils._core.entities import listed
from ansible_collections.influxops.influxdb3.plugins.module_utils._tokens import db_tokens
from ansible_collections.influxops.influxdb3.plugins.modules import cluster


def described(options: dict[str, Any]) -> dict[str, Any]:
    """The documentation of options in the form of an argument spec."""
    found: dict[str, Any] = {}
    for name, option in options.items():
        found[name] = {key: value for key, value in option.items() if key not in ("description", "suboptions")}
        if "suboptions" in option:
            found[name]["options"] = described(option["suboptions"])
    return found


def specified(spec: dict[str, Any]) -> dict[str, Any]:
    """An argument spec without what the documentation doesn't show."""
    return {
        name: {key: specified(value) if key == "options" else value for key, value in option.items() if key != "no_log"}
        for name, option in spec.items()
    }


@pytest.mark.parametrize(
    ("option", "spec"), [("databases", DATABASE_ITEM), ("tables", TABLE_ITEM), ("db_tokens", DB_TOKEN_ITEM)]
)
def test_items_are_documented_as_they_are_checked(option: str, spec: dict[str, Any]) -> None:
    documented = yaml.safe_load(cluster.DOCUMENTATION)["options"][option]["suboptions"]
    assert described(documented) == specified(spec)


def test_items_take_what_the_modules_for_one_object_take() -> None:
    assert set(DATABASE_ITEM) == set(databases.OPTIONS)
    assert DB_TOKEN_ITEM is db_tokens.OPTIONS
    assert TABLE_ITEM is tables.OPTIONS


ITEMS: list[dict[str, Any]] = [
    {"name": "a"},
    {"name": "b"},
    {"name": 5},
    {"name": "c", "max_tables": 5},
    {"name": "c", "max_tables": "5"},
    {"name": "c", "max_tables": True},
    {"name": "c", "max_tables": "many"},
    {"name": "c", "force": 1},
    {"name": "c", "force": False},
    {"name": "c", "state": "absent"},
    {"name": "c", "state": "gone"},
    {"name": "c", "state": "restored"},
    {"name": "c", "state": ["absent"]},
    {"name": None},
    {"name": "c", "max_tables": None},
    {"name": "c", "max_tables": 5, "id": None},
    {"name": "c", "state": None},
    {"name": "c", "unknown": None},
    {"name": "c", "partition_template": [{"type": "time", "value": "%Y"}]},
    {"name": "c", "partition_template": [{"type": "tame", "value": "%Y"}]},
    {"name": "c", "partition_template": [5]},
    {"name": "c", "partition_template": "time"},
    {"name": "c", "unknown": 1},
    {},
]
TOKENS: list[dict[str, Any]] = [
    {"description": "a", "permissions": [{"action": "read", "resource": "x"}]},
    {"description": "b", "permissions": [{"action": "read", "resource": "y"}, {"action": "write", "resource": "y"}]},
    {"description": "b", "permissions": [{"action": "own", "resource": "y"}]},
    {"description": "b", "permissions": [{"action": "read", "resource": 5}]},
    {"description": "b", "permissions": [{"action": "read"}]},
    {"description": "b", "secret_file": "~/x"},
    {"permissions": []},
    {"description": None, "id": None},
    {"description": "b", "id": None},
]


@pytest.mark.parametrize(
    ("spec", "rules", "items"), [(DATABASE_ITEM, {}, ITEMS), (DB_TOKEN_ITEM, db_tokens.RULES, TOKENS)]
)
def test_a_check_that_remembers_says_what_ansible_says(
    spec: dict[str, Any], rules: dict[str, Any], items: list[dict[str, Any]]
) -> None:
    """In any order, and also when an item of the same form has been seen before. Null is as good as not stated."""
    validator = ArgumentSpecValidator(spec, **rules)
    for order in (items, items[::-1]):
        checker = Checker(spec, rules)
        for item in [*order, *order]:
            stated = {key: value for key, value in item.items() if value is not None or key in ("state", "unknown")}
            wanted = validator.validate(stated)
            options, errors = checker.check(item)
            assert [error.msg for error in errors] == [error.msg for error in wanted.errors]
            assert errors or repr(sorted(options.items())) == repr(sorted(wanted.validated_parameters.items()))


def test_null_in_a_permission_is_not_stated() -> None:
    """As in the module db_token, and also where no other option of the item is null."""
    checker = Checker(DB_TOKEN_ITEM, db_tokens.RULES)
    messages = [
        [fault.msg for fault in checker.check({"description": "b", "permissions": [permission]})[1]]
        for permission in ({"action": None, "resource": "c"}, {"resource": "c"})
    ]
    assert messages[0] == messages[1] != []


def test_items_of_one_form_are_checked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    checker = Checker(DATABASE_ITEM, {})
    first, none = checker.check({"name": "a", "max_tables": 5})
    monkeypatch.setattr(ArgumentSpecValidator, "validate", None)
    assert checker.check({"name": "b", "max_tables": 7}) == ({**first, "name": "b", "max_tables": 7}, none)


@pytest.mark.parametrize(
    ("options", "path"),
    [
        ({"description": "telegraf"}, "/s/telegraf.json"),
        ({"description": "a/b: ü"}, "/s/a_b___.json"),
        ({"description": "../../x"}, "/s/.._.._x.json"),
        ({"description": "a", "secret_file": "/own.json"}, "/own.json"),
        ({"id": "1"}, None),
    ],
)
def test_a_secret_file_is_named_after_the_description(options: dict[str, str], path: str | None) -> None:
    assert secret_path(options, "/s") == path


def test_a_list_that_somebody_asks_for_meanwhile_serves_all() -> None:
    began, go_on, fetched = threading.Event(), threading.Event(), iter(range(9))

    def fetch() -> int:
        began.set()
        go_on.wait()
        return next(fetched)

    listing = Listing(fetch)
    answers: list[int] = []
    first = threading.Thread(target=lambda: answers.append(listing.content()))
    first.start()
    began.wait()
    late = time.monotonic()
    others = [threading.Thread(target=lambda: answers.append(listing.since(late))) for number in range(5)]
    for other in others:
        other.start()
    go_on.set()
    for thread in (first, *others):
        thread.join()
    assert sorted(answers) == [0, 1, 1, 1, 1, 1], "the list that had begun before was not enough, and one more was"
    assert [listing.content(), listing.now(), listing.now(), listing.content()] == [1, 2, 3, 3]


def test_long_lists_are_cut() -> None:
    assert listed(["a", "b"]) == "a, b"
    assert listed(list("abcdefgh")) == "a, b, c, d, e and 3 more"
