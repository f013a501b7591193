# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The reports are printed whatever the callback's settings are, and nothing in them steers a terminal or is run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from harness.playbook import Ansible
from harness.plays import local_play

LINES = ["host   state", "host2  ok", '"quoted" {{ 1 + 1 }} and \x1b[2Jmore\u202e']
SHOWN = ["host   state", "host2  ok", r'"quoted" {{ 1 + 1 }} and \x1b[2Jmore\u202e']
REPORT = {"name": "Report", "influxops.influxdb3.fleet_report": {"lines": "{{ report_lines }}", "stats": {"held": [1]}}}
# What a callback of ansible.posix does, which isn't installed here.
JSON_CALLBACK = '''
import json
from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: json
type: stdout
short_description: JSON
description: For the tests.
"""

class CallbackModule(CallbackBase):
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "json"
    found = None

    def v2_runner_on_ok(self, result):
        self.found = result._result

    def v2_playbook_on_stats(self, stats):
        print(json.dumps({"result": self.found, "stats": stats.custom}))
'''


def printed(ansible: Ansible, tmp_path: Path, *flags: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a playbook that reports, as a user does, without any -v."""
    playbook = tmp_path / "report.json"
    playbook.write_text(json.dumps(local_play([REPORT, REPORT], {})))
    callbacks = tmp_path / "callbacks"
    callbacks.mkdir()
    (callbacks / "json.py").write_text(JSON_CALLBACK)
    # A module's results are marked like this.
    texts = ", ".join(f"!unsafe {json.dumps(line)}" for line in LINES)
    (tmp_path / "variables.yml").write_text(f"report_lines: [{texts}]\n")
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(("ANSIBLE_", "INFLUX"))}
    done = subprocess.run(
        [sys.executable, "-m", "ansible", "playbook", str(playbook), "-e", "@variables.yml", *flags],
        env={
            **inherited,
            "HOME": str(ansible.home),
            "ANSIBLE_COLLECTIONS_PATH": str(ansible.collections),
            "ANSIBLE_CALLBACK_PLUGINS": str(callbacks),
            "ANSIBLE_LOCALHOST_WARNING": "false",
            "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false",
            **environment,
        },
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"ANSIBLE_DISPLAY_OK_HOSTS": "false"},
        {"ANSIBLE_DISPLAY_SKIPPED_HOSTS": "false", "ANSIBLE_DISPLAY_OK_HOSTS": "false"},
        {"ANSIBLE_CALLBACK_RESULT_FORMAT": "yaml"},
        {"ANSIBLE_STDOUT_CALLBACK": "minimal"},
        {"ANSIBLE_STDOUT_CALLBACK": "oneline"},
        {"ANSIBLE_FORCE_COLOR": "true"},
        {"ANSIBLE_STRATEGY": "free"},
    ],
    ids=str,
)
def test_the_lines_are_printed_as_they_are(settings: dict[str, str], ansible: Ansible, tmp_path: Path) -> None:
    done = printed(ansible, tmp_path, **settings)
    lines = done.stdout.splitlines()
    begin = lines.index(SHOWN[0])
    assert lines[begin : begin + len(SHOWN)] == SHOWN
    assert sum(line == SHOWN[0] for line in lines) == 2, "once for each task"
    assert "\x1b[2J" not in done.stdout + done.stderr


@pytest.mark.parametrize("flags", [(), ("--check",)])
def test_json_stays_json_and_the_statistics_add_up(flags: tuple[str, ...], ansible: Ansible, tmp_path: Path) -> None:
    done = printed(ansible, tmp_path, *flags, ANSIBLE_STDOUT_CALLBACK="json")
    found = json.loads(done.stdout)
    assert found["result"]["lines"] == SHOWN
    assert found["stats"] == {"_run": {"held": [1, 1]}}
    assert "\n".join(SHOWN) in done.stderr


def test_what_is_no_list_of_lines_is_refused(ansible: Ansible) -> None:
    task = {"name": "Report", "influxops.influxdb3.fleet_report": {"stats": {}}}
    run = ansible.playbook(local_play([task], {}))
    assert run.code == 2
    assert "lines" in run.failures[0]["msg"]


def test_files_are_written_with_what_is_no_template(ansible: Ansible, tmp_path: Path) -> None:
    """In check mode none is; where one can't be written the others are, and it is named."""
    trap = "{{ lookup('ansible.builtin.pipe', 'touch " + str(tmp_path / "trapped") + "') }} \u202e"
    paths = [tmp_path / "nowhere" / "a.txt", tmp_path / "b.txt"]
    files = [{"path": str(path), "content": "{{ texts[0] }}", "mode": "0640"} for path in paths]
    task = {"name": "Report", "influxops.influxdb3.fleet_report": {"lines": [], "files": files}}
    variables = tmp_path / "variables.yml"
    variables.write_text(f"texts: [!unsafe {json.dumps(trap)}]\n")
    play = local_play([task], {})
    checked = ansible.playbook(play, "--check", "-e", f"@{variables}")
    assert checked.failed == ["Report"]
    assert not paths[1].exists()
    run = ansible.playbook(play, "-e", f"@{variables}")
    assert run.failed == ["Report"]
    assert str(paths[0]) in run.failures[0]["msg"]
    assert paths[1].read_text() == trap
    assert paths[1].stat().st_mode & 0o777 == 0o640
    assert not (tmp_path / "trapped").exists()
