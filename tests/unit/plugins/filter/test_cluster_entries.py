# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which variables are taken for lists of entries, which are left alone, and which are refused."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.influxops.influxdb3.plugins.filter.cluster_entries import cluster_entries

A, B = {"name": "a"}, {"name": "b", "state": "absent"}


def test_lists_are_joined_in_the_order_of_the_names() -> None:
    assert cluster_entries(
        {"cluster_databases_2": [B], "cluster_databases_1": [A], "cluster_databases_3": []}, "databases"
    ) == [A, B]
    assert cluster_entries({"cluster_databases_1": [A]}, "databases", [B]) == [B, A]


@given(
    st.text().filter(lambda text: text.lstrip()[:1] not in ("[", "{"))
    | st.integers()
    | st.floats()
    | st.booleans()
    | st.none()
)
def test_what_can_be_no_list_is_left_alone(value: Any) -> None:
    assert cluster_entries({"cluster_databases_backup_dir": value, "cluster_databases_x": [A]}, "databases") == [A]


@pytest.mark.parametrize(
    ("kind", "value", "said"),
    [
        ("databases", A, "v is a dictionary, and not a list of databases"),
        ("databases", '[{"name": "a"}]', "v is text, and not a list of databases"),
        ("databases", " {}", "v is text"),
        ("databases", ["a"], "v[0] is no database, which has the key name"),
        ("databases", [A, [B]], "v[1] is no database"),
        ("databases", [A, None], "v[1] is no database"),
        ("databases", [{"nam": "a"}], "v[0] is no database"),
        (
            "db_tokens",
            [{"description": "d"}, {"id": "i"}, A],
            "v[2] is no database token, which has the key description or id",
        ),
        ("tables", [{"database": "d"}, A], "v[1] is no table, which has the key database"),
    ],
)
def test_what_may_be_a_slip_is_refused_by_its_name(kind: str, value: Any, said: str) -> None:
    with pytest.raises(AnsibleFilterError) as raised:
        cluster_entries({"v": value}, kind)
    assert said in str(raised.value)
    assert f"begin with cluster_{kind}_" in str(raised.value)
