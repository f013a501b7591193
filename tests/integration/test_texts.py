# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What others say is shown without our secrets in any notation, and steers no terminal; what is data stays as it is."""

from __future__ import annotations

import base64
import json
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html import escape
from pathlib import Path
from urllib.parse import quote

import pytest

from harness.fixtures import manages_tokens
from harness.modules import Modules, Outcome
from harness.playbook import Ansible
from harness.plays import connection, local_play
from simulator import Simulator
from simulator.influxctl import install

TOKEN = "M.V1.cana+/ry&of" + "".join(map(chr, range(97, 123))) + "/+=="
PASSWORD = "a+canary/of=a'password of ours"
STEERING = "\x1b[2J\x1b]0;own\x07\x9b31m\x85\u2028\u202e\u200b"
NOTATIONS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "URL": lambda text: quote(text, safe=""),
    "URL in lower case": lambda text: "".join(f"%{ord(c):02x}" if not c.isalnum() else c for c in text),
    "URL, twice": lambda text: quote(quote(text, safe=""), safe=""),
    "HTML": escape,
    "HTML, decimal": lambda text: "".join(f"&#{ord(c)};" if not c.isalnum() else c for c in text),
    "HTML, hexadecimal": lambda text: "".join(f"&#x{ord(c):x};" for c in text),
    "JSON": lambda text: "".join(f"\\u{ord(c):04x}" if not c.isalnum() else c for c in text),
    "JSON's slash": lambda text: json.dumps(text)[1:-1].replace("/", "\\/"),
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64 of a URL": lambda text: base64.urlsafe_b64encode(f"u:{text}".encode()).decode(),
    "without its prefix": lambda text: text[9:],
    "cut": lambda text: text[11:-11],
    "a colour each": lambda text: "".join(f"\x1b[3{n % 8}m{c}" for n, c in enumerate(text)),
}
# What a status line or a header can't hold.
LINES = {"cut by line breaks": lambda text: "\n".join(text[n : n + 7] for n in range(0, len(text), 7))}


