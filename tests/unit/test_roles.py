# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules that every role, playbook and example of tasks keeps, because Ansible gives no sign where they are broken."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.install import CHECKOUT

TASKS = sorted([*CHECKOUT.glob("roles/*/tasks/*.yml"), *CHECKOUT.glob("docs/stores/*/*.yml")])
PLAYBOOKS = sorted(CHECKOUT.glob("playbooks/*.yml"))
NAMES = {path: str(path.relative_to(CHECKOUT)) for path in TASKS + PLAYBOOKS}


def tasks_of(
    entries: list[dict[str, Any]], above: tuple[dict[str, Any], ...] = ()
) -> Iterator[tuple[dict[str, Any], ...]]:
    """Each task and block of a file with the blocks that it is in, the outermost first."""
    for entry in entries:
        yield (*above, entry)
        for part in ("block", "rescue", "always"):
            yield from tasks_of(entry.get(part, []), (*above, entry))


def test_all_are_found() -> None:
    assert len(TASKS) > 15
    assert len(PLAYBOOKS) >= 4


@pytest.mark.parametrize("path", TASKS, ids=NAMES.get)
def test_no_condition_guards_a_rescue(path: Path) -> None:
    """The rescue inherits it, and Ansible reads it anew for each task: what fails may end as a success."""
    for line in tasks_of(yaml.safe_load(path.read_text())):
        if "rescue" in line[-1]:
            assert [one["name"] for one in line if "when" in one] == []


@pytest.mark.parametrize("path", TASKS, ids=NAMES.get)
def test_who_else_does_a_task_has_rights_of_its_own(path: Path) -> None:
    """The fleet's ansible_become, in group_vars/all, beats the keyword.

    The action fleet_step sees to it by itself, and a fact is kept on the controller without any rights.
    """
    without_rights = {"influxops.influxdb3.fleet_step", "ansible.builtin.set_fact"}
    for line in tasks_of(yaml.safe_load(path.read_text())):
        if "delegate_to" in line[-1] and not without_rights & set(line[-1]):
            assert any("ansible_become" in one.get("vars", {}) for one in line), line[-1]["name"]


@pytest.mark.parametrize("path", TASKS, ids=NAMES.get)
def test_a_condition_takes_a_text_for_true_or_false(path: Path) -> None:
    """AWX and `-e` give texts. ansible-core 2.21 refuses one as a condition, and up to 2.18 "false" counts as true."""
    booleans = list(booleans_of(path.parents[1] / "meta" / "argument_specs.yml"))
    for line in tasks_of(yaml.safe_load(path.read_text())):
        when = line[-1].get("when", [])
        for condition in when if isinstance(when, list) else [when]:
            for name in booleans:
                uses = re.findall(
                    rf"\b{re.escape(name)}\b(?: *\| *default\([^)]*\))?(.*?)(?= or | and |$)", str(condition)
                )
                assert all(rest.strip().startswith("| bool") for rest in uses), (line[-1]["name"], name)


def booleans_of(specs: Path) -> Iterator[str]:
    """The role's variables that are true or false, and such options of one that has options: `variable.option`."""
    if not specs.exists():
        return
    for entry in yaml.safe_load(specs.read_text())["argument_specs"].values():
        for name, option in entry.get("options", {}).items():
            if option.get("type") == "bool":
                yield name
            if option.get("type") == "dict":
                inner = option.get("options", {})
                yield from (f"{name}.{one}" for one in inner if inner[one].get("type") == "bool")


@pytest.mark.parametrize("path", TASKS, ids=NAMES.get)
def test_no_message_of_a_users_task_is_repeated(path: Path) -> None:
    """It may hold the secret that the task was given, and the task's no_log isn't that of whoever repeats it."""
    assert "ansible_failed_result" not in path.read_text()


@pytest.mark.parametrize("path", PLAYBOOKS, ids=NAMES.get)
def test_the_controllers_plays_have_no_rights_of_the_fleet(path: Path) -> None:
    for play in yaml.safe_load(path.read_text()):
        if play["hosts"] == "localhost":
            assert play["vars"]["ansible_become"] is False
