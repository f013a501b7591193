# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the modules' shell does apart from Ansible."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

from ansible_collections.influxops.influxdb3.plugins.module_utils.module import register_secrets


def test_every_secret_of_a_profile_is_masked() -> None:
    module = SimpleNamespace(no_log_values=set())
    profile = {
        "name": "public",
        "mgmt_token": "one",
        "token": "two",
        "auth": {"oauth2": {"client_id": "public", "client_secret": "three"}},
    }
    register_secrets(cast(Any, module), profile)
    assert module.no_log_values == {"one", "two", "three"}


def test_what_is_no_secret_is_not_masked() -> None:
    module = SimpleNamespace(no_log_values=set())
    register_secrets(cast(Any, module), {"mgmt_token": "", "token": 5, "auth": "wrong"})
    assert module.no_log_values == set()
