# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""influxctl_profile and influxctl_profile_info on real files: where they lie, what they become, what is refused."""

from __future__ import annotations

import errno
import json
import os
import stat
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from ansible import release as ansible_release

from harness.modules import Modules
from harness.playbook import Ansible, Run
from harness.plays import local_play
from harness.sweeps import assert_no_secret

MODULE = "influxops.influxdb3.influxctl_profile"
INFO = "influxops.influxdb3.influxctl_profile_info"
START: dict[str, Any] = {"async": 600, "poll": 0}
WAIT = START | {"poll": 1}
CANARY = "M.V1.canaryThatMustNeverShowUp"
NEW = {"name": "default", "product": "clustered", "host": "new.example.com", "mgmt_token": "{{ canary }}"}
WRITTEN = b"""\
# by hand\r
[[profile]]\r
name = 'default'   # the one\r
product = "clustered"\r
host = "old.example.com"\r
mgmt_token = "M.V1.oldoldoldold"\r
\r
[profile.tls]\r
ca = '/ca.pem'\r
"""


def task(name: str, options: dict[str, Any], module: str = MODULE, **keywords: Any) -> dict[str, Any]:
    return {"name": name, module: options, **keywords}


def play(ansible: Ansible, *tasks: dict[str, Any], **variables: Any) -> Run:
    """Run tasks on the controller; whatever they do, no secret shows up, and no error is a crash."""
    # Else it is looked for in the home of the user database, and not in that of the test.
    jobs = str(ansible.home / ".ansible_async")
    every = {"canary": CANARY, "ansible_async_dir": jobs, **variables}
    run = ansible.playbook(local_play(list(tasks), {}), variables=every)
    assert_no_secret(run.output, [CANARY, "canaryParameter", "canaryToken"])
    assert "Traceback" not in run.output
    return run


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


# What is wrong with a file, what the error is called, and what it says.
FILES: dict[str, tuple[bytes, str, str]] = {
    "invalid": (WRITTEN + b"[[profile]\r\n", "invalid_toml", "not valid TOML at line 10"),
    "binary": (b"\x7fELF\x02\xff\xfe\x00", "invalid_toml", "not a text file in UTF-8"),
    "zeros": (b"\x00\x00", "invalid_toml", "not valid TOML at line 1"),
    "twice": (b"[[profile]]\nname = 'default'\n[[profile]]\nname = 'default'\n", "duplicate_profile", "2 times"),
    "plain": (b"[profile]\nname = 'default'\n", "invalid_profile", "influxctl wants [[profile]]"),
    "value": (b"profile = 1\n", "invalid_profile", "influxctl wants [[profile]]"),
    "inline": (b"profile = [{name = 'default'}]\n", "not_editable", "edit it by hand"),
}


