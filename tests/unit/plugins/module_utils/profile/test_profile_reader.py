# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which values of a profile are masked. Reading and finding profiles is tested with editing them (test_profiles.py)."""

from __future__ import annotations

from typing import Any

from ansible_collections.influxops.influxdb3.plugins.module_utils._profile.profile_reader import (
    other_prefixes,
    secrets_of,
)


def test_every_secret_of_a_profile_is_masked() -> None:
    profile = {
        "name": "public",
        "mgmt_token": "the first",
        "token": "the second",
        "auth": {"oauth2": {"client_id": "public", "client_secret": "the third"}},
    }
    assert sorted(secrets_of(profile)) == ["the first", "the second", "the third"]


def test_what_is_no_secret_is_not_masked() -> None:
    profile: dict[str, Any] = {"mgmt_token": "", "token": 5, "auth": "wrong"}
    assert secrets_of(profile) == []


def test_the_tokens_of_the_other_profiles_of_a_file() -> None:
    profiles = [
        {"name": "default", "mgmt_token": "M.V1.aaaa1"},
        {"name": "b", "mgmt_token": "M.V1.bbbb1"},
        {"name": "c"},
    ]
    assert other_prefixes({"profile": profiles}, "default") == ["M.V1.bbbb"]
    assert other_prefixes({}, "default") == []
