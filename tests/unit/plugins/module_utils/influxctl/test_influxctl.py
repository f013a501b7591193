# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What influxctl prints, which token that proves, and how a run of it ends."""

from __future__ import annotations

import errno
import json
import os
import select
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.influxops.influxdb3.plugins.module_utils._core.errors import InfluxctlError
from ansible_collections.influxops.influxdb3.plugins.module_utils._influxctl import runner
from ansible_collections.influxops.influxdb3.plugins.module_utils._influxctl.client import Client
from ansible_collections.influxops.influxdb3.plugins.module_utils._influxctl.influxctl import (
    Influxctl,
    find_secret,
    parse_list,
    prove_created,
)
from ansible_collections.influxops.influxdb3.plugins.module_utils._influxctl.process import Process
from ansible_collections.influxops.influxdb3.plugins.module_utils._influxctl.runner import (
    Output,
    clean_environment,
    quote_end,
)
from ansible_collections.influxops.influxdb3.plugins.module_utils._influxctl.version import parse_version
from harness.mgmt_tokens import create_one

BODY = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
SECRET = "M.V1.a+b/" + "C" * 40
PREFIX = "M.V1.a+b/"
ENTRY = {"id": "i", "token_prefix": PREFIX, "created_at": {"seconds": 1719491696}, "description": "d"}
STATE = {
    "id": "i",
    "token_prefix": PREFIX,
    "created_at": datetime(2024, 6, 27, 12, 34, 56, tzinfo=UTC),
    "description": "d",
}
WARNINGS = "warn\tcopy the token\nwarn\tthe only time that you will see it\n"
TABLE = "+---+---+\n|          id | i |\n| description | d |\n|  expires at | |\n+---+---+\n"
NOISE = [
    "",
    "Gtk-Message: Failed to load module\n",
    "[2026-01-01] starting\n",
    "[2026] starting\n",
    "null pointer somewhere\n",
    "{}\n",
    "[broken\n",
    '["a"] list\n',
]


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("influxctl 2.12.0\n", (2, 12, 0)),
        ("2.6.0", (2, 6, 0)),
        ("influxctl version v2.12.0 (git: abc, go1.21.5)", (2, 12, 0)),
        ("Gtk 1.2\ninfluxctl 2.9.10", (2, 9, 10)),
        ("no number", None),
        ("", None),
    ],
)
def test_version(text: str, version: tuple[int, int, int] | None) -> None:
    assert parse_version(text) == version


@given(st.lists(st.sampled_from(NOISE), max_size=3), st.sampled_from([None, 2]), st.sampled_from(["", "\n", "\nbye\n"]))
def test_list_is_found_after_noise(noise: list[str], indent: int | None, end: str) -> None:
    text = "".join(noise) + json.dumps([ENTRY], indent=indent) + end
    assert parse_list(text) == [STATE]


@pytest.mark.parametrize("text", ["null", "[]", "null\n", " []\n", "Gtk\nnull\n"])
def test_empty_lists(text: str) -> None:
    assert parse_list(text) == []


LIST_TABLE = """
+----+-------------+-----------+----------------------+----------------------+------------+
| ID | DESCRIPTION | PREFIX    | CREATED AT           | EXPIRES AT           | REVOKED AT |
+----+-------------+-----------+----------------------+----------------------+------------+
| i  | [] | null   | M.V1.a+b/ | 2024-06-27T12:34:56Z | 1970-01-01T00:00:00Z |            |
+----+-------------+-----------+----------------------+----------------------+------------+
"""


@pytest.mark.parametrize(
    "text",
    [
        *("", "error", "{}", "[", "null pointer\n", '[{"id": "i"}]', '[{"created_at": {"seconds": 1}}]', "[" * 100_000),
        LIST_TABLE,
    ],
)
def test_what_is_no_list_is_refused(text: str) -> None:
    with pytest.raises(InfluxctlError, match="printed no list of tokens"):
        parse_list(text)