def results_of(modules: Modules, tasks: Mapping[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Run the module without Ansible, with options by their names; no secret shows up, and no error is a crash."""
    templated = json.loads(json.dumps(tasks).replace("{{ canary }}", CANARY))
    outcomes = {name: modules.run("influxctl_profile", options) for name, options in templated.items()}
    output = "".join(outcome.output for outcome in outcomes.values())
    assert_no_secret(output, [CANARY, "canaryParameter", "canaryToken"])
    assert "Traceback" not in output
    return {name: outcome.result for name, outcome in outcomes.items()}


def test_a_file_that_is_wrong_is_a_clear_error_and_stays(modules: Modules, tmp_path: Path) -> None:
    for name, (content, _code, _message) in FILES.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "directory").mkdir()
    names = [*FILES, "directory"]
    tasks: dict[str, dict[str, Any]] = {}
    for name in names:
        tasks[name] = {**NEW, "path": str(tmp_path / name), "backup": True}
        # Many at once end as one does.
        many = {"profiles": [{"name": "other", "state": "absent"}, NEW], "path": str(tmp_path / name)}
        tasks[f"{name} many"] = many
    before = {name: (tmp_path / name).stat() for name in FILES}
    results = results_of(modules, tasks)
    expected = {name: (code, message) for name, (_content, code, message) in FILES.items()}
    expected["directory"] = ("unreadable", os.strerror(errno.EISDIR))
    for name, (code, message) in expected.items():
        for result in (results[name], results[f"{name} many"]):
            assert (result["failure"]["code"], set(result["failure"])) == (code, set(KEYS))
            assert message in result["msg"]
            assert str(tmp_path / name) in result["msg"]
        if name in FILES:
            assert (tmp_path / name).read_bytes() == FILES[name][0]
            after = (tmp_path / name).stat()
            assert (after.st_ino, after.st_mtime_ns, after.st_mode) == (
                before[name].st_ino, before[name].st_mtime_ns, before[name].st_mode,
            )  # fmt: skip
    assert {path.name for path in tmp_path.iterdir()} == set(names)


KEYS = ("status", "code", "message", "method", "path")
# Options that are wrong, and what the error says; of those that Ansible refuses, in its own words, the name.
OPTIONS: dict[str, tuple[dict[str, Any], str]] = {
    "port": ({**NEW, "port": 70000}, "70000 is not between 1 and 65535"),
    "port zero": ({**NEW, "port": 0}, "0 is not between 1 and 65535"),
    "port word": ({**NEW, "port": "https"}, "port"),
    "product": ({**NEW, "product": "cloud"}, "product"),
    "no product": ({"name": "new", "host": "h"}, "needs one of clustered and dedicated"),
    "no account": ({"name": "new", "product": "dedicated", "cluster_id": "c"}, "lacks account_id"),
    "no ids": ({"name": "new", "product": "dedicated"}, "lacks account_id and cluster_id"),
    "no host": ({"name": "new", "product": "clustered"}, "lacks host"),
    "no name": ({**NEW, "name": " "}, "must not be empty"),
    "neither": ({"product": "clustered"}, "profiles"),
    "both": ({**NEW, "profiles": [NEW]}, "profiles"),
    "stated twice": ({"profiles": [NEW, {"name": "default", "state": "absent"}]}, "'default' is stated more than once"),
    "one is wrong": ({"profiles": [NEW, {**NEW, "name": "two", "port": 70000}]}, "as the profile 'two' has it"),
    "one lacks": ({"profiles": [NEW, {"name": "two", "product": "dedicated"}]}, "'two' of the product dedicated lacks"),
    "owner": ({**NEW, "owner": "no-such-user"}, "no-such-user"),
    "URL": ({**NEW, "host": "http://h.example:8086/"}, "host: h.example, port: 8086, tls.disable: true"),
    "host with a port": ({**NEW, "host": "h.example:8086"}, "host: h.example, port: 8086"),
    "host with a path": ({**NEW, "host": "h.example/x"}, "host: h.example (and no path)"),
    "empty host": ({**NEW, "host": ""}, "host of the profile 'default': it is empty"),
    "password": ({**NEW, "host": "https://u:canaryToken@h"}, "must not hold a user or password"),
    "empty secret": ({**NEW, "mgmt_token": ""}, "mgmt_token of the profile 'default': it is empty"),
    "empty token": ({**NEW, "token": ""}, "token of the profile 'default': it is empty"),
    "line end": ({**NEW, "mgmt_token": "{{ canary }}\n"}, "ends with a line break"),
    "blank": ({**NEW, "token": " {{ canary }}"}, "blank"),
    "quotes": ({**NEW, "mgmt_token": "'{{ canary }}'"}, "quotes"),
    "scheme": ({**NEW, "mgmt_token": "Bearer {{ canary }}"}, "the token alone"),
    "parameter": ({**NEW, "auth": {"oauth2": {"parameters": {"client_secret": ""}}}}, "client_secret is empty"),
    "one of many": ({"profiles": [NEW, {**NEW, "name": "two", "token": ""}]}, "token of the profile 'two'"),
}


@pytest.mark.parametrize("existing", [True, False])
def test_an_option_that_is_wrong_changes_nothing(modules: Modules, tmp_path: Path, existing: bool) -> None:
    path = tmp_path / "out" / "config.toml"
    path.parent.mkdir()
    if existing:
        path.write_bytes(WRITTEN)
        path.chmod(0o600)
    tasks = {name: {**options, "path": str(path)} for name, (options, _message) in OPTIONS.items()}
    results = results_of(modules, tasks)
    for name, (_options, message) in OPTIONS.items():
        assert results[name]["failed"]
        assert message in results[name]["msg"]
    assert [entry.read_bytes() for entry in path.parent.iterdir()] == ([WRITTEN] if existing else [])


def test_ansible_tells_an_option_and_a_file_that_are_wrong(ansible: Ansible, tmp_path: Path) -> None:
    """What a module refuses arrives as it says it, and the secrets among its options don't."""
    path, wrong = tmp_path / "config.toml", tmp_path / "wrong.toml"
    wrong.write_bytes(FILES["invalid"][0])
    refused = {name: OPTIONS[name] for name in ("one lacks", "quotes", "parameter")}
    tasks = [task("file", {**NEW, "path": str(wrong)}, ignore_errors=True)]
    for name, (options, _message) in refused.items():
        tasks.append(task(name, {**options, "path": str(path)}, ignore_errors=True))
    run = play(ansible, *tasks)
    assert len(run.failures) == len(tasks)
    assert run.result("file")["failure"]["code"] == FILES["invalid"][1]
    for name, (_options, message) in refused.items():
        assert message in run.result(name)["msg"]
    assert not path.exists()


# Options that Ansible itself refuses, before the module can say which values are secret.
REFUSED: dict[str, dict[str, Any]] = {
    "product": {"product": "cloud"},
    "port": {"port": "https"},
    "misspelt": {"mgmt_tokn": "{{ canary }}"},
    "misspelt below": {"auth": {"oauth2": {"secret": "canaryToken"}}},
    "both": {"profiles": []},
}


def test_an_option_that_ansible_refuses_shows_no_secret(ansible: Ansible, tmp_path: Path) -> None:
    secret = {"auth": {"oauth2": {"parameters": {"client_secret": "canaryParameter"}}}}
    tasks = []
    for name, wrong in REFUSED.items():
        options = {**NEW, **secret, "path": str(tmp_path / "config.toml"), **wrong}
        tasks.append(task(name, options, ignore_errors=True))
        # As one of many, where that can be said.
        many = {"path": str(tmp_path / "config.toml"), "profiles": [{**NEW, **secret, **wrong}]}
        tasks.append(task(f"{name} many", many, ignore_errors=True))
    # What is waited for ends past the action plugin.
    refused = {**NEW, **secret, "product": "cloud"}
    tasks.append(task("async", refused, ignore_errors=True, **WAIT))
    run = play(ansible, *tasks)
    assert len(run.failures) == len(tasks)
    assert "product" in run.result("async")["msg"]
    assert not (tmp_path / "config.toml").exists()


def test_a_task_that_runs_in_the_background_does_the_same(ansible: Ansible, tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    options = {**NEW, "path": str(path)}
    wait = {"jid": "{{ job.ansible_job_id }}"}
    run = play(
        ansible,
        task("start", options, register="job", **START),
        task("end", wait, "ansible.builtin.async_status", register="end", until="end.finished", retries=600, delay=1),
        task("again", options, **WAIT),
    )
    assert (run.code, CANARY in path.read_text()) == (0, True), run.output
    assert [run.result(name)["changed"] for name in ("end", "again")] == [True, False]
    assert run.result("end")["profile"] == run.result("again")["profile"]


def test_a_targets_old_tomlkit_gives_way_to_the_controllers(ansible: Ansible, tmp_path: Path) -> None:
    old = tmp_path / "old" / "tomlkit"
    old.mkdir(parents=True)
    (old / "__init__.py").write_text("__version__ = '0.9.2'\ndef parse(text): return {}\n")
    (old / "exceptions.py").write_text("class TOMLKitError(Exception): pass\n")
    hidden = tmp_path / "hidden"
    hidden.mkdir()
    (hidden / "sitecustomize.py").write_text("import sys\nsys.modules['tomlkit'] = None\n")
    environment = {"PYTHONPATH": str(old.parent)}
    path = tmp_path / "config.toml"
    path.write_bytes(WRITTEN)
    options = task("edit", {"name": "default", "port": 443, "path": str(path)}, environment=environment)
    assert play(ansible, options).result("edit")["changed"]
    # Where the controller has none to send, the error says what is needed.
    path.write_bytes(WRITTEN)
    poor = Ansible(ansible.collections, ansible.workdir, {**ansible.environment, "PYTHONPATH": str(hidden)})
    result = play(poor, {**options, "ignore_errors": True}).result("edit")
    assert result["failure"]["code"] == "missing_library"
    assert "too old: 0.9.2, and 0.11.6 is the oldest" in result["msg"]
    assert path.read_bytes() == WRITTEN


# An interpreter that takes no module of ours, and says how old it is.
OLD_PYTHON = """#!/bin/sh
if [ "$1" = -c ]; then echo {version}; exit 0; fi
echo "SyntaxError: future feature annotations is not defined" >&2
exit 1
"""


@pytest.mark.parametrize("version", ["3.6.8", "3.8.18", "2.7.18"])
def test_a_host_whose_python_is_too_old_is_told_what_it_needs(ansible: Ansible, tmp_path: Path, version: str) -> None:
    python = tmp_path / "old-python"
    python.write_text(OLD_PYTHON.format(version=version))
    python.chmod(0o755)
    tasks = [
        task("write", {**NEW, "path": str(tmp_path / "config.toml")}, ignore_errors=True),
        task("info", {}, INFO, ignore_errors=True),
    ]
    run = play(ansible, *tasks, ansible_python_interpreter=str(python))
    for name in ("write", "info"):
        result = run.result(name)
        assert (result["failure"]["code"], set(result["failure"])) == ("old_python", set(KEYS))
        assert all(word in result["msg"] for word in (str(python), version, "3.9", "ansible_python_interpreter"))
        assert "SyntaxError" not in str(result)
    # Another failure of an interpreter is told as it is.
    python.write_text(OLD_PYTHON.format(version="3.12.1"))
    broken = ansible.playbook(local_play(tasks[1:], {}), variables={"ansible_python_interpreter": str(python)})
    assert "failure" not in broken.result("info")
    assert broken.result("info")["failed"]


# What Ansible 2.16 still takes for a host's Python, and this collection doesn't.
REAL = sorted(Path("~/.pyenv/versions").expanduser().glob("3.[678].*/bin/python"))


@pytest.mark.skipif(ansible_release.__version__ >= "2.17", reason="newer Ansibles refuse these Pythons by themselves")
@pytest.mark.skipif(REAL == [], reason="there is no Python that is too old")
def test_a_python_that_is_really_too_old_is_named(ansible: Ansible) -> None:
    for python in REAL:
        run = play(ansible, task("info", {}, INFO, ignore_errors=True), ansible_python_interpreter=str(python))
        assert run.result("info")["failure"]["code"] == "old_python"
        assert python.parent.parent.name in run.result("info")["msg"]


# A file that is mounted by itself, as in a container: it can be written, and nothing can be renamed over it.
MOUNTED = """\
import errno, os
rename = os.rename
def refuse(source, target, **more):
    if os.path.basename(os.fsdecode(target)) == os.path.basename({path!r}):
        raise OSError(errno.EBUSY, "Device or resource busy")
    return rename(source, target, **more)
os.rename = refuse
"""


@pytest.mark.complete
def test_a_file_that_cant_be_replaced_is_written_only_when_that_is_allowed(ansible: Ansible, tmp_path: Path) -> None:
    path = tmp_path / "out" / "config.toml"
    path.parent.mkdir()
    path.write_bytes(WRITTEN)
    inode = path.stat().st_ino
    patched = tmp_path / "mounted"
    patched.mkdir()
    (patched / "sitecustomize.py").write_text(MOUNTED.format(path=str(path)))
    options = {"name": "default", "host": "new.example.com", "path": str(path)}
    where: dict[str, Any] = {"environment": {"PYTHONPATH": str(patched)}}
    refused = play(ansible, task("safe", options, **where))
    assert refused.result("safe")["failure"]["code"] == "unwritable"
    assert "unsafe_writes" in refused.result("safe")["msg"]
    assert list(path.parent.iterdir()) == [path]
    assert path.read_bytes() == WRITTEN
    run = play(ansible, task("unsafe", {**options, "unsafe_writes": True}, **where))
    assert run.result("unsafe")["changed"]
    assert path.read_bytes() == WRITTEN.replace(b"old.example.com", b"new.example.com")
    assert path.stat().st_ino == inode
    assert list(path.parent.iterdir()) == [path]


# The part of SELinux that Ansible asks for, with the contexts in a file.
SELINUX = """\
import json, os, sys, types
def contexts():
    return json.load(open({path!r})) if os.path.exists({path!r}) else {{}}
def get(path):
    return [0, contexts().get(str(os.lstat(path).st_ino), "system_u:object_r:user_home_t:s0")]
def put(path, context):
    json.dump({{**contexts(), str(os.lstat(path).st_ino): context}}, open({path!r}, "w"))
    return 0
fake = types.ModuleType("selinux")
fake.is_selinux_enabled = fake.is_selinux_mls_enabled = lambda: 1
fake.lgetfilecon_raw, fake.lsetfilecon = get, put
fake.matchpathcon = lambda path, mode: [0, "system_u:object_r:user_home_t:s0"]
sys.modules["ansible.module_utils.compat.selinux"] = fake
"""


@pytest.mark.complete
def test_the_selinux_context_is_set_by_ansibles_own_functions(ansible: Ansible, tmp_path: Path) -> None:
    """A machine without SELinux can't show more than that they are asked to."""
    patched = tmp_path / "selinux"
    patched.mkdir()
    contexts = tmp_path / "contexts.json"
    (patched / "sitecustomize.py").write_text(SELINUX.format(path=str(contexts)))
    path = tmp_path / "config.toml"
    options = {**NEW, "path": str(path), "setype": "influx_t", "selevel": "s0:c1"}
    where: dict[str, Any] = {"environment": {"PYTHONPATH": str(patched)}}
    run = play(
        ansible,
        task("new", options, **where),
        task("again", options, **where),
        task("other type", {**options, "setype": "other_t"}, **where),
        task("edit", {**options, "setype": "other_t", "host": "two.example.com"}, **where),
    )
    assert [run.result(name)["changed"] for name in ("new", "again", "other type", "edit")] == [True, False, True, True]
    found = json.loads(contexts.read_text())
    assert found[str(path.stat().st_ino)] == "system_u:object_r:other_t:s0:c1"


def test_a_read_only_file_system_is_a_clear_error(ansible: Ansible, tmp_path: Path) -> None:
    path = tmp_path / "disk" / "config.toml"
    path.parent.mkdir()
    path.write_bytes(WRITTEN)
    path.chmod(0o600)
    # An interpreter for which the directory is mounted read-only; for nobody else, and only while it runs.
    python = tmp_path / "python"
    disk = path.parent
    mount = f'mount --bind {disk} {disk} && mount -o remount,ro,bind {disk} && exec {sys.executable} "$@"'
    python.write_text(f"#!/bin/sh\nexec unshare --mount --map-root-user sh -c '{mount}' sh \"$@\"\n")
    python.chmod(0o755)
    if subprocess.run([python, "-c", ""], check=False, capture_output=True).returncode:
        pytest.skip("this machine allows no mount namespaces")
    new = disk / "missing" / "config.toml"
    tasks = [
        task(name, {**NEW, "path": str(where), "backup": True}, ignore_errors=True)
        for name, where in (("existing", path), ("new", disk / "new.toml"), ("parents", new))
    ]
    run = play(ansible, *tasks, ansible_python_interpreter=str(python))
    assert [result["failure"]["code"] for result in run.failures] == ["unwritable"] * 3
    assert all(os.strerror(errno.EROFS) in result["msg"] for result in run.failures)
    assert path.read_bytes() == WRITTEN
    assert list(disk.iterdir()) == [path]


def test_a_link_is_followed_and_stays(ansible: Ansible, tmp_path: Path) -> None:
    real, link, dangling = (tmp_path / "out" / name for name in ("dotfiles/influxctl.toml", "link.toml", "dangling"))
    real.parent.mkdir(parents=True)
    real.write_bytes(WRITTEN)
    link.symlink_to("dotfiles/influxctl.toml")
    dangling.symlink_to("elsewhere/config.toml")
    loop = tmp_path / "out" / "loop"
    loop.symlink_to("loop")
    run = play(
        ansible,
        task("link", {**NEW, "path": str(link)}),
        task("dangling", {**NEW, "path": str(dangling)}),
        task("loop", {**NEW, "path": str(loop)}, ignore_errors=True),
    )
    assert link.is_symlink()
    assert dangling.is_symlink()
    assert run.result("link")["path"] == str(real)
    assert CANARY in real.read_text()
    assert CANARY in (tmp_path / "out" / "elsewhere" / "config.toml").read_text()
    assert run.result("loop")["failure"]["code"] == "unreadable"


def test_only_what_is_asked_for_changes_and_the_backup_is_private(ansible: Ansible, tmp_path: Path) -> None:
    path = tmp_path / "out" / "config.toml"
    path.parent.mkdir()
    path.write_bytes(WRITTEN)
    path.chmod(0o644)
    options = {"name": "default", "mgmt_token": CANARY, "path": str(path), "backup": True}
    run = play(ansible, task("check", options, check_mode=True), task("first", options), task("second", options))
    assert path.read_bytes() == WRITTEN.replace(b"M.V1.oldoldoldold", CANARY.encode())
    backup = Path(run.result("first")["backup_file"])
    assert (backup.read_bytes(), mode(backup), mode(path)) == (WRITTEN, 0o600, 0o600)
    assert [run.result(name)["changed"] for name in ("check", "first", "second")] == [True, True, False]
    assert "backup_file" not in run.result("second")
    assert set(path.parent.iterdir()) == {path, backup}
    for name in ("check", "first"):
        assert [run.result(name)["diff"][side]["mode"] for side in ("before", "after")] == ["0644", "0600"]


def test_the_mode_alone_is_a_change(ansible: Ansible, tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(WRITTEN)
    path.chmod(0o644)
    options = {"name": "default", "path": str(path)}
    run = play(
        ansible,
        task("check", options, check_mode=True),
        task("wide", {**options, "mode": "0640"}),
        task("again", {**options, "mode": "0640"}),
        task("private", options),
        task("info", {"path": str(path)}, INFO),
    )
    assert [run.result(name)["changed"] for name in ("check", "wide", "again", "private")] == [True, True, False, True]
    assert run.result("info")["file"]["mode"] == "0600"
    assert path.read_bytes() == WRITTEN


def test_the_default_path_is_influxctls_own(ansible: Ansible, tmp_path: Path) -> None:
    xdg = tmp_path / "xdg"
    run = play(
        ansible,
        task("home", NEW),
        task("xdg", NEW, environment={"XDG_CONFIG_HOME": str(xdg)}),
        task("info", {}, INFO, environment={"XDG_CONFIG_HOME": str(xdg)}),
    )
    home = ansible.home / ".config" / "influxctl" / "config.toml"
    assert run.result("home")["path"] == str(home)
    assert run.result("xdg")["path"] == run.result("info")["file"]["path"] == str(xdg / "influxctl" / "config.toml")
    assert [mode(path) for path in (home, home.parent, home.parent.parent)] == [0o600, 0o700, 0o700]


def test_macos_has_a_path_of_its_own(ansible: Ansible, tmp_path: Path) -> None:
    patched = tmp_path / "darwin"
    patched.mkdir()
    (patched / "sitecustomize.py").write_text("import platform\nplatform.system = lambda: 'Darwin'\n")
    run = play(ansible, task("mac", NEW, environment={"PYTHONPATH": str(patched)}))
    expected = ansible.home / "Library" / "Application Support" / "influxctl" / "config.toml"
    assert run.result("mac")["path"] == str(expected)
    assert expected.is_file()


def test_keys_that_influxctl_refuses_are_warned_about_and_stay(ansible: Ansible, tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    old = b'account_id = "canaryToken"\n\n' + WRITTEN + b'mgmt_tokens = "canaryToken"\r\n'
    path.write_bytes(old)
    options = {"name": "default", "host": "new.example.com", "path": str(path)}
    run = play(
        ansible,
        task("check", options, check_mode=True),
        task("write", options),
        task("info", {"path": str(path)}, INFO),
        task("away", {**NEW, "path": str(path), "exclusive": True}),
    )
    expected = [(None, "account_id"), ("default", "tls.mgmt_tokens")]
    for name in ("check", "write", "info"):
        result = run.result(name)
        assert [(one["profile"], one["key"]) for one in result["refused_keys"]] == expected
        (sentence,) = result["warnings"]
        assert all(word in sentence for word in (str(path), "account_id", "tls.mgmt_tokens", "1.x"))
    # What influxctl says is that there is something; here it stands what.
    assert [one["key"] for one in run.result("away")["refused_keys"]] == ["account_id"]
    assert path.read_bytes().startswith(b'account_id = "canaryToken"\n\n# by hand\r\n')


def test_a_byte_order_mark_is_named_and_stays(ansible: Ansible, tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(b"\xef\xbb\xbf" + WRITTEN)
    run = play(
        ansible,
        task("write", {**NEW, "path": str(path)}, ignore_errors=True),
        task("info", {"path": str(path)}, INFO, ignore_errors=True),
    )
    for name in ("write", "info"):
        assert "byte order mark" in run.result(name)["msg"]
    assert path.read_bytes() == b"\xef\xbb\xbf" + WRITTEN


def test_kinds_of_authentication_take_each_others_place(ansible: Ansible, tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(WRITTEN)
    oauth2 = {"client_id": "x", "parameters": {"audience": "a", "client_secret": "canaryParameter"}}
    switch = {"name": "default", "path": str(path), "exclusive_auth": True}
    kinds: dict[str, dict[str, Any]] = {
        "oauth2": {"auth": {"oauth2": oauth2}},
        "token_file": {"auth": {"token": {"token_file": "/t"}}},
        "mgmt_token": {"mgmt_token": CANARY},
    }
    for kind, options in kinds.items():
        run = play(ansible, task("switch", {**switch, **options}), task("again", {**switch, **options}))
        assert run.result("switch")["profile"]["auth"] == kind
        assert [run.result(name)["changed"] for name in ("switch", "again")] == [True, False]
        (profile,) = tomllib.loads(path.read_text())["profile"]
        assert {"auth" in profile, "mgmt_token" in profile} == {True, False}
    assert path.read_bytes() == WRITTEN.replace(
        b'mgmt_token = "M.V1.oldoldoldold"', b'mgmt_token = "%b"' % CANARY.encode()
    )


BESIDE = {"auth": {"oauth2": {"client_id": "a", "parameters": {"client_secret": "canaryParameter"}}}}
# Real changes that the public keys of a profile don't show.
UNSEEN: dict[str, dict[str, Any]] = {
    "client_id": {"auth": {"oauth2": {"client_id": "b"}}},
    "parameter": {"auth": {"oauth2": {"parameters": {"client_secret": "canaryToken"}}}},
    "token file beside": {"auth": {"token": {"token_file": "/t"}}},
    "no other auth": {"mgmt_token": "{{ canary }}", "exclusive_auth": True},
    "token": {"token": "canaryToken"},
    "only what is known": {**NEW, **BESIDE, "exclusive": True},
}


def test_every_change_is_in_the_diff(ansible: Ansible, tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    start: dict[str, Any] = {"path": str(path), **NEW, **BESIDE}
    run = play(ansible, task("start", start))
    path.write_bytes(path.read_bytes().replace(b"mgmt_token", b'"x-owner" = "canaryToken"\nmgmt_token'))
    tasks = [task(name, {"name": "default", "path": str(path), **options}) for name, options in UNSEEN.items()]
    run = play(ansible, *(one | {"check_mode": True} for one in tasks), task("same", start))
    for name in UNSEEN:
        result = run.result(name)
        assert result["changed"], name
        assert result["diff"]["before"] != result["diff"]["after"], name
    assert run.result("same")["diff"]["before"] == run.result("same")["diff"]["after"]
    assert run.result("same")["profile"]["auth"] == "mgmt_token"


def test_many_profiles_are_written_at_once_and_each_is_reported(ansible: Ansible, tmp_path: Path) -> None:
    path = tmp_path / "out" / "config.toml"
    path.parent.mkdir()
    path.write_bytes(WRITTEN + b"\r\n# old\r\n[[profile]]\r\nname = 'old'\r\n")
    options = {
        "path": str(path),
        "backup": True,
        "profiles": [
            {"name": "default", "mgmt_token": CANARY},
            {"name": "old", "state": "absent"},
            {"name": "query", "product": "clustered", "host": "q.example.com", "token": "canaryToken",
             "auth": {"oauth2": {"parameters": {"password": "canaryParameter"}}}, "tls": {"insecure": True}},
            {"name": "never", "state": "absent"},
        ],
    }  # fmt: skip
    run = play(ansible, task("check", options, check_mode=True), task("first", options), task("second", options))
    for name, changed in (("check", [True, True, True, False]), ("first", [True, True, True, False])):
        entries = run.result(name)["profiles"]
        assert [entry["name"] for entry in entries] == ["default", "old", "query", "never"]
        assert [entry["changed"] for entry in entries] == changed
        assert [entry["profile"] and entry["profile"]["auth"] for entry in entries] == [
            "mgmt_token", None, "oauth2", None,
        ]  # fmt: skip
    assert run.result("second")["changed"] is False
    assert len(list(path.parent.glob("config.toml.*"))) == 1
    text = path.read_bytes().decode()
    assert text.startswith(WRITTEN.decode().replace("M.V1.oldoldoldold", CANARY))
    assert [profile["name"] for profile in tomllib.loads(text)["profile"]] == ["default", "query"]
    diff = run.result("first")["diff"]
    assert [side["mgmt_token"] for side in (diff["before"]["profiles"][0], diff["after"]["profiles"][0])] == [
        "********", "******** (changed)",
    ]  # fmt: skip


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_owner_and_group_are_set_before_the_file_holds_anything(ansible: Ansible, tmp_path: Path) -> None:
    path = tmp_path / "out" / "config.toml"
    run = play(ansible, task("write", {**NEW, "path": str(path), "owner": "nobody", "group": "0"}))
    assert run.result("write")["changed"]
    assert (path.stat().st_uid, path.stat().st_gid, mode(path)) == (65534, 0, 0o600)
    assert path.parent.stat().st_uid == 65534
