# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lookup secret: finds what secret_file has kept, and refuses what nobody should rely on."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from harness.playbook import Ansible, Run
from harness.plays import connection, local_play
from harness.sweeps import assert_no_secret
from simulator import Simulator

CANARY = "apiv1_canaryThatMustNeverShowUp" + "a" * 40
NOBODY = 65534


def lookup(term: str, **options: str) -> str:
    """The template with the lookup."""
    arguments = "".join(f", {name}='{value}'" for name, value in options.items())
    return "{{ lookup('influxops.influxdb3.secret', '%s'%s) }}" % (term, arguments)  # noqa: UP031


def keep(path: Path, content: Any = None, **keys: Any) -> Path:
    """Write a private file, as secret_file does unless the content is given."""
    secret = {"id": "1", "description": "d", "token": CANARY, "created_at": None, "expires_at": None, **keys}
    path.write_text(json.dumps(secret) if content is None else content)
    path.chmod(0o600)
    return path


def copy(template: str, dest: Path) -> dict[str, Any]:
    return {"ansible.builtin.copy": {"content": template, "dest": str(dest), "mode": "0600"}, "no_log": True}


def play(ansible: Ansible, *tasks: dict[str, Any], defaults: dict[str, Any] | None = None) -> Run:
    run = ansible.playbook(local_play(list(tasks), defaults or {}))
    assert_no_secret(run.output, [CANARY])
    return run


def refused(ansible: Ansible, *templates: str) -> list[str]:
    """What Ansible says of lookups that fail, without no_log: nothing secret is in it."""
    names = [f"task {number}" for number, _template in enumerate(templates)]
    tasks = [
        {"name": name, "ansible.builtin.debug": {"msg": template}, "ignore_errors": True}
        for name, template in zip(names, templates, strict=True)
    ]
    run = play(ansible, *tasks)
    assert run.failed == names, run.output
    assert "Traceback" not in run.output
    return [failure["msg"] for failure in run.failures]


def test_what_a_task_has_kept_is_found_by_path_and_by_description(
    ansible: Ansible, sim: Simulator, tmp_path: Path
) -> None:
    """In the same play, and anew after a renewal: nothing is cached, though the template is the same."""
    kept, used = tmp_path / "secrets" / "telegraf_1.json", tmp_path / "used"
    token = {"description": "telegraf 1", "secret_file": str(kept)}
    by_description = lookup("telegraf 1", directory=str(kept.parent))
    tasks: list[dict[str, Any]] = [
        {"influxops.influxdb3.db_token": token},
        copy(by_description, used),
        {"influxops.influxdb3.db_token": {**token, "expires_at": "2099-01-01T00:00:00Z"}},
        copy(by_description, tmp_path / "renewed"),
        copy(lookup("secrets/telegraf_1.json"), tmp_path / "by path"),
    ]
    run = play(ansible, *tasks, defaults=connection(sim))
    assert run.code == 0, run.output
    assert_no_secret(run.output, sim.secrets)
    first, second = (token.secret for token in sim.state.db_tokens)
    assert [(tmp_path / name).read_text() for name in ("used", "renewed", "by path")] == [first, second, second]


def test_a_description_is_taken_as_it_is(ansible: Ansible, tmp_path: Path) -> None:
    """Not as a pattern, nor as a part; other files, broken ones among them, are passed over."""
    directory = tmp_path / "kept"
    (directory / "inner").mkdir(parents=True)
    keep(directory / "a.json", description="host1")
    keep(directory / "b.json", description="host1*", token="apiv1_" + "other" * 16)
    keep(directory / "broken.json", '{"id": "1", "token": ')
    keep(directory / ".a.json.new", description="host1")
    keep(directory / "inner" / "c.json", description="host1")
    (directory / "link.json").symlink_to(directory / "a.json")
    os.mkfifo(directory / "fifo")
    run = play(ansible, copy(lookup("host1", directory=str(directory)), tmp_path / "used"))
    assert run.code == 0, run.output
    assert (tmp_path / "used").read_text() == CANARY


def test_what_nobody_should_rely_on_is_refused_with_a_sentence(ansible: Ansible, tmp_path: Path) -> None:
    wrong = {
        "expired": (keep(tmp_path / "expired", expires_at="2020-01-01T00:00:00Z"), "has ended at 2020-01-01T00:00:00Z"),
        "no time": (keep(tmp_path / "time", expires_at="soon"), "'soon' is not an RFC 3339 time"),
        "missing": (tmp_path / "missing", "There is no secret at"),
        "broken": (keep(tmp_path / "broken", f'{{"id": "1", "token": "{CANARY}"'), "holds no token"),
        "other JSON": (keep(tmp_path / "other", f'{{"secret": "{CANARY}"}}'), "holds no token"),
        "no secret": (keep(tmp_path / "none", token=f"{CANARY} "), "holds no token"),
        "a number": (keep(tmp_path / "number", expires_at=1893456000), "holds no token"),
        "others": (keep(tmp_path / "others"), "is not private: its mode is 0640"),
        "directory": (tmp_path, os.strerror(21)),
        "link": (tmp_path / "link", "it is a symbolic link"),
        "large": (keep(tmp_path / "large", " " * 5_000_000), "larger than"),
    }
    (tmp_path / "others").chmod(0o640)
    (tmp_path / "link").symlink_to(keep(tmp_path / "target"))
    said = refused(ansible, *(lookup(str(path)) for path, _words in wrong.values()))
    assert [(case, message) for (case, (path, words)), message in zip(wrong.items(), said, strict=True)
            if words not in message or str(path) not in message] == []  # fmt: skip


def test_a_description_that_is_not_there_once_is_refused(ansible: Ansible, tmp_path: Path) -> None:
    directory = tmp_path / "kept"
    directory.mkdir()
    for name in ("b.json", "a.json"):
        keep(directory / name, description="twice")
    keep(directory / "expired.json", description="expired", expires_at="2020-01-01T00:00:00Z")
    keep(directory / "large.json", " " * 5_000_000)
    none, twice, expired, nowhere = refused(
        ansible,
        *(lookup(name, directory=str(directory)) for name in ("never", "twice", "expired")),
        lookup("never", directory=str(tmp_path / "nowhere")),
    )
    assert f"No file in {directory} has the description 'never'" in none
    assert "large.json" in none
    assert f"2 files in {directory} have the description 'twice': a.json, b.json" in twice
    assert "has ended at" in expired
    assert f"{tmp_path / 'nowhere'} can't be read: {os.strerror(2)}" in nowhere


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_of_somebody_elses_is_refused(ansible: Ansible, tmp_path: Path) -> None:
    os.chown(keep(tmp_path / "theirs"), NOBODY, NOBODY)
    (message,) = refused(ansible, lookup(str(tmp_path / "theirs")))
    assert "belongs to the user 65534" in message