def shapes(secret: str) -> list[str]:
    """The outputs of the versions, and every JSON that one might think of (facts.md#output-of-create)."""
    prefix = secret[:9]
    return [
        secret,
        f"{WARNINGS}{secret}\n",
        f"{TABLE}{WARNINGS}{secret}\n",
        f"{TABLE.replace('| d |', f'| {prefix} |')}{WARNINGS}{secret}\n",
        json.dumps({**ENTRY, "token": secret}),
        json.dumps({**ENTRY, "access_token": secret}, indent=2),
        json.dumps({"token": {**ENTRY, "token_prefix": prefix}, "secret": secret}),
        json.dumps([{"token": secret, "again": secret}]),
        json.dumps(secret),
    ]


@given(st.text(BODY, min_size=12, max_size=90), st.integers(0, 8), st.booleans())
def test_secret_is_found_in_every_shape(body: str, shape: int, on_stderr: bool) -> None:
    secret = f"M.V1.{body}"
    text = shapes(secret)[shape]
    assert find_secret(Output(0, *(("", text) if on_stderr else (text, "noise"))), secret[:9]) == secret


@pytest.mark.parametrize("text", ["", PREFIX, f"| {PREFIX} |", f"x{SECRET}", f"{SECRET} {SECRET}D"])
def test_no_single_secret_is_none(text: str) -> None:
    assert find_secret(Output(0, text, ""), PREFIX) is None


@st.composite
def created(draw: st.DrawFn) -> tuple[list[dict[str, Any]], list[dict[str, Any]], dict[str, Any], str]:
    """Lists before and after, the new entry and its secret; others may appear meanwhile."""
    prefixes = draw(st.lists(st.text(BODY, min_size=4, max_size=4), unique=True, min_size=2, max_size=6))
    entries = [
        {"id": f"i{n}", "token_prefix": f"M.V1.{p}", "description": draw(st.sampled_from("de"))}
        for n, p in enumerate(prefixes)
    ]
    new, *others = entries
    new["description"] = "d"
    before = others[: draw(st.integers(0, len(others)))]
    after = draw(st.permutations(entries))
    return before, after, new, new["token_prefix"] + draw(st.text(BODY, min_size=8, max_size=30))


@given(created(), st.integers(0, 8))
def test_created_token_is_proved(
    case: tuple[list[dict[str, Any]], list[dict[str, Any]], dict[str, Any], str], shape: int
) -> None:
    before, after, new, secret = case
    output = Output(0, shapes(secret)[shape], "")
    assert prove_created(before, after, "d", output) == {**new, "token": secret}
    assert prove_created([*before, new], after, "d", output) is None
    assert prove_created(before, after, "other", output) is None
    assert prove_created(before, [token for token in after if token is not new], "d", output) is None
    assert prove_created(before, after, "d", Output(0, "created", "")) is None


def test_two_candidates_prove_nothing() -> None:
    after: list[dict[str, Any]] = [{**STATE, "id": "a"}, {**STATE, "id": "b"}, {"id": "c", "description": "d"}]
    assert prove_created([], after, "d", Output(0, SECRET, "")) is None


@given(st.dictionaries(st.sampled_from(["PATH", "HOME", "INFLUXCTL_PROFILE", "INFLUXDB3_HOST", "INFLUX"]), st.text()))
def test_environment_is_kept_but_for_what_redirects(environ: dict[str, str]) -> None:
    cleaned = clean_environment(environ)
    assert cleaned.items() <= environ.items()
    assert set(environ) - set(cleaned) == set(environ) & {"INFLUXCTL_PROFILE", "INFLUXDB3_HOST"}


Script = Callable[..., Influxctl]


def no_time(_seconds: float) -> None:
    """Let a pause be over at once."""


