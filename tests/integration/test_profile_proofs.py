# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""influxctl_profile with `prove`: what influxctl doesn't work with never takes the file's place."""

from __future__ import annotations

import errno
import os
import signal
import socket
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.modules import KILL, Modules, Outcome
from harness.playbook import Ansible
from harness.plays import local_play
from harness.sweeps import assert_no_secret
from simulator import Simulator
from simulator.influxctl import install, invocations

OTHER = "M.V1.otherProfilesCanary"
PARAMETER = "canaryOfAnIdentityProvider"
COMMENT = "canaryInAComment"
OLD = (
    f'# by hand, not {COMMENT}\n[[profile]]\nname = "default"\nproduct = "clustered"\nhost = "old"\n'
    f'mgmt_token = "M.V1.oldoldoldold"\n\n[[profile]]\nname = "other"\nproduct = "clustered"\nhost = "other"\n'
    f'mgmt_token = "{OTHER}"\n[profile.auth.oauth2.parameters]\nclient_secret = "{PARAMETER}"\n'
)
# What influxctl refuses, with what a message may not hold.
QUOTED = OLD + '[profile.tls]\npassphrase = "canaryInAnUnknownKey"\n'
CANARIES = (OTHER, PARAMETER, COMMENT, "canaryInAnUnknownKey", "oldoldoldold")
WRONG = "M.V1.wrongTokenOfNobody"


@pytest.fixture
def server() -> Iterator[Simulator]:
    with Simulator(tls=False) as running:
        yield running


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A config in a directory that holds nothing else."""
    path = tmp_path / "config" / "config.toml"
    path.parent.mkdir()
    path.write_text(OLD)
    path.chmod(0o644)
    return path


@pytest.fixture
def influxctl(tmp_path: Path) -> Path:
    directory = tmp_path / "bin"
    directory.mkdir()
    return install(directory)


def wish(server: Simulator, **more: Any) -> dict[str, Any]:
    return {
        "name": "default",
        "product": "clustered",
        "host": server.host,
        "port": server.port,
        "mgmt_token": server.admin_token,
        "tls": {"disable": True},
        **more,
    }


def how(program: Path | str, **more: Any) -> dict[str, Any]:
    return {"influxctl_path": str(program), "retries": 0, "delay": 0, **more}


def write(modules: Modules, path: Path, options: dict[str, Any], program: Path | str, **more: Any) -> Outcome:
    """Write with a proof; whatever happens, no secret shows up and no error is a crash."""
    strike = more.pop("strike", None)
    options = {"prove": how(program), "path": str(path), **options, **more}
    outcome = modules.run("influxctl_profile", options, strike=strike)
    assert_no_secret(outcome.output, [*CANARIES, str(options.get("mgmt_token")), WRONG])
    assert "Traceback" not in outcome.output
    return outcome


def script(directory: Path, text: str) -> Path:
    """An influxctl of the test's own: a program of the shell, which is told `--config PATH --profile NAME ...`."""
    program = directory / "own"
    program.write_text(f"#!/bin/sh\n{text}\n")
    program.chmod(0o755)
    return program


def assert_not_proved(outcome: Outcome, path: Path, *words: str, code: str = "not_proved", old: str = OLD) -> None:
    """Assert that the task has failed, and the file is what it was with nothing beside it."""
    result = outcome.result
    assert (outcome.code, result["proved"], result["failure"]["code"]) == (1, False, code), outcome.output
    assert result["changed"] is False
    assert all(word in result["msg"] for word in (str(path), *words)), result["msg"]
    assert path.read_text() == old
    assert list(path.parent.iterdir()) == [path]
    if "profile" in result:
        assert result["profile"]["mgmt_token_prefix"] == "M.V1.oldo"
        assert result["other_mgmt_token_prefixes"] == ["M.V1.othe"]


def test_a_profile_that_works_takes_the_place_and_is_not_proved_twice(
    modules: Modules, server: Simulator, path: Path, influxctl: Path
) -> None:
    first = write(modules, path, wish(server), influxctl, mode="0640").result
    assert (first["changed"], first["proved"]) == (True, True)
    assert first["profile"]["mgmt_token_prefix"] == server.admin_token[:9]
    assert first["other_mgmt_token_prefixes"] == ["M.V1.othe"]
    assert server.admin_token in path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    (ran,) = invocations(influxctl)
    assert ran.argv[:1] + ran.argv[2:] == ["--config", "--profile", "default", "database", "list"]
    assert not {server.admin_token, OTHER} & set(ran.argv)
    second = write(modules, path, wish(server), influxctl, mode="0640").result
    assert (second["changed"], second["proved"]) == (False, None)
    third = write(modules, path, wish(server), influxctl, mode="0600").result
    assert (third["changed"], third["proved"]) == (True, None)
    assert len(invocations(influxctl)) == 1


