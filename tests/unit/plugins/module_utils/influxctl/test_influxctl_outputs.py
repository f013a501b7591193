# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whatever influxctl prints is either understood or an error with a code: never a traceback, never without end."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.influxops.influxdb3.plugins.module_utils._core.entities import MGMT_TOKEN
from ansible_collections.influxops.influxdb3.plugins.module_utils._core.errors import InfluxctlError
from ansible_collections.influxops.influxdb3.plugins.module_utils._core.masking import without_colours
from ansible_collections.influxops.influxdb3.plugins.module_utils._influxctl import process, runner
from ansible_collections.influxops.influxdb3.plugins.module_utils._influxctl.client import Client
from ansible_collections.influxops.influxdb3.plugins.module_utils._influxctl.influxctl import (
    Influxctl,
    _lists,
    find_secret,
    parse_list,
)
from ansible_collections.influxops.influxdb3.plugins.module_utils._influxctl.process import MOST, Process, TooMuchOutput
from ansible_collections.influxops.influxdb3.plugins.module_utils._influxctl.runner import Output
from ansible_collections.influxops.influxdb3.plugins.module_utils._influxctl.version import parse_version
from harness.mgmt_tokens import create_one

SECRET = "M.V1.a+b/" + "C" * 40
ENTRY = {"id": "i", "token_prefix": SECRET[:9], "created_at": {"seconds": 1719491696}, "description": "d"}
# As many as the figures of docs/development/attacks.md speak of; the default run takes a sample.
MANY = 2_500

odd = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([0, -1, 2**31, 2**63, 10**20, -(10**20), 10**400]),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(["\ud800", "\x1b[2J", "--force"]),
    st.sampled_from(["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "1970-01-01T00:00:00Z"]),
    st.lists(st.integers(), max_size=2),
)  # fmt: skip
times = st.one_of(
    odd,
    st.builds(lambda s, n: {"seconds": s, "nanos": n}, odd, odd),
    st.builds(lambda s: {"seconds": s}, odd),
    st.datetimes().map(lambda moment: f"{moment.isoformat()}Z"),
)
entries = st.fixed_dictionaries(
    {"id": st.just("i") | odd, "created_at": st.just({"seconds": 1}) | times},
    optional={"description": odd, "token_prefix": odd, "created_by": odd, "expires_at": times, "revoked_at": times},
)
values = st.recursive(
    odd | entries,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)
written = st.builds(
    lambda value, indent: json.dumps(value, indent=indent),
    st.lists(st.just(ENTRY) | entries, max_size=4) | values,
    st.sampled_from([None, 2]),
)


@st.composite
def outputs(draw: st.DrawFn) -> str:
    """What a program might print: a list, nearly a list, noise, JSON that is cut, and any text."""
    text = draw(written | st.text(max_size=80) | st.sampled_from(["", "null", "[]", SECRET, "influxctl 2.12.0"]))
    before = draw(
        st.sampled_from(["", "Gtk-Message: x\n", "[2026] x\n", "\ufeff", "\x1b[1m", "warn\tx\n", "[" * 5000 + "\n"])
    )
    if draw(st.booleans()):
        text = text[: draw(st.integers(0, len(text)))]
    return before + text + draw(st.sampled_from(["", "\n", "\nbye\n", "\x1b[0m\n", "\0"]))


class Said(Process):
    """A program that says what a test wants it to, without being run."""

    says: Callable[[list[Any]], tuple[int, bytes, bytes]]

    def __init__(self, args: list[bytes], **_more: Any) -> None:
        self.arguments, self.args = args, args
        self.stdin, self.stdout, self.stderr, self.pid, self.returncode = None, None, None, 0, None

    def communicate(self, input: bytes | None = None, timeout: float | None = None) -> tuple[bytes, bytes]:
        self.returncode, stdout, stderr = type(self).says(self.arguments)
        return stdout, stderr

    def __del__(self) -> None:
        """There is nothing to wait for."""


def driver(listed: str, created: str = "", code: int = 0, version: str = "influxctl 2.12.0") -> Influxctl:
    """A driver of a program that prints these."""

    def says(arguments: list[Any]) -> tuple[int, bytes, bytes]:
        if b"version" in arguments:
            return 0, version.encode("utf-8", "surrogatepass"), b""
        text = listed if b"list" in arguments else created
        failed = code if b"list" not in arguments else 0
        return failed, text.encode("utf-8", "surrogatepass"), created.encode("utf-8", "surrogatepass")

    Said.says = staticmethod(says)
    return Influxctl(Client("/bin/sh", "/c", "p", timeout=60, retries=0, secrets={SECRET}, sleep=lambda _seconds: None))


@pytest.fixture(autouse=True)
def _said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "Process", Said)


