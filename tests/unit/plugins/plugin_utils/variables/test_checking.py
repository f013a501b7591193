# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Variables of roles: a misspelt one is found, whichever letter is wrong, and an inventory's own are left alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.influxops.influxdb3.plugins.plugin_utils._variables.checking import (
    ROLES,
    complaints,
    doubts,
    misspelt,
    names_of,
)

ALL = sorted(path.name for path in ROLES.iterdir())
OPTIONS = [(role, option) for role in ALL for option in sorted(names_of(role).options)]
LETTERS = "abcdefghijklmnopqrstuvwxyz_"


def test_every_role_is_read() -> None:
    assert {"cluster", "influxctl", "influxctl_profile", "mgmt_token"} <= set(ALL)
    assert "mgmt_token_renew_before" in names_of("mgmt_token").options
    assert "mgmt_token_step" in names_of("mgmt_token").own - names_of("mgmt_token").options
    assert "cluster_id" in names_of("cluster").own - names_of("cluster").options, "a key of cluster_connection"


@given(st.sampled_from(OPTIONS), st.data())
def test_one_wrong_letter_is_found(one: tuple[str, str], data: st.DataObject) -> None:
    """Left out, doubled, or two of them exchanged: the option itself is named, or one that is as near."""
    role, option = one
    start = len(role) + 1
    at = data.draw(st.integers(start, len(option) - 1))
    way = data.draw(st.sampled_from(["left out", "doubled", "exchanged"]))
    wrong = {
        "left out": option[:at] + option[at + 1 :],
        "doubled": option[:at] + option[at] + option[at:],
        "exchanged": option[:at] + option[at + 1 : at + 2] + option[at] + option[at + 2 :],
    }[way]
    known = names_of(role)
    found = misspelt([wrong, option], role, known)
    if wrong in known.own:
        return
    assert found.get(wrong) or f"_{option[start:]}_" in f"_{wrong[start:]}_"
    assert option not in found


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("cluster_databse", "cluster_databases"),
        ("cluster_database", "cluster_databases"),
        ("cluster_db_token", "cluster_db_tokens"),
        ("mgmt_token_renew_befor", "mgmt_token_renew_before"),
        ("mgmt_token_expire_in", "mgmt_token_expires_in"),
        ("cluster_tabels", "cluster_tables"),
        ("influxctl_profile_profile", "influxctl_profile_profiles"),
        ("influxctl_verison", "influxctl_version"),
    ],
)
def test_what_people_write(name: str, meant: str) -> None:
    role = max((role for role in ALL if name.startswith(f"{role}_")), key=len)
    assert misspelt([name], role, names_of(role)) == {name: meant}
    (sentence,) = complaints([name], role, {})
    assert name in sentence
    assert meant in sentence


@pytest.mark.parametrize(
    "name",
    [
        "cluster_name",
        "cluster_region",
        "cluster_databases_team_a",
        "cluster_databases_backup_dir",
        "cluster_tables_metrics",
        "cluster_export_path",
        "cluster_url",
        "cluster_token",
        "old_cluster_databases",
        "mgmt_token_vault_file",
        "mgmt_token_vault_password",
        "mgmt_token_owner",
        "mgmt_token",
        "influxctl_profile_path",
        "influxctl_profile_profiles",
        "databases",
    ],
)
def test_others_are_left_alone(name: str) -> None:
    for role in ALL:
        assert misspelt([name], role, names_of(role)) == {}


def test_a_role_knows_its_own() -> None:
    """All roles are used in one play, so each one's variables are there for the others."""
    everything = [name for role in ALL for name in names_of(role).own]
    for role in ALL:
        assert misspelt(everything, role, names_of(role)) == {}


def test_a_span_of_time_names_its_variable() -> None:
    spans = {
        "mgmt_token_renew_before": "14",
        "mgmt_token_max_age": 30,
        "mgmt_token_expires_in": "90d",
        "x": None,
        "y": 0,
    }
    told = complaints([], "mgmt_token", spans)
    assert [one.split(": ")[0] for one in told] == ["mgmt_token_renew_before", "mgmt_token_max_age"]
    assert "14d" in told[0]


@pytest.mark.parametrize(
    ("spans", "warned"),
    [
        ({"expires_in": "90d", "renew_before": None, "max_age": ""}, True),
        ({"expires_in": "90d", "renew_before": "14d"}, False),
        ({"expires_in": "90d", "max_age": "30d"}, False),
        ({"expires_in": None}, False),
    ],
)
def test_a_token_that_ends_and_is_not_renewed_is_warned_of(spans: dict[str, str], warned: bool) -> None:
    told = doubts("mgmt_token", {f"mgmt_token_{name}": value for name, value in spans.items()})
    assert bool(told) == warned


def test_a_file_of_a_report_whose_ending_says_nothing_is_found() -> None:
    assert complaints([], "mgmt_token", {}, {"mgmt_token_audit_file": "a.html,b.csv"}) == []
    (sentence,) = complaints([], "mgmt_token", {}, {"mgmt_token_audit_file": ["a.html", "b.txt"]})
    assert sentence.startswith("mgmt_token_audit_file: b.txt ")