def test_a_role_may_have_an_unchanged_profile_proved(
    modules: Modules, server: Simulator, path: Path, influxctl: Path
) -> None:
    assert write(modules, path, wish(server), influxctl).result["proved"]
    again = write(modules, path, wish(server), influxctl, _prove_unchanged=True).result
    assert (again["changed"], again["proved"]) == (False, True)
    assert [ran.argv[1] for ran in invocations(influxctl)][1:] == [str(path)]
    held = path.read_text()
    server.state.mgmt_tokens[0].revoked_at = server.clock.now()
    outcome = write(modules, path, wish(server), influxctl, _prove_unchanged=True)
    assert (outcome.code, outcome.result["proved"]) == (1, False)
    assert path.read_text() == held


@pytest.mark.parametrize("new", [False, True])
def test_a_wrong_token_leaves_the_file(
    modules: Modules, server: Simulator, path: Path, influxctl: Path, new: bool
) -> None:
    if new:
        path = path.parent / "deep" / "er" / "config.toml"
    outcome = write(modules, path, wish(server, mgmt_token=WRONG), influxctl, backup=True)
    if new:
        assert (outcome.result["profile"], outcome.result["proved"]) == (None, False)
        assert not path.parent.parent.exists()
    else:
        assert_not_proved(outcome, path, "It said: ", "mgmt_token")


def test_what_is_to_be_checked_is_said(modules: Modules, server: Simulator, path: Path, influxctl: Path) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        dead = listener.getsockname()[1]
    assert_not_proved(write(modules, path, wish(server, port=dead), influxctl), path, "host and port")
    no_ca = wish(server, tls={"disable": False, "ca": "/nowhere/ca.pem"})
    assert_not_proved(write(modules, path, no_ca, influxctl), path, "profile's tls")
    path.write_text(QUOTED)
    outcome = write(modules, path, wish(server), influxctl)
    assert_not_proved(outcome, path, "the config file", old=QUOTED)


@pytest.mark.parametrize("program", ["/nowhere/influxctl", "influxctl-9", "text"])
def test_without_a_program_nothing_is_written(
    modules: Modules, server: Simulator, path: Path, tmp_path: Path, program: str
) -> None:
    if program == "text":
        program = str(tmp_path / "text")
        Path(program).write_text("no program")
    outcome = write(modules, path, wish(server), program)
    assert_not_proved(outcome, path, "influxops.influxdb3.influxctl", code="influxctl_missing")
    # Where nothing is to be proved, none is needed.
    assert write(modules, path, {"name": "default", "state": "absent"}, program).result["proved"] is None
    assert write(modules, path, {"name": "default", "state": "absent"}, program).result["proved"] is None


def test_a_program_that_hangs_is_ended_and_not_tried_again(
    modules: Modules, server: Simulator, path: Path, tmp_path: Path
) -> None:
    tried = tmp_path / "tried"
    program = script(tmp_path, f"echo >> {tried}; sleep 1000 & sleep 1000")
    outcome = write(modules, path, wish(server), program, prove=how(program, retries=3, timeout=0.2))
    assert_not_proved(outcome, path, "did not finish within 0.2 seconds")
    assert not tried.exists() or len(tried.read_text()) == 1


def test_endless_output_is_ended(modules: Modules, server: Simulator, path: Path, tmp_path: Path) -> None:
    program = script(tmp_path, 'exec yes "$(cat "$2")"')
    assert_not_proved(write(modules, path, wish(server), program), path, "more than 20 MB")


def test_values_that_are_repeated_without_their_keys_are_masked(
    modules: Modules, server: Simulator, path: Path, tmp_path: Path
) -> None:
    """Those of the old and the new file, in any profile, also of keys that influxctl doesn't know."""
    program = script(tmp_path, """sed -n 's/.*= "\\(.*\\)"/cannot use \\1 here/p' "$2" >&2; exit 1""")
    path.write_text(QUOTED)
    outcome = write(modules, path, wish(server, name="other", exclusive=True), program)
    assert (outcome.code, outcome.result["proved"]) == (1, False)
    assert "It said: " in outcome.result["msg"]
    again = write(modules, path, wish(server), program)
    assert "cannot use ******** here" in again.result["msg"]