def shown_of(secret: str, written: str, output: str) -> list[str]:
    """The pieces of twelve characters of a secret, but for what is public of it, plainly or as they were written."""
    seen = output + json.dumps(output)
    # As many characters as say the first nine may stay.
    texts = (secret[9:], written[9 * len(written) // len(secret) :])
    pieces = {text[n : n + 12] for text in texts for n in range(len(text) - 11)}
    return [piece for piece in pieces if piece in seen or json.dumps(piece)[1:-1] in seen]


@contextmanager
def server(answer: Callable[[str], bytes]) -> Iterator[str]:
    """A server that answers each request with bytes made of the token that came with it; its URL."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            token = ""
            while (line := self.rfile.readline().strip()) != b"":
                if line.lower().startswith(b"authorization: bearer "):
                    token = line[22:].decode()
            self.wfile.write(answer(token))

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        allow_reuse_address = True

    with Server(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{running.server_address[1]}"
        running.shutdown()
        thread.join()


def http(status: str, body: str, header: str = "") -> bytes:
    data = body.encode()
    head = f"HTTP/1.1 {status}\r\nContent-Length: {len(data)}\r\nContent-Type: text/plain\r\n{header}"
    return f"{head}Connection: close\r\n\r\n".encode() + data


PLACES: dict[str, Callable[[str], bytes]] = {
    "a message": lambda said: http("400 Bad Request", json.dumps({"code": 400, "message": f"not {said} {STEERING}"})),
    "a page": lambda said: http("500 Internal Server Error", f"<html>\r\n<p>not {said}\n{STEERING}</p>"),
    "a success that is none": lambda said: http("200 OK", f"{STEERING}{said}"),
    "a Location": lambda said: http("302 Found", "", f"Location: https://a/{said}{STEERING}\r\n"),
    "a status line": lambda said: f"not HTTP {said} {STEERING}\r\n\r\n".encode(),
    "a reason": lambda said: http(f"404 {said} {STEERING}", "no"),
}


@pytest.fixture(scope="module")
def modules(collection_root: Path) -> Iterator[Modules]:
    with Modules(collection_root, {"NO_PROXY": "*"}) as running:
        yield running


def warnings_of(outcome: Outcome) -> list[str]:
    """The warnings of a result, which are objects since ansible-core 2.19."""
    warnings = outcome.result.get("warnings", [])
    return [one if isinstance(one, str) else one["event"]["msg"] for one in warnings]


def assert_shows_nothing(outcome: Outcome, secret: str, written: str) -> None:
    assert outcome.code == 1, outcome.output
    assert "Traceback" not in outcome.output
    result = outcome.result
    assert shown_of(secret, written, json.dumps(result, ensure_ascii=False)) == []
    texts = (result["msg"], result["failure"]["message"], *warnings_of(outcome))
    assert [text for text in texts if not text.isprintable()] == []


@pytest.mark.parametrize("place", PLACES)
def test_no_notation_of_the_token_is_shown_whatever_part_of_an_answer_repeats_it(modules: Modules, place: str) -> None:
    for name, notation in (NOTATIONS | (LINES if place in ("a message", "a page") else {})).items():
        with server(lambda token, notation=notation: PLACES[place](notation(token))) as url:  # type: ignore[misc]
            options = {"host": url, "management_token": TOKEN, "retries": 0, "timeout": 60}
            outcome = modules.run("database_info", options)
        print(name)
        assert_shows_nothing(outcome, TOKEN, notation(TOKEN))


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
@pytest.mark.parametrize("notation", NOTATIONS | LINES)
def test_no_notation_of_a_profiles_secrets_is_shown_whatever_influxctl_repeats(
    modules: Modules, tmp_path: Path, notation: str, stream: str
) -> None:
    written = (NOTATIONS | LINES)[notation]
    config = tmp_path / "config.toml"
    config.write_text(
        '[[profile]]\nname = "default"\nproduct = "clustered"\nhost = "a.example"\n'
        f"mgmt_token = {json.dumps(TOKEN)}\ntoken = {json.dumps(PASSWORD)}\n"
    )
    program = tmp_path / "influxctl"
    (tmp_path / "said").write_text(f"no: {written(TOKEN)} {STEERING}\n{written(PASSWORD)}\n")
    program.write_text(f"#!/bin/sh\ncat {tmp_path}/said {'>&2' if stream == 'stderr' else ''}\nexit 1\n")
    program.chmod(0o755)
    options = {"influxctl_path": str(program), "config_path": str(config), "retries": 0}
    for module, more in (("mgmt_token_info", {}), ("mgmt_token", {"description": "d"})):
        outcome = modules.run(module, options | more)
        assert_shows_nothing(outcome, TOKEN, written(TOKEN))
        assert_shows_nothing(outcome, PASSWORD, written(PASSWORD))


@pytest.mark.parametrize("notation", NOTATIONS)
def test_an_options_secret_is_shown_in_no_message_of_any_module(
    modules: Modules, tmp_path: Path, notation: str
) -> None:
    """Also not in one that is about nothing secret: here about the option beside it."""
    written = NOTATIONS[notation](TOKEN)
    host = f"not a host {written} {STEERING}"
    options = {"path": str(tmp_path / "c"), "name": "p", "product": "clustered", "host": host, "mgmt_token": TOKEN}
    outcome = modules.run("influxctl_profile", options)
    assert "not a host" in outcome.result["msg"]
    assert_shows_nothing(outcome, TOKEN, written)


def test_a_long_answer_is_cut_before_it_is_searched_for_secrets(modules: Modules) -> None:
    with server(lambda token: http("400 No", json.dumps({"code": 400, "message": "%" * 5_000_000 + token}))) as url:
        outcome = modules.run("database_info", {"host": url, "management_token": TOKEN, "retries": 0})
    assert_shows_nothing(outcome, TOKEN, TOKEN)
    assert len(outcome.result["msg"]) < 50_000


def test_a_description_that_steers_is_escaped_in_warnings_and_stays_as_it_is_in_data(
    modules: Modules, sim: Simulator, tmp_path: Path
) -> None:
    description = "a\x1b[2Jb\u202ec\x9b31m"
    sim.add_db_token(f"{description} [pending {'0123456789abcdef' * 2}]")
    outcome = modules.run(
        "db_token", {**connection(sim), "description": description, "secret_file": str(tmp_path / "s")}
    )
    assert outcome.code == 0, outcome.output
    (warning,) = warnings_of(outcome)
    assert "a\\x1b[2Jb\\u202ec\\x9b31m" in warning
    assert warning.isprintable()
    assert outcome.result["db_token"]["description"] == description
    assert outcome.result["diff"]["after"]["description"] == "a\\x1b[2Jb\\u202ec\\x9b31m"


@pytest.mark.parametrize("style", ["json", "yaml"])
def test_a_diff_steers_no_terminal(ansible: Ansible, sim: Simulator, style: str) -> None:
    name = "a\u202eb\x9b2Jc"
    sim.add_database(name)
    task = {"influxops.influxdb3.database": {"name": name, "retention_period": "30d"}}
    run = ansible.playbook(
        local_play([task], connection(sim)), "--diff", environment={"ANSIBLE_CALLBACK_RESULT_FORMAT": style}
    )
    assert run.code == 0, run.output
    diff = run.output.split("+++ after")[1].split("changed:")[0]
    assert "u202e" in diff
    assert not {"\u202e", "\x9b"} & set(diff)


@manages_tokens
def test_an_influxctl_in_colours_manages_tokens(modules: Modules, sim: Simulator, tmp_path: Path) -> None:
    """All that it prints is coloured, as by a wrapper that takes everything for a terminal."""
    real = install(tmp_path)
    wrapper = tmp_path / "coloured"
    wrapper.write_text(f"#!/bin/sh\n{real} \"$@\" | sed 's/[^ ]*/\x1b[1;32m&\x1b[0m/g'\n")
    wrapper.chmod(0o755)
    options = {**connection(sim), "influxctl_path": str(wrapper), "description": "d"}
    outcome = modules.run("mgmt_token", options)
    assert outcome.code == 0, outcome.output
    assert outcome.result["mgmt_token"]["token"] == sim.state.mgmt_tokens[-1].secret
    assert modules.run("mgmt_token", options).result["changed"] is False
