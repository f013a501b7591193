# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a failed proof shows of the config that influxctl quotes, and what it says to check."""

from __future__ import annotations

import pytest
import tomlkit
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.influxops.influxdb3.plugins.module_utils._core.printing import MASK
from ansible_collections.influxops.influxdb3.plugins.module_utils._influxctl.proof import prove, without_values
from ansible_collections.influxops.influxdb3.plugins.module_utils._influxctl.runner import Output, Runner, quote_end
from ansible_collections.influxops.influxdb3.plugins.module_utils._influxctl.trials import NotProved, Trials
from ansible_collections.influxops.influxdb3.plugins.module_utils._profile.profile_reader import hidden_texts

HOW = Trials("/bin/true", retries=3, delay=7, timeout=60)
# Said with blanks, quotes and signs; nothing that a sentence around it would hold as well.
SECRETS = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=12, max_size=40).map(
    lambda text: f"{text}Zq"
)
KEYS = st.sampled_from(["mgmt_token", "token", "password", "auth", "x-y"])


@pytest.mark.parametrize("gutter", ["", "3| ", " 12 | ", "> 4| "])
@pytest.mark.parametrize(
    "line", ['password = "short"', "key='a b c", "# hunter2", 'x.y = """hunter2', "  # a = 'hunter2'"]
)
def test_a_line_of_a_config_loses_its_value(gutter: str, line: str) -> None:
    shown = without_values(f"error: bad\n{gutter}{line}\n    ~~~~ missing field")
    assert not {"short", "a b c", "hunter2"} & {word for word in ("short", "a b c", "hunter2") if word in shown}
    assert MASK in shown
    assert shown.startswith("error: bad\n")
    assert shown.endswith("missing field")


def test_what_is_no_config_stays() -> None:
    text = "rpc error: code = Unauthenticated desc = token is not valid (#12)"
    assert without_values(text) == text


@given(st.dictionaries(KEYS, SECRETS, min_size=1), st.lists(SECRETS, max_size=2), st.booleans())
def test_nothing_of_a_config_is_quoted(secrets: dict[str, str], listed: list[str], outside: bool) -> None:
    """However influxctl quotes it, as one text or as values of a message."""
    profile = {"name": "default", "host": "cluster.example.com", "auth": {"own": listed, **secrets}}
    document = {"default": profile} if outside else {"profile": [profile]}
    hidden = hidden_texts(document)
    every = [*secrets.values(), *listed]
    assert set(every) <= hidden
    assert outside or "cluster.example.com" not in hidden
    for said in (tomlkit.dumps(document), f"cannot use {every} here"):
        shown = quote_end(without_values(said), hidden)
        assert not [secret for secret in every if secret in shown]


@pytest.mark.parametrize(
    ("said", "runs", "words"),
    [
        ("rpc error: code = Unauthenticated desc = no", 4, "mgmt_token is a token of this cluster"),
        ("rpc error: code = Unavailable desc = dial tcp: lookup h: no such host", 4, "host and port"),
        ("x509: certificate signed by unknown authority", 1, "ca must hold the CA"),
        ("failed to parse config file /c: unknown key", 4, "each key that it doesn't know"),
        ("something", 4, "host, port, tls.ca and mgmt_token"),
        ("", 4, "host, port, tls.ca and mgmt_token"),
    ],
)
def test_what_to_check_and_how_often_it_is_tried(
    said: str, runs: int, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands: list[list[str]] = []
    pauses: list[float] = []

    def run(_runner: Runner, arguments: tuple[str, ...]) -> Output:
        commands.append(list(arguments))
        return Output(1, "", said)

    monkeypatch.setattr(Runner, "run", run)
    with pytest.raises(NotProved) as caught:
        prove(HOW, "/c", "p", (), pauses.append)
    assert words in str(caught.value)
    assert caught.value.code == "not_proved"
    assert (len(commands), pauses) == (runs, [7] * (runs - 1))
    assert commands[0] == ["database", "list"]
    assert ("after 4 trials" in str(caught.value)) == (runs == 4)