def test_a_trial_that_fails_is_repeated(modules: Modules, server: Simulator, path: Path, tmp_path: Path) -> None:
    tried = tmp_path / "tried"
    program = script(tmp_path, f"echo >> {tried}; echo no such host >&2; test $(wc -l < {tried}) -gt 2")
    once = write(modules, path, wish(server), program, prove=how(program, retries=1))
    assert_not_proved(once, path, "after 2 trials", "host and port")
    tried.unlink()
    # Pauses pass at once there.
    assert write(modules, path, wish(server), program, prove=how(program, retries=2, delay=3000)).result["proved"]


def test_a_wrong_certificate_is_not_tried_again(
    modules: Modules, server: Simulator, path: Path, tmp_path: Path
) -> None:
    tried = tmp_path / "tried"
    program = script(tmp_path, f"echo >> {tried}; echo x509: unknown authority >&2; exit 1")
    outcome = write(modules, path, wish(server), program, prove=how(program, retries=5))
    assert_not_proved(outcome, path, "ca must hold the CA")
    assert tried.read_text() == "\n"


def test_the_candidate_is_private_beside_the_file_and_complete(
    collection_root: Path, server: Simulator, path: Path, tmp_path: Path
) -> None:
    seen = tmp_path / "seen"
    program = script(
        tmp_path,
        f'exec > {seen}; stat -c "%a %u %h %F" "$2"; echo "$2"; cat "$2"; echo "+$(cat)+"\n'
        "env | grep -c INFLUXDB3_; true",
    )
    with Modules(collection_root, {"INFLUXDB3_MANAGEMENT_TOKEN": "x"}) as own:
        assert write(own, path, wish(server), program).result["proved"]
    status, candidate, *text = seen.read_text().splitlines()
    assert status == f"600 {os.geteuid()} 1 regular file"
    assert Path(candidate).parent == path.parent
    assert Path(candidate).name.startswith(".")
    assert Path(candidate).name.endswith(".config.toml")
    assert "\n".join(text) == f"{path.read_text()}++\n0"
    assert list(path.parent.iterdir()) == [path]


# To the file, and to the new one beside it.
DISTURBANCES = [
    'echo "# mine" >> {file}',
    "rm {file}",
    'rm "$2"; cp {file} "$2"',
    'rm "$2"; ln -s {file} "$2"',
    'echo "# mine" >> "$2"',
    'rm "$2"',
]


@pytest.mark.parametrize("disturbance", DISTURBANCES)
def test_what_somebody_else_writes_meanwhile_is_not_lost(
    modules: Modules, server: Simulator, path: Path, tmp_path: Path, disturbance: str
) -> None:
    program = script(tmp_path, disturbance.format(file=path))
    outcome = write(modules, path, wish(server), program)
    assert (outcome.code, outcome.result["failure"]["code"]) == (1, "changed_meanwhile"), outcome.output
    expected = {"rm {file}": None, DISTURBANCES[0]: f"{OLD}# mine\n"}.get(disturbance, OLD)
    assert (path.read_text() if path.exists() else None) == expected
    assert [entry for entry in path.parent.iterdir() if entry != path] == []


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_leaves_the_old_file_alone(
    modules: Modules, server: Simulator, path: Path, tmp_path: Path, ending: signal.Signals
) -> None:
    pid = tmp_path / "pid"
    program = script(tmp_path, f'echo $$ > {pid}; kill -{ending.value} "$PPID"; exec sleep 1000')
    outcome = write(modules, path, wish(server), program)
    assert outcome.code == 128 + ending
    assert path.read_text() == OLD
    assert list(path.parent.iterdir()) == [path]
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text()), 0)


def test_a_killed_proof_leaves_the_old_file_and_the_next_run_sweeps(
    modules: Modules, server: Simulator, path: Path, influxctl: Path, tmp_path: Path
) -> None:
    program = script(tmp_path, "kill -KILL $PPID")
    assert write(modules, path, wish(server), program).code == -signal.SIGKILL
    assert path.read_text() == OLD
    (left,) = (entry for entry in path.parent.iterdir() if entry != path)
    assert (left.name[0], stat.S_IMODE(left.stat().st_mode)) == (".", 0o600)
    assert write(modules, path, wish(server), influxctl).result["proved"]
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC, KILL])
def test_whatever_fails_the_file_is_old_or_proved(
    modules: Modules, server: Simulator, tmp_path: Path, number: int
) -> None:
    works = script(tmp_path, "exit 0")

    def world() -> Path:
        path = Path(tempfile.mkdtemp(dir=tmp_path)) / "config.toml"
        path.write_text(OLD)
        return path

    calls = write(modules, world(), wish(server), works).calls
    assert {"open", "rename", "fsync"} <= set(calls)
    for point, call in enumerate(calls, 1):
        path = world()
        outcome = write(modules, path, wish(server), works, strike=(point, number))
        text = path.read_text()
        assert text == OLD or server.admin_token in text, call
        if number != KILL:
            assert list(path.parent.iterdir()) == [path], call
            # It is read again after it has taken its place, and that may fail as well.
            expected = ("unreadable",) if outcome.code and text != OLD else ()
            assert outcome.result.get("failure", {}).get("code") in expected or (outcome.code == 0) == (text != OLD)
        assert write(modules, path, wish(server), works, host="other").result["proved"]
        assert list(path.parent.iterdir()) == [path], call


