# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rule for secrets and for host names."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.influxops.influxdb3.plugins.module_utils._core.credentials import (
    check_secret,
    foreign_secret_problem,
    secret_problem,
)
from ansible_collections.influxops.influxdb3.plugins.module_utils._core.errors import OptionError
from ansible_collections.influxops.influxdb3.plugins.module_utils._core.host_names import check_host_name, host_problem

TOKEN = "M.V1.a1b2c3d4e5f6=="
ALPHABET = string.ascii_letters + string.digits + "+/=_.-"

# What is around or instead of a good token, and what the message says of it.
BAD = {
    "": "empty",
    " ": "empty",
    "\n": "empty",
    f"{TOKEN}\n": "ends with a line break",
    f"{TOKEN}\r\n": "ends with a line break",
    f" {TOKEN}": "blank",
    f"{TOKEN} ": "blank",
    f"{TOKEN[:9]} {TOKEN[9:]}": "blank",
    f"{TOKEN[:9]}\n{TOKEN[9:]}": "line break",
    f"{TOKEN}\u00a0": "outside ASCII",
    f"{TOKEN}\u200b": "outside ASCII",
    f"{TOKEN}\x00": "blank",
    f'"{TOKEN}"': "quotes",
    f"'{TOKEN}'": "quotes",
    f'{TOKEN}"': "quotes",
    f"Bearer {TOKEN}": "the token alone",
    f"bearer {TOKEN}": "the token alone",
    f"Token {TOKEN}": "the token alone",
    f" Bearer\t{TOKEN}": "the token alone",
    "********": "mask",
    "M.V1.a1b2********": "mask",
    "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER": "mask",
    "{{ lookup('env', 'TOKEN') }}": "template",
    "{{token}}": "template",
}


@pytest.mark.parametrize(("text", "said"), BAD.items())
def test_a_secret_that_cant_work_is_refused(text: str, said: str) -> None:
    with pytest.raises(OptionError, match=said) as caught:
        check_secret("mgmt_token", text)
    assert str(caught.value).startswith("mgmt_token: ")
    assert "a1b2c3" not in str(caught.value)


@given(st.text(ALPHABET, min_size=1))
def test_every_string_of_a_tokens_characters_is_taken(text: str) -> None:
    assert secret_problem(text) is None
    assert foreign_secret_problem(text) is None


@given(st.text(ALPHABET, min_size=12), st.text(st.characters(), max_size=3), st.text(st.characters(), max_size=3))
def test_what_is_taken_can_stand_in_a_header_and_what_isnt_is_not_shown(text: str, before: str, after: str) -> None:
    problem = secret_problem(before + text + after)
    if problem is None:
        assert not set(before + after) & set(" \r\n\t\"'\x00\x7f")
        assert (before + after).isascii()
    else:
        assert text not in problem


@pytest.mark.parametrize(("text", "said"), [("", "empty"), ("x\n", "trim"), (" x", "trim"), ("********", "mask")])
def test_a_foreign_secret_may_be_anything_but_an_accident(text: str, said: str) -> None:
    assert said in str(foreign_secret_problem(text))
    assert foreign_secret_problem("a \"b\" 'c' ü") is None


def test_nothing_given_is_no_problem() -> None:
    check_secret("token", None)
    check_host_name("host", None)


@pytest.mark.parametrize(
    "host",
    ["db.example.com", "DB.example.com", "localhost", "10.0.0.1", "::1", "fe80::1", "[::1]", "a_b", "bücher.example"],
)
def test_a_bare_name_or_address_is_taken(host: str) -> None:
    assert host_problem(host) is None


# What is given for a host, and the keys that it means, or another word of the message.
HOSTS = {
    "https://db.example.com": "host: db.example.com, port: 443, tls.disable: false",
    "https://db.example.com:8443/": "host: db.example.com, port: 8443, tls.disable: false",
    "http://db.example.com": "host: db.example.com, port: 80, tls.disable: true",
    "http://db.example.com:8086/api/v0": "host: db.example.com, port: 8086, tls.disable: true (and no path)",
    "db.example.com:8086": "host: db.example.com, port: 8086",
    "db.example.com/x": "host: db.example.com (and no path)",
    "db.example.com:8086/": "host: db.example.com, port: 8086",
    "[::1]:8086": "host: ::1, port: 8086",
    "https://[::1]": "host: ::1, port: 443",
    "grpc://db.example.com": "host: db.example.com",
    "": "empty",
    " ": "empty",
    "db.example.com\n": "blank or a line break",
    "db example": "blank or a line break",
    "https://": "no host name",
    "https://[::1": "no host name",
    ":8086": "no host name",
    "1:2:3": "no host name",
    "[x]": "no host name",
    "a..b": "no host name",
}


@pytest.mark.parametrize(("host", "said"), HOSTS.items())
def test_a_host_with_more_than_a_name_is_refused_with_the_keys_that_it_means(host: str, said: str) -> None:
    with pytest.raises(OptionError) as caught:
        check_host_name("host", host)
    assert said in str(caught.value)


def test_a_password_in_a_host_is_not_shown() -> None:
    with pytest.raises(OptionError, match="user or password") as caught:
        check_host_name("host", "https://u:canary@db.example.com")
    assert "canary" not in str(caught.value)


@given(st.text())
def test_any_text_is_taken_or_refused_in_one_line(host: str) -> None:
    problem = host_problem(host)
    assert problem is None or "\n" not in problem
