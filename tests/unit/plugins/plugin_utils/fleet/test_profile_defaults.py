# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the hosts' profile takes over from the connection: only what is not stated, and only what influxctl takes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.influxops.influxdb3.plugins.module_utils._core.host_names import host_problem
from ansible_collections.influxops.influxdb3.plugins.plugin_utils._fleet.profile_defaults import complete_profile

CLUSTER = {"product": "clustered", "host": "cluster.example.com", "port": 443}
IDS = {"account_id": "a", "cluster_id": "c"}


@pytest.mark.parametrize(
    ("connection", "added"),
    [
        ({"host": "https://cluster.example.com", "management_token": "M.V1.secret"}, CLUSTER),
        ({"host": "cluster.example.com"}, CLUSTER),
        ({"host": "https://cluster.example.com/"}, CLUSTER),
        ({"host": "https://cluster.example.com/api/v0"}, CLUSTER),
        ({"host": "cluster.example.com:8443"}, {**CLUSTER, "port": 8443}),
        ({"host": "https://cluster.example.com:1", "port": 8443}, {**CLUSTER, "port": 8443}),
        ({"host": "cluster.example.com", "port": "8443"}, {**CLUSTER, "port": 8443}),
        ({"host": "http://cluster.example.com"}, {**CLUSTER, "port": 80, "tls": {"disable": True}}),
        ({"host": "https://[::1]:8443"}, {**CLUSTER, "host": "::1", "port": 8443}),
        ({"host": "::1"}, {**CLUSTER, "host": "::1"}),
        ({"product": "dedicated", "host": "https://console.influxdata.com", **IDS}, {"product": "dedicated", **IDS}),
        ({"product": "dedicated"}, {"product": "dedicated"}),
        ({"product": "clustered"}, {"product": "clustered"}),
        # What such a profile says is known on the issuer only.
        ({"config_path": "/etc/influxctl.toml", "profile": "admin"}, {}),
        ({"config_path": "/etc/influxctl.toml", "host": "cluster.example.com"}, {}),
        ({"config_path": "/etc/influxctl.toml", "product": "clustered", "host": "cluster.example.com"}, CLUSTER),
        ({"host": "", "product": None, "port": ""}, {}),
        ({}, {}),
    ],
)
def test_what_a_connection_adds(connection: dict[str, Any], added: dict[str, Any]) -> None:
    assert complete_profile({}, connection) == added
    assert complete_profile({"name": "ci", "host": "", "port": None}, connection) == {
        **{"name": "ci", "host": "", "port": None},
        **added,
    }


@pytest.mark.parametrize(
    ("profile", "connection", "added"),
    [
        ({"host": "10.0.0.5"}, {"host": "https://cluster.example.com"}, {"product": "clustered"}),
        ({"host": "10.0.0.5"}, {"host": "https://cluster.example.com:8443"}, {"product": "clustered", "port": 8443}),
        ({"host": "10.0.0.5"}, {"host": "http://cluster.example.com/influx"}, {"product": "clustered"}),
        ({"port": 8443}, {"host": "https://cluster.example.com"}, {**CLUSTER, "port": 8443}),
        ({"product": "dedicated"}, {"host": "https://cluster.example.com"}, {}),
        ({"product": "clustered"}, {"product": "dedicated", **IDS}, {}),
        (
            {"tls": {"ca": "/ca.pem"}},
            {"host": "http://cluster.example.com"},
            {**CLUSTER, "port": 80, "tls": {"ca": "/ca.pem", "disable": True}},
        ),
        (
            {"tls": {"disable": False}},
            {"host": "http://cluster.example.com"},
            {**CLUSTER, "port": 80, "tls": {"disable": False}},
        ),
    ],
)
def test_what_is_stated_stays(profile: dict[str, Any], connection: dict[str, Any], added: dict[str, Any]) -> None:
    assert complete_profile(profile, connection) == {**profile, **added}


KEYS = st.fixed_dictionaries(
    {},
    optional={
        "name": st.just("ci"),
        "product": st.sampled_from(["clustered", "dedicated"]),
        "host": st.sampled_from(["a.example", "10.0.0.5"]),
        "port": st.integers(1, 65535),
        "account_id": st.just("x"),
        "exclusive": st.booleans(),
        "tls": st.dictionaries(st.sampled_from(["disable", "insecure"]), st.booleans()),
    },
)
WAYS = st.fixed_dictionaries(
    {},
    optional={
        "product": st.sampled_from(["clustered", "dedicated"]),
        "host": st.builds(
            "{}{}{}".format,
            st.sampled_from(["", "http://", "https://"]),
            st.sampled_from(["b.example", "[::1]"]),
            st.sampled_from(["", ":1", ":8443"]),
        ),
        "port": st.integers(1, 65535),
        "management_token": st.just("M.V1.secret"),
        "profile": st.just("admin"),
        **dict.fromkeys(["account_id", "cluster_id"], st.just("y")),
    },
)


@given(KEYS, WAYS)
def test_nothing_stated_is_changed_nor_a_secret_taken_over(profile: dict[str, Any], way: dict[str, Any]) -> None:
    whole = complete_profile(profile, way)
    assert {key: whole[key] for key in profile if key != "tls"} == {k: v for k, v in profile.items() if k != "tls"}
    assert whole.get("tls", {}) == {**whole.get("tls", {}), **profile.get("tls", {})}
    assert set(whole) - set(profile) <= {"product", "host", "port", "account_id", "cluster_id", "tls"}
    assert "M.V1.secret" not in str(whole)
    assert host_problem(whole.get("host", "a")) is None
    assert complete_profile(whole, way) == whole


@pytest.mark.parametrize(
    ("connection", "words"),
    [
        ({"host": "https://cluster.example.com/influx"}, ["/influx", "mgmt_token_profile"]),
        ({"host": "https://me:hunter22@cluster.example.com"}, ["user or password"]),
        ({"host": "ftp://cluster.example.com"}, ["ftp"]),
        ({"host": "cluster.example.com", "port": 99999}, ["65535"]),
        ({"host": "cluster.example.com", "port": "many"}, ["many"]),
    ],
)
def test_what_no_profile_can_hold_is_refused(connection: dict[str, Any], words: list[str]) -> None:
    with pytest.raises(ValueError, match=r"^mgmt_token_connection: ") as error:
        complete_profile({}, connection)
    assert [word for word in words if word not in str(error.value)] == []
    assert "hunter22" not in str(error.value)