def outcome(work: Callable[..., Any], *arguments: Any) -> Any:
    """What the driver returns or raises; any other exception is a traceback for the user."""
    try:
        return work(*arguments)
    except InfluxctlError as error:
        return error


def told(error: InfluxctlError) -> None:
    """The error has a code, steers no terminal, and repeats no secret that was printed."""
    assert error.code
    assert str(error).isprintable()
    assert "CCCCCCCCCCCC" not in str(error)


def lists(listed: str) -> None:
    """A list is one of tokens as the rest of the code takes them, or an error with a code."""
    tokens = outcome(driver(listed).list_tokens)
    if isinstance(tokens, InfluxctlError):
        assert tokens.code == "bad_answer"
        told(tokens)
        return
    for token in tokens:
        shown = MGMT_TOKEN.to_result(token)
        assert isinstance(token["id"], str)
        assert token["id"]
        json.dumps(shown, ensure_ascii=False).encode()
        assert all(isinstance(token.get(name), (datetime, type(None))) for name in ("expires_at", "revoked_at"))


def creates(listed: str, created: str, code: int) -> None:
    """A creation is proved or an error with a code, which doesn't repeat a secret that was printed."""
    (made,) = driver(listed, created, code).create_tokens([("d", datetime(2030, 1, 1, tzinfo=UTC))], [], 1)
    if isinstance(made, InfluxctlError):
        told(made)
    else:
        assert made["token"].startswith(made["token_prefix"])
        assert made["token"] in without_colours(created)


def revokes(said: str, code: int, version: str) -> None:
    failed = outcome(driver("[]", said, code, version).revoke_tokens, ["i"])
    assert (failed is None) == (code == 0)
    if failed:
        told(failed)


def versions(said: str, ending: str) -> None:
    found = parse_version(said + ending)
    assert found is None or len(found) == 3
    revokes("x", 1, said + ending)


numbers = st.sampled_from(["", "2.12.0", "v2.6.1", "9" * 5000 + ".1.1", "1.2", "\u0663.\u0662.\u0661", "-1.-2.-3"])
codes = st.sampled_from([0, 0, 1, 3, -9, -11])
# Each function takes what is drawn; a sample of each is in the default run.
FUZZED: dict[str, tuple[Any, ...]] = {
    "list": (lists, outputs()),
    "create": (creates, st.just(json.dumps([ENTRY])) | outputs(), st.just(SECRET) | outputs(), codes),
    "revoke": (revokes, outputs(), codes, numbers),
    "version": (versions, outputs(), numbers),
}


@pytest.mark.parametrize("output", FUZZED)
def test_no_output_of_influxctl_is_a_traceback(output: str) -> None:
    _fuzz(output, 100)


@pytest.mark.complete
@pytest.mark.parametrize("output", FUZZED)
def test_no_output_of_influxctl_is_a_traceback_in_thousands(output: str) -> None:
    _fuzz(output, MANY)


def _fuzz(output: str, examples: int) -> None:
    check, *drawn = FUZZED[output]
    ran = 0

    def one(arguments: tuple[Any, ...]) -> None:
        nonlocal ran
        ran += 1
        check(*arguments)

    settings(max_examples=examples, deadline=None)(given(st.tuples(*drawn))(one))()
    print(f"{output}: {ran} outputs, no traceback")
    assert ran >= examples * 9 // 10


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000 + "]" * 100_000,
        '[{"id": ' + "[" * 100_000,
        '{"a":' * 100_000,
        "[NaN]",
        '[{"id": "i", "created_at": {"seconds": NaN}}]',
        '[{"id": "i", "created_at": {"seconds": 1e999}}]',
        '[{"id": "i", "created_at": {"seconds": ' + "9" * 400 + "}}]",
        '[{"id": "i", "created_at": {"seconds": ' + "9" * 5000 + "}}]",
        '[{"id": "i", "created_at": "never"}]',
        '[{"id": "i", "created_at": "0001-01-01T00:00:00Z"}]',
        '[{"id": 5, "created_at": {"seconds": 1}}]',
        '[{"id": ["i"], "created_at": {"seconds": 1}}]',
        '[{"id": "\\ud800", "created_at": {"seconds": 1}}]',
        '[{"id": "i", "description": 5, "created_at": {"seconds": 1}}]',
        '[{"id": "i", "token_prefix": {}, "created_at": {"seconds": 1}}]',
        '[{"id": "", "created_at": {"seconds": 1}}]',
        "[null]",
        "[[]]",
        "[{}," * 50_000,
        "[\n" * 50_000,
        "[" + "{}," * 1_100_000 + "{}]",
    ],
    ids=lambda text: f"{text[:60]} ({len(text)})",
)
def test_what_no_token_can_be_is_refused_with_a_code(text: str) -> None:
    with pytest.raises(InfluxctlError, match="printed no list of tokens") as caught:
        parse_list(text)
    assert caught.value.code == "bad_answer"
    (made,) = driver(text, SECRET).create_tokens([("d", None)], [], 1)
    assert isinstance(made, InfluxctlError)
    assert made.code == "unproved"


