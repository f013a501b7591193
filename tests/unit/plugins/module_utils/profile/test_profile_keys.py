# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which keys influxctl refuses: as its stand-in says, with what is to be done, and never a value."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit.plugins.module_utils.profile.toml_documents import Document, documents

from ansible_collections.influxops.influxdb3.plugins.module_utils._profile.profile_keys import (
    PROFILE_KEYS,
    refused_keys,
    warnings,
)
from simulator import influxctl_cli

BASE = '[[profile]]\nname = "default"\nproduct = "clustered"\nhost = "h"\n'
# What a file holds, and the profile, the key and a word of the remedy that are reported.
FILES: dict[str, tuple[str | None, str, str]] = {
    f'account_id = "canary"\n{BASE}': (None, "account_id", "1.x"),
    f'[default]\naccount_id = "canary"\n{BASE}': (None, "default", "1.x"),
    f'[other]\nhost = "canary"\n{BASE}': (None, "other", "1.x"),
    f'[other]\nx = "canary"\n{BASE}': (None, "other", "remove it"),
    '[[profiles]]\nname = "canary"\n': (None, "profiles", "[[profile]]"),
    f'{BASE}mgmt_tokens = "canary"\n': ("default", "mgmt_tokens", "mgmt_token is meant"),
    f'{BASE}[profile.auth.oauth2]\nclient_secret = "canary"\n': ("default", "auth.oauth2.client_secret", "2.9.8"),
    f'{BASE}[profile.tls]\ninsecure = true\ndatabase = "canary"\n': ("default", "tls.database", "above [profile.tls]"),
    f'{BASE}ca = "canary"\n': ("default", "ca", "[profile.tls]"),
    f'{BASE}token_file = "canary"\n': ("default", "token_file", "[profile.auth.token]"),
    f"{BASE}port = 443\n": ("default", "port", "a text, in quotes"),
    f'{BASE}[profile.tls]\ninsecure = "canary"\n': ("default", "tls.insecure", "true or false"),
    f'{BASE}tls = "canary"\n': ("default", "tls", "must be a table"),
    f'{BASE}[profile.auth.oauth2]\nscopes = "canary"\n': ("default", "auth.oauth2.scopes", "a list of texts"),
    f"{BASE}[profile.auth.oauth2]\nscopes = [1]\n": ("default", "auth.oauth2.scopes", "a list of texts"),
    f'{BASE}"a\\nb" = "canary"\n': ("default", "'a\\nb'", "remove it"),
    f'{BASE}"{"M.V1.abcdcanary" * 4}" = 1\n': ("default", "'M.V1.abcd…'", "remove it"),
    '[[profile]]\nx = "canary"\n': ("number 1", "x", "remove it"),
}


@pytest.mark.parametrize("text", FILES)
def test_a_refused_key_is_named_with_its_place_and_remedy(text: str) -> None:
    profile, key, remedy = FILES[text]
    (found,) = refused_keys(tomllib.loads(text))
    assert (found["profile"], found["key"]) == (profile, key)
    assert remedy in found["remedy"]
    (sentence,) = warnings("/c.toml", [found])
    assert all(word in sentence for word in ("/c.toml", key, remedy))
    assert "canary" not in str(found) + sentence
    assert sentence.isprintable()


@pytest.fixture(autouse=True, scope="module")
def _newest() -> Iterator[None]:
    influxctl_cli.SETTINGS["version"] = "2.12.0"
    yield
    del influxctl_cli.SETTINGS["version"]


def accepted_by_the_stand_in(document: dict[str, Any]) -> bool:
    keys = dict(PROFILE_KEYS)
    assert refusing(influxctl_cli.profile_keys()) == refusing(keys)
    try:
        influxctl_cli.check_table("config", {k: v for k, v in document.items() if k != "profile"}, {})
        for profile in document.get("profile", []):
            influxctl_cli.check_table("profile", profile, influxctl_cli.profile_keys())
    except ValueError:
        return False
    return True


def refusing(keys: dict[str, Any]) -> set[str]:
    """The paths of a table of keys."""
    return {
        f"{key}.{inner}" if inner else key
        for key, kind in keys.items()
        for inner in (refusing(kind) if isinstance(kind, dict) else [""])
    }


@given(documents())
def test_a_file_with_refused_keys_is_one_that_the_stand_in_refuses(document: Document) -> None:
    data = tomllib.loads(document.text)
    assert (refused_keys(data) == []) == accepted_by_the_stand_in(data)


@given(st.dictionaries(st.text(max_size=60), st.text(max_size=5) | st.integers() | st.just({"x": 1}), max_size=9))
def test_any_keys_are_reported_in_printable_text(table: dict[str, Any]) -> None:
    document = {**table, "profile": [{"name": "\x1b[31m\n", **table}]}
    (sentence,) = warnings("/c.toml", refused_keys(document)) or [""]
    assert sentence.isprintable()


def test_a_sentence_names_some_of_many_keys() -> None:
    document = {"profile": [{"name": "default", **{f"x{n}": 1 for n in range(12)}}]}
    (sentence,) = warnings("/c.toml", refused_keys(document))
    assert ("x4" in sentence, "x5" in sentence, "and 7 more" in sentence) == (True, False, True)
    assert warnings("/c.toml", []) == []
