# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Masking: no value of a config is left, whichever way TOML writes it, and what an error says besides is."""

from __future__ import annotations

import pytest
import tomlkit
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.influxops.influxdb3.plugins.filter.mask_config import mask_config

TOKEN = "M.V1.eyJh" + "x" * 40


@given(st.text(st.characters(categories=["L", "N", "P", "S", "Zs"]), min_size=1), st.text("ab.", max_size=9))
def test_a_value_is_masked_whatever_it_is(value: str, before: str) -> None:
    """As a TOML library writes it."""
    line = f"client_secret = {tomlkit.item(value).as_string()}"
    assert mask_config(f"{before}\n3| {line} # why") == f"{before} 3| client_secret = ********".strip()


@pytest.mark.parametrize(
    "line",
    [
        "secret='it''s p4ssw0rd",
        'secret = "p4ssw0rd',
        'secret =  """it"s p4ssw0rd',
        "secret = '''it's p4ssw0rd'''",
        r'secret = "it\" p4ssw0rd"',
        "apiv1_p4ssw0rd",
        "M.V1.eyJhp4ssw0rd",
    ],
)
def test_nothing_of_a_secret_is_left(line: str) -> None:
    masked = mask_config(f"can't read line 3: {line}")
    assert masked.startswith("can't read line 3: ")
    assert "p4ssw0rd" not in masked


def test_what_the_server_says_is_left() -> None:
    said = "rpc error: code = Unauthenticated desc = 'M.V1.' is no token"
    assert mask_config(said).startswith("rpc error: code = Unauthenticated desc = ")
    assert mask_config(f"a token {TOKEN} is revoked") == "a token M.V1.eyJh******** is revoked"


def test_nothing_steers_a_terminal() -> None:
    assert mask_config("a\x1b[2Jb\u202ec\n\td\x85e") == "a\\x1b[2Jb\\u202ec d e"