def test_only_so_much_is_read_as_a_list() -> None:
    assert list(_lists("[" + "{}," * 1_100_000 + "{}]")) == []
    assert len(list(_lists("[]\n" * 500))) == 100


@pytest.mark.parametrize(
    "style", ["\x1b[1;32m", "\x1b[38;2;1;2;3m", "\x1b]8;;https://a.example/\x07", "\x1b]8;;x\x1b\\"]
)
def test_an_output_in_colours_is_understood(style: str) -> None:
    listed = json.dumps([ENTRY], indent=2)
    coloured = "".join(f"{style}{word}\x1b[0m" for word in listed.split(" "))
    program = driver(coloured, f"warn\tx\n{style}{SECRET}\x1b[0m\n")
    assert [token["id"] for token in program.list_tokens()] == ["i"]
    assert create_one(program, "d", None, [])["token"] == SECRET


def test_a_byte_order_mark_is_no_noise() -> None:
    assert driver("\ufeff" + json.dumps([ENTRY])).list_tokens()[0]["id"] == "i"


@pytest.mark.parametrize("prefix", ["", " ", "a b", "|", "[", "M.V1.", "(?:", "\\"])
def test_a_prefix_of_somebody_elses_is_no_pattern(prefix: str) -> None:
    assert find_secret(Output(0, "some words | and (none) of [them] a secret", ""), f"{prefix}x") is None


Program = Callable[[str], Process]


@pytest.fixture
def program() -> Program:
    """A program of a few lines of shell, in a process group of its own."""
    return lambda body: Process(
        [b"/bin/sh", b"-c", body.encode()], stdout=-1, stderr=-1, stdin=-3, start_new_session=True
    )


@pytest.mark.parametrize("stream", ["", ">&2"])
def test_a_program_that_prints_without_end_is_ended_in_bounds(
    monkeypatch: pytest.MonkeyPatch, stream: str, tmp_path: Path
) -> None:
    monkeypatch.setattr(runner, "Process", Process)
    path = tmp_path / "influxctl"
    path.write_text(f"#!/bin/sh\necho {SECRET}\nexec yes {'x' * 100} {stream}\n")
    path.chmod(0o755)
    kept: list[int] = []

    def said(text: str, _secrets: set[str]) -> str:
        kept.append(len(text))
        return ""

    monkeypatch.setattr(runner, "quote_end", said)
    secrets: set[str] = set()
    program = Influxctl(
        Client(str(path), "/c", None, timeout=600, retries=3, secrets=secrets, sleep=lambda _seconds: None)
    )
    with pytest.raises(InfluxctlError, match="printed more than 20 MB and was ended") as caught:
        program.list_tokens()
    assert caught.value.code == "bad_answer"
    assert max(kept) <= 1_000_000


def test_no_more_than_the_limit_is_read(program: Program) -> None:
    endless = program("exec yes")
    with pytest.raises(TooMuchOutput) as caught:
        endless.communicate(timeout=600)
    assert sum(map(len, endless._printed or ())) <= MOST + 65_536
    assert len(caught.value.stdout) == 1_000_000
    endless.kill()
    endless.wait()
    endless.let_go()


@pytest.mark.parametrize("body", ["exec yes", "while :; do echo; done"])
def test_the_time_goes_on_while_a_program_prints(program: Program, monkeypatch: pytest.MonkeyPatch, body: str) -> None:
    clock = iter(range(10_000))
    # Not of the module `time` itself: a simulator in another thread would sleep by this clock, for hours.
    monkeypatch.setattr(process, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    slow = program(body)
    with pytest.raises(subprocess.TimeoutExpired):
        slow.communicate(timeout=20)
    assert next(clock) < 30
    slow.kill()
    slow.wait()
    slow.let_go()


def test_the_time_goes_on_when_a_program_has_closed_its_streams(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    silent = program("echo said; exec >&- 2>&-; exec sleep 600")

    def late(timeout: float | None = None) -> int:
        raise subprocess.TimeoutExpired("sh", timeout or 0)

    with monkeypatch.context() as patched:
        patched.setattr(silent, "wait", late)
        with pytest.raises(subprocess.TimeoutExpired) as caught:
            silent.communicate(timeout=600)
    assert caught.value.stdout == b"said\n"
    silent.kill()
    silent.wait()