@pytest.fixture
def script(tmp_path: Path) -> Script:
    """A program of a few lines of shell in influxctl's place; `log` in its directory takes its arguments."""

    def make(body: str, timeout: float = 60, **more: Any) -> Influxctl:
        path = tmp_path / "influxctl"
        path.write_text(f'#!/bin/sh\nprintf "%s|" "$@" >> {tmp_path}/log\necho >> {tmp_path}/log\n{body}\n')
        path.chmod(0o755)
        arguments = {"config_path": "/c", "profile": "p", "retries": 0, "secrets": set(), "sleep": no_time, **more}
        return Influxctl(Client(str(path), timeout=timeout, **arguments))

    return make


def test_arguments_and_environment(script: Script, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INFLUXCTL_PROFILE", "elsewhere")
    program = script(f'env > {tmp_path}/env; echo "[]"')
    assert program.list_tokens() == []
    program.revoke_tokens(["a", "b"])
    assert (tmp_path / "log").read_text() == (
        "--config|/c|--profile|p|management|list|--format|json|\n"
        "--config|/c|--profile|p|management|revoke|--force|a|b|\n"
    )
    assert "INFLUXCTL_PROFILE" not in (tmp_path / "env").read_text()


def lister(after: list[dict[str, Any]], create: str) -> str:
    return f"case $6 in list) echo '{json.dumps(after)}';; create) {create};; *) echo influxctl 2.12.0;; esac"


@pytest.mark.parametrize(
    ("says", "again"),
    [
        ("rpc error: code = Unavailable desc = connection error", True),
        ("rpc error: code = DeadlineExceeded desc = context deadline exceeded", True),
        ("unexpected HTTP status code received from server: 503 (Service Unavailable)", True),
        ("error reading from server: EOF", True),
        ("rpc error: code = Unavailable desc = authentication handshake failed: x509: unknown authority", False),
        ("rpc error: code = Unauthenticated desc = invalid token", False),
        ("internal error", False),
    ],
)
def test_a_list_is_asked_for_again_where_that_may_help(script: Script, tmp_path: Path, says: str, again: bool) -> None:
    pauses: list[float] = []
    program = script(f"test $5 = version || echo '{says}' >&2; exit 1", retries=3, sleep=pauses.append)
    with pytest.raises(InfluxctlError, match=r"It said: '"):
        program.list_tokens()
    assert (tmp_path / "log").read_text().count("list|") == (4 if again else 1)
    assert [0.1 * 2**n <= pause <= 0.2 * 2**n for n, pause in enumerate(pauses)] == [True] * (3 if again else 0)


def test_a_list_that_comes_at_last_is_taken(script: Script, tmp_path: Path) -> None:
    once = f"test -e {tmp_path}/failed && echo '[]' && exit; touch {tmp_path}/failed; echo EOF >&2; exit 1"
    assert script(once, retries=1).list_tokens() == []


def test_as_many_are_made_at_once_as_isquote_end(script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    together, lock = threading.Barrier(3, timeout=60), threading.Lock()
    running, most = 0, 0

    class Meeting(Process):
        """A creation ends when two others run as well."""

        def communicate(self, input: bytes | None = None, timeout: float | None = None) -> tuple[bytes, bytes]:
            nonlocal running, most
            creates = b"create" in self.args  # type: ignore[operator]
            with lock:
                running += creates
                most = max(most, running)
            if creates:
                together.wait()
            ended = super().communicate(input, timeout)
            with lock:
                running -= creates
            return ended

    monkeypatch.setattr(runner, "Process", Meeting)
    made = script(lister([], "exit 0")).create_tokens([(f"d{n}", None) for n in range(9)], [], 3)
    assert (len(made), most) == (9, 3)


def test_created_token_is_returned_and_its_secret_told_first(script: Script, tmp_path: Path) -> None:
    secrets: set[str] = set()
    program = script(lister([ENTRY], f"echo {SECRET}"), secrets=secrets)
    ends = datetime(2027, 1, 1, 0, 0, 0, 5, tzinfo=UTC)
    assert create_one(program, "d", ends, []) == {**STATE, "token": SECRET}
    assert secrets == {SECRET}
    log = (tmp_path / "log").read_text()
    start = "--config|/c|--profile|p|management|create|"
    assert log.startswith(f"{start}--description=d|--expires-at=2027-01-01T00:00:00Z|\n")
    assert "revoke" not in log
    create_one(program, "d", None, [])
    assert "management|create|--description=d|\n" in (tmp_path / "log").read_text()


@pytest.mark.parametrize(
    ("create", "problem"),
    [
        ("echo created", "no new token in its list begins what it printed.*appeared meanwhile: i"),
        ("echo no >&2; exit 3", "failed with exit code 3.*It said: 'no'.*appeared meanwhile: i"),
    ],
)
def test_unproved_token_is_named_and_not_revoked(script: Script, tmp_path: Path, create: str, problem: str) -> None:
    program = script(lister([ENTRY], create))
    with pytest.raises(InfluxctlError, match=problem):
        create_one(program, "d", None, [])
    assert "revoke" not in (tmp_path / "log").read_text()


def test_failed_create_of_nothing_names_nothing(script: Script) -> None:
    with pytest.raises(InfluxctlError) as caught:
        create_one(script(lister([], "exit 1")), "d", None, [])
    assert "appeared" not in str(caught.value)
    with pytest.raises(InfluxctlError) as caught:
        create_one(script("exit 1"), "d", None, [])
    assert "appeared" not in str(caught.value)


@pytest.mark.parametrize(
    ("version", "stderr", "remedy"),
    [
        ("influxctl 2.5.1", "unknown command", "It is version 2.5.1; management tokens need influxctl 2.6.0"),
        ("influxctl 2.6.0", "flag provided but not defined: -expires-at", "It is version 2.6.0; an expiry needs"),
        ("influxctl 2.7.0", "missing in the target struct: profile.tls.insecure", "insecure.*needs influxctl 2.8.0"),
        ("influxctl version v2.12.0", "refused", "Check the profile"),
        ("none", "flag: expires-at", "It is version unknown; an expiry needs"),
    ],
)
def test_failure_names_the_remedy(script: Script, version: str, stderr: str, remedy: str) -> None:
    program = script(f'test "$5" = version && {{ echo {version}; exit; }}; echo "{stderr}" >&2; exit 1')
    with pytest.raises(InfluxctlError, match=remedy):
        program.list_tokens()


@given(st.integers(0, 700), st.sampled_from(["M.V1.abcd", "apiv1_"]))
def test_token_in_a_failures_words_is_masked_wherever_it_is_cut(position: int, start: str) -> None:
    said = quote_end("." * 3 + " " + start + "T" * 80 + " " + "e" * position, ())
    assert "TTTT" not in said


@given(st.integers(0, 700), st.sampled_from(["TTTT" * 20, 'TTTT"TTTT\\TTTT' * 3]))
def test_known_secret_in_a_failures_words_is_masked_wherever_it_is_cut(position: int, secret: str) -> None:
    """Whether it looks like a token or not, and also as a quoted line of TOML shows it."""
    for shown in (secret, json.dumps(secret)):
        assert "TT" not in quote_end(f"client_secret = {shown} {'e' * position}", {secret})


class Held(Process):
    """The time is up as soon as the program has ended by itself and what it printed is read."""

    def communicate(self, input: bytes | None = None, timeout: float | None = None) -> tuple[bytes, bytes]:
        os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT)
        while True:
            try:
                return super().communicate(input, 0.05)
            except subprocess.TimeoutExpired as error:
                if error.stdout:
                    raise


@pytest.fixture
def held(script: Script, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str, int], Influxctl]]:
    """A program that leaves another one behind, with its pipes, when it does one thing."""
    monkeypatch.setattr(runner, "Process", Held)
    pids = tmp_path / "pids"
    hold = f"setsid sleep 600 & echo $! >> {pids}"
    yield lambda when, code: script(
        f"test $6 = {when} && {{ {hold}; }}; case $6 in list) echo '{json.dumps([ENTRY])}';; *) echo {SECRET};; esac;"
        f" test $6 = {when} && exit {code}; exit 0"
    )
    for pid in pids.read_text().split():
        os.kill(int(pid), signal.SIGKILL)


