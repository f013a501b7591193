# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""No secret survives in the text of an error, whatever stands around it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.influxops.influxdb3.plugins.module_utils._core import errors
from ansible_collections.influxops.influxdb3.plugins.module_utils._core.errors import (
    LONGEST,
    ApiError,
    Influxdb3Error,
    mask,
    quoted,
    register_secrets,
    remember,
)
from ansible_collections.influxops.influxdb3.plugins.module_utils._core.printing import MASK

BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=_-"
KINDS = [
    errors.Influxdb3Error,
    errors.OptionError,
    errors.Refused,
    errors.SecretFileError,
    errors.ProfileError,
    errors.InfluxctlError,
]
API_KINDS = [errors.ApiError, errors.NotFound, errors.AlreadyExists, errors.Ambiguous]
bodies = st.text(BASE64, min_size=24, max_size=90)
db_tokens = st.builds("apiv{}_{}".format, st.integers(1, 12), bodies)
mgmt_tokens = st.builds("M.V{}.{}".format, st.integers(1, 9), bodies | bodies.map(lambda body: f"{body[:2]}.{body}"))
tokens = db_tokens | mgmt_tokens
# What is printed around a token: JSON, TOML, headers, tables. Nothing that could be a part of the token itself.
around = st.sampled_from(["", " ", '"', "'", '{"token": "', "Bearer ", "| ", "\n", "token=", ", ", "(", "\\n", "é"])
secrets = st.text("abcdefghijklmnopqrstuvwxyz0123456789-_.", min_size=4, max_size=12)


def rest(token: str) -> str:
    """What of a token must not be shown: a management token's first nine characters may (facts.md#token-shapes)."""
    return token[9:] if token.startswith("M.") else token


@given(st.lists(st.tuples(around, tokens, around.filter(lambda text: text[:1] not in BASE64 or not text)), min_size=1))
def test_no_token_survives_in_a_text(pieces: list[tuple[str, str, str]]) -> None:
    masked = mask(" ".join(before + token + after for before, token, after in pieces))
    for _before, token, _after in pieces:
        assert rest(token) not in masked
    assert masked.count(MASK) == len(pieces)


@given(tokens, st.sampled_from(KINDS))
def test_no_token_survives_in_an_error(token: str, kind: type[Influxdb3Error]) -> None:
    error = kind(f"Can't do it: the server said {token!r}.")
    shown = f"{error} {error!r} {error.args} {error.failure()}"
    assert rest(token) not in shown
    assert MASK in str(error)


@given(tokens, tokens, st.sampled_from(API_KINDS))
def test_no_token_survives_in_an_api_error(token: str, other: str, kind: type[ApiError]) -> None:
    error = kind(f"Can't do it: {token}", method="GET", path="/p", server_message=f"got {other}")
    shown = f"{error} {error!r} {error.args} {error.failure()} {error.server_message}"
    assert rest(token) not in shown
    assert rest(other) not in shown


@given(st.lists(secrets, min_size=1, max_size=4), st.lists(st.text("ab \n=:", max_size=5), min_size=5, max_size=5))
def test_no_given_secret_survives(given_secrets: list[str], noise: list[str]) -> None:
    text = "".join(a + b for a, b in zip(noise, [*given_secrets, *given_secrets[:1]], strict=False))
    masked = mask(text, given_secrets)
    assert not any(secret in masked for secret in given_secrets)


def test_longer_secret_is_masked_first() -> None:
    assert mask("abcdef", ["abc", "abcdef"]) == MASK


def test_empty_secret_masks_nothing() -> None:
    assert mask("text", [""]) == "text"


@given(st.text())
def test_masking_twice_is_masking_once(text: str) -> None:
    assert mask(mask(text)) == mask(text)


def test_public_prefix_of_a_management_token_stays() -> None:
    assert mask("prefix M.V1.a+b/ of M.V1.a+b/cdef.") == f"prefix M.V1.a+b/ of M.V1.a+b/{MASK}"


@pytest.fixture
def known() -> Iterator[set[str]]:
    """What this process knows, and nothing of it in the next test."""
    secrets: set[str] = set()
    register_secrets(secrets)
    yield secrets
    register_secrets(())


@pytest.mark.parametrize("kind", KINDS)
def test_whatever_is_known_is_masked_in_every_error_in_any_notation(
    known: set[str], kind: type[Influxdb3Error]
) -> None:
    known.add("a-password+of/ours")
    remember("another-of/the-server's")
    error = kind("It said a-password%2Bof%2Fours.")
    error.also("Then it said another-of\\/the-server&#39;s.", "worse")
    assert str(error) == f"It said {MASK}. Then it said {MASK}."
    assert error.code == "worse"


@pytest.mark.parametrize("kind", API_KINDS)
def test_what_a_server_said_is_masked_and_escaped(known: set[str], kind: type[ApiError]) -> None:
    known.add("a-password+of/ours")
    said = "a-password%2Bof%2Fours\x1b[2J\u202e\nfatal: [host]"
    error = kind(f"It said {said}", method="GET", path="/p", server_message=said)
    safe = f"{MASK}\\x1b[2J\\u202e\\nfatal: [host]"
    assert str(error) == f"It said {safe}"
    assert error.failure()["message"] == error.server_message == safe


def test_a_next_run_does_not_know_what_the_last_one_knew(known: set[str]) -> None:
    remember("a-password+of/ours")
    register_secrets(())
    assert str(Influxdb3Error("a-password+of/ours")) == "a-password+of/ours"


@given(st.text(min_size=1), st.sampled_from(KINDS))
def test_no_error_steers_a_terminal(text: str, kind: type[Influxdb3Error]) -> None:
    error = kind("x")
    error.also(text)
    assert all(one.isprintable() for one in (str(kind(text)), str(error), str(kind(text).failure()["message"])))


def test_a_message_without_end_is_cut_and_nothing_is_left_of_a_secret_at_the_cut(known: set[str]) -> None:
    known.add("0123456789" * 4)
    told = quoted("x" * (LONGEST - 25) + "0123456789" * 4 + "y" * 1_000_000)
    assert told == "x" * (LONGEST - 25) + MASK + "... and 1000015 more characters"


def test_failure_has_all_five_keys() -> None:
    assert Influxdb3Error("Sentence.").failure() == {
        "status": None,
        "code": "error",
        "message": "Sentence.",
        "method": None,
        "path": None,
    }
    assert ApiError("S.", method="GET", path="/p", status=404, server_message="m").failure() == {
        "status": 404,
        "code": "http_error",
        "message": "m",
        "method": "GET",
        "path": "/p",
    }


@pytest.mark.parametrize("message", [None, ""])
def test_failure_without_a_servers_message_has_the_sentence(message: str | None) -> None:
    assert ApiError("S.", method="GET", path="/p", server_message=message).failure()["message"] == "S."


def test_failure_is_of_a_first_attempt_unless_said_otherwise() -> None:
    assert not ApiError("S.", method="GET", path="/p").repeated


def test_code_of_one_error_leaves_its_kind_alone() -> None:
    assert Influxdb3Error("x", code="special").code == "special"
    assert Influxdb3Error("x").code == "error"