def test_what_is_not_proved_is_never_written_over_the_file(
    modules: Modules, server: Simulator, path: Path, tmp_path: Path
) -> None:
    """unsafe_writes is for directories where nothing can be made, and there no candidate can be."""
    ran = tmp_path / "ran"
    works = script(tmp_path, f"echo >> {ran}")
    calls = write(modules, path, wish(server), works, unsafe_writes=True).calls
    written_over = 0
    for number, call in enumerate(calls, 1):
        path.write_text(OLD)
        ran.unlink(missing_ok=True)
        struck = write(modules, path, wish(server), works, unsafe_writes=True, strike=(number, errno.EACCES))
        if path.read_text() != OLD:
            assert ran.exists(), call
            written_over += call == "rename"
        else:
            assert struck.code != 0, call
    assert written_over == 1


def test_each_changed_profile_of_many_is_proved(
    modules: Modules, server: Simulator, path: Path, influxctl: Path
) -> None:
    many = [wish(server), wish(server, name="second"), {"name": "other", "state": "absent"}]
    result = write(modules, path, {"profiles": many}, influxctl).result
    assert (result["proved"], [one["changed"] for one in result["profiles"]]) == (True, [True] * 3)
    proved = [ran.argv[3] for ran in invocations(influxctl)]
    assert proved == ["default", "second"]
    held = path.read_text()
    many[1]["mgmt_token"] = WRONG
    many[0]["database"] = "metrics"
    outcome = write(modules, path, {"profiles": many}, influxctl)
    assert (outcome.code, outcome.result["proved"], path.read_text()) == (1, False, held)
    assert "'second'" in outcome.result["msg"]
    assert [one["changed"] for one in outcome.result["profiles"]] == [False] * 3
    assert [ran.argv[3] for ran in invocations(influxctl)][2:] == ["default", "second"]


def test_a_token_file_is_proved_as_well(
    modules: Modules, server: Simulator, path: Path, influxctl: Path, tmp_path: Path
) -> None:
    token = tmp_path / "admin"
    options = wish(server, exclusive_auth=True, auth={"token": {"token_file": str(token)}})
    del options["mgmt_token"]
    assert_not_proved(write(modules, path, options, influxctl), path, "token_file", "It said")
    token.write_text(server.admin_token)
    assert write(modules, path, options, influxctl).result["proved"]


@pytest.mark.parametrize("option", [{"retries": -1}, {"delay": -1}, {"delay": 3601}, {"timeout": 0}, {"timeout": 3601}])
def test_wrong_options_are_refused(
    modules: Modules, server: Simulator, path: Path, influxctl: Path, option: dict[str, Any]
) -> None:
    outcome = write(modules, path, wish(server), influxctl, prove=how(influxctl, **option))
    assert outcome.result["failure"]["code"] == "invalid_option"
    assert f"prove.{next(iter(option))}" in outcome.result["msg"]
    assert (path.read_text(), invocations(influxctl)) == (OLD, [])


def test_nothing_of_the_file_is_told_where_influxctl_quotes_it(
    ansible: Ansible, server: Simulator, path: Path, tmp_path: Path
) -> None:
    """At -vvvv and in the log; in check mode influxctl isn't run."""
    program = install(tmp_path / "bin", config_error_quotes=True)
    path.write_text(QUOTED)
    options = wish(server, mgmt_token="{{ token }}", path=str(path), prove=how(program))
    tasks = [
        {"name": "check", "influxops.influxdb3.influxctl_profile": options, "check_mode": True},
        {"name": "write", "influxops.influxdb3.influxctl_profile": options, "ignore_errors": True},
    ]
    run = ansible.playbook(local_play(tasks, {}), variables={"token": server.admin_token})
    assert (run.result("check")["changed"], run.result("check")["proved"]) == (True, None)
    assert (run.failed, run.result("write")["proved"]) == (["write"], False)
    assert "It said: " in run.result("write")["msg"]
    assert_no_secret(run.output, [*CANARIES, server.admin_token])
    assert len(invocations(program)) == 1
    assert path.read_text() == QUOTED