@pytest.mark.parametrize("code", [0, 3])
def test_a_secret_is_kept_where_something_else_holds_the_pipes(
    held: Callable[[str, int], Influxctl], code: int
) -> None:
    assert create_one(held("create", code), "d", None, []) == {**STATE, "token": SECRET}


def test_a_program_that_has_ended_by_itself_did_not_take_too_long(held: Callable[[str, int], Influxctl]) -> None:
    assert held("list", 0).list_tokens() == [STATE]
    with pytest.raises(InfluxctlError, match="exit code 3"):
        held("list", 3).list_tokens()


def test_program_that_hangs_is_ended_with_all_it_started(
    script: Script, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alive = tmp_path / "alive"
    os.mkfifo(alive)
    readers: list[int] = []

    class Late(Process):
        """The time is up as soon as the program has started its child, whenever that is."""

        def communicate(self, input: bytes | None = None, timeout: float | None = None) -> tuple[bytes, bytes]:
            if timeout == 60 and not readers:
                readers.append(os.open(alive, os.O_RDONLY))
                assert os.read(readers[0], 99) == b"started\n"
                raise subprocess.TimeoutExpired(self.args, timeout)
            return super().communicate(input, timeout)

    monkeypatch.setattr(runner, "Process", Late)
    program = script(f"exec 3> {alive}; echo 'open the browser at' >&2; sleep 600 & echo started >&3; wait")
    with pytest.raises(InfluxctlError, match=r"within 60 seconds.*login in a browser") as caught:
        program.list_tokens()
    assert caught.value.code == "influxctl_timeout"
    # The end of the file is there when the last of the processes that could write to it is gone.
    assert select.select(readers, [], [], 60)[0] == readers
    assert os.read(readers[0], 99) == b""
    os.close(readers[0])


def test_interrupted_program_is_ended(script: Script, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    alive = tmp_path / "alive"
    os.mkfifo(alive)
    readers: list[int] = []

    class Interrupted(Process):
        """Somebody presses Ctrl-C as soon as the program runs."""

        def communicate(self, input: bytes | None = None, timeout: float | None = None) -> tuple[bytes, bytes]:
            if not readers:
                readers.append(os.open(alive, os.O_RDONLY))
                raise KeyboardInterrupt
            return super().communicate(input, timeout)

    monkeypatch.setattr(runner, "Process", Interrupted)
    with pytest.raises(KeyboardInterrupt):
        script(f"exec 3> {alive}; sleep 600").list_tokens()
    assert select.select(readers, [], [], 60)[0] == readers
    os.close(readers[0])


def test_failure_of_a_program_that_has_gone_since_is_still_told(script: Script) -> None:
    with pytest.raises(InfluxctlError, match=r"failed with exit code 3\. Check the profile"):
        script('rm "$0"; exit 3').list_tokens()


def test_missing_and_unusable_programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def find(program: str | None) -> Influxctl:
        return Influxctl(Client(program, "/c", None, timeout=60, retries=0, secrets=set()))

    with pytest.raises(InfluxctlError, match=f"not found at {tmp_path}/none") as caught:
        find(str(tmp_path / "none"))
    assert caught.value.code == "influxctl_missing"
    with pytest.raises(InfluxctlError, match="not found on the PATH"):
        find("no-such-influxctl")
    path = tmp_path / "influxctl"
    path.write_text("#!/no/such/interpreter\n")
    with pytest.raises(InfluxctlError, match="is not executable"):
        find(str(path))
    path.chmod(0o755)
    with pytest.raises(InfluxctlError, match=f"can't be run: {os.strerror(errno.ENOENT)}"):
        find(str(path)).list_tokens()
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}/bin")
    path.write_text("#!/bin/sh\necho null\n")
    assert find(None).list_tokens() == []
