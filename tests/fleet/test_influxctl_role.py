# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role influxctl from archives: what it installs, and what it leaves alone when anything goes wrong."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from fleet import Fleet, Host
from fleet.packages import ARCHITECTURES, archive, checksum, program, web_server
from harness.playbook import Ansible, Run

ROLE = "influxops.influxdb3.influxctl"
OLD, NEW = "2.11.0", "2.12.0"
# The interpreter beneath the virtual environment, as the fleet has it.
PYTHON = getattr(sys, "_base_executable", sys.executable)
NOTHING = "sha256:" + "0" * 64


@dataclass
class Site:
    """A host, a mirror for it, and the role."""

    ansible: Ansible
    fleet: Fleet
    mirror: Path
    url: str
    paths: list[str]

    @property
    def host(self) -> Host:
        """The host."""
        return self.fleet.hosts[0]

    @property
    def program(self) -> Path:
        """Where the program shall be."""
        return self.host.home / "bin" / "influxctl"

    def variables(self, version: str, **more: Any) -> dict[str, Any]:
        """What to install from the mirror: an archive that lies there."""
        path = self.mirror / f"influxctl-v{version}-linux-x86_64.tar.gz"
        return {
            "influxctl_source": "archive",
            "influxctl_version": version,
            "influxctl_archive_url": self.url
            + "/influxctl-v{{ influxctl_version }}-linux-{{ influxctl_architecture }}.tar.gz",
            "influxctl_archive_checksum": checksum(path) if path.exists() else NOTHING,
            "influxctl_install_path": str(self.program),
            **more,
        }

    def run(self, *flags: str, **variables: Any) -> Run:
        """Apply the role."""
        return self.play([{"name": "Apply", "ansible.builtin.import_role": {"name": ROLE}}], *flags, **variables)

    def play(self, tasks: list[dict[str, Any]], *flags: str, **variables: Any) -> Run:
        """Run tasks on the host."""
        play = {"hosts": "all", "gather_facts": False, "tasks": tasks}
        return self.ansible.playbook(
            [play],
            *flags,
            variables=variables,
            inventory=self.fleet.inventory,
            environment={"ANSIBLE_PIPELINING": "true"},
        )

    def install(self, version: str) -> None:
        """Have a version installed before."""
        self.program.write_bytes(program(version))
        self.program.chmod(0o755)

    def version(self) -> str:
        """What the installed program says of itself."""
        return subprocess.run([self.program, "version"], capture_output=True, text=True, check=True).stdout

    def files(self) -> dict[str, bytes]:
        """All that lies in the program's directory, but the stand-in's log."""
        directory = self.program.parent
        paths = [path for path in directory.rglob("*") if path.suffix != ".log"]
        return {str(path.relative_to(directory)): path.read_bytes() if path.is_file() else b"" for path in paths}


@pytest.fixture
def site(ansible: Ansible, tmp_path: Path) -> Iterator[Site]:
    mirror = tmp_path / "mirror"
    mirror.mkdir()
    with Fleet(size=1) as fleet, web_server(mirror) as server:
        yield Site(ansible, fleet, mirror, server.url, server.paths)


def assert_one_change(site: Site, expected: str | None, **variables: Any) -> None:
    """Check mode foretells what is changed, the role changes it, and a second run finds nothing to do."""
    before = site.files()
    check = site.run("--check", **variables)
    assert (check.code, site.files()) == (0, before), check.output
    assert site.paths == []
    first = site.run(**variables)
    assert first.code == 0, first.output
    assert check.changed == first.changed
    assert len(first.changed) == 1
    assert set(site.files()) == (set() if expected is None else {"influxctl"}), "nothing else is left there"
    if expected:
        assert site.version() == f"influxctl {expected}\n"
        assert site.program.stat().st_mode & 0o7777 == 0o755
        assert len(site.paths) == 1
    site.paths.clear()
    second = site.run(**variables)
    assert (second.code, second.changed) == (0, []), second.output
    assert site.paths == [], "nothing is fetched where nothing is to be done"


@pytest.mark.parametrize(
    ("installed", "wanted"),
    [
        pytest.param(OLD, NEW, id="upgrade", marks=pytest.mark.complete),
        pytest.param(None, NEW, id="install", marks=pytest.mark.complete),
        pytest.param(NEW, OLD, id="downgrade", marks=pytest.mark.complete),
    ],
)
def test_the_version_that_is_asked_for_is_installed_from_an_archive(
    site: Site, installed: str | None, wanted: str
) -> None:
    archive(site.mirror, wanted)
    if installed:
        site.install(installed)
    assert_one_change(site, wanted, **site.variables(wanted))


@pytest.mark.complete
def test_what_a_run_that_was_killed_has_left_is_removed(site: Site) -> None:
    """But not the directory of a run that is at work now."""
    archive(site.mirror, NEW)
    for name, hours in (("left", 2), ("at_work", 0)):
        directory = site.program.parent / f".influxctl-{name}"
        directory.mkdir()
        (directory / "influxctl.tar.gz").touch()
        begun = time.time() - hours * 3600
        os.utime(directory, (begun, begun))
    run = site.run(**site.variables(NEW))
    assert run.code == 0, run.output
    assert len(run.changed) == 1
    assert set(site.files()) == {"influxctl", ".influxctl-at_work", ".influxctl-at_work/influxctl.tar.gz"}


@pytest.mark.complete
def test_the_program_is_removed(site: Site) -> None:
    site.install(OLD)
    assert_one_change(
        site, None, influxctl_source="archive", influxctl_state="absent", influxctl_install_path=str(site.program)
    )


@pytest.mark.parametrize("machine", ["aarch64", "x86_64"])
@pytest.mark.complete
def test_each_architecture_has_its_own_archive(site: Site, machine: str) -> None:
    wanted = {"x86_64": "x86_64", "aarch64": "arm64"}[machine]
    sums = {name: checksum(archive(site.mirror, NEW, name)) for name in ARCHITECTURES}
    facts = {"name": "Have the architecture", "ansible.builtin.set_fact": {"ansible_facts": {"architecture": machine}}}
    role = {"name": "Apply", "ansible.builtin.import_role": {"name": ROLE}}
    run = site.play([facts, role], **site.variables(NEW, influxctl_archive_checksum=sums))
    assert run.code == 0, run.output
    assert site.paths == [f"/influxctl-v{NEW}-linux-{wanted}.tar.gz"]


Case = tuple[dict[str, Any], str]
# Ansible's own modules fail there, and say so in their own words.
DOWNLOAD, UNPACK = "Download the archive: ", "Unpack it: "


def common_failures(site: Site) -> dict[str, Case]:
    """What may well go wrong: the variables of the role, and the task that fails or a part of what the role says."""
    archive(site.mirror, NEW)
    directory = str(site.program.parent)
    return {
        "wrong checksum": (site.variables(NEW, influxctl_archive_checksum=NOTHING), DOWNLOAD),
        "missing version": (site.variables("2.99.0"), DOWNLOAD),
        "into a directory": (site.variables(NEW, influxctl_install_path=directory), "is a directory"),
        "a directory away": (
            site.variables(NEW, influxctl_install_path=directory, influxctl_state="absent"),
            "is a directory",
        ),
    }


def rare_failures(site: Site) -> dict[str, Case]:
    """What is wrong in the archive itself, or in the variables."""
    archive(site.mirror, NEW)
    lying = archive(site.mirror, "2.9.9", content=program("2.9.9", really="2.10.0"))
    broken = archive(site.mirror, "2.9.8", content=b"\x7fELF of another machine")
    page = site.mirror / "influxctl-v2.9.7-linux-x86_64.tar.gz"
    page.write_bytes(b"<html>Please log in</html>")
    return {
        "another version": (site.variables("2.9.9", influxctl_archive_checksum=checksum(lying)), "influxctl 2.10.0"),
        "doesn't run": (site.variables("2.9.8", influxctl_archive_checksum=checksum(broken)), "exits with 8"),
        "no archive": (site.variables("2.9.7", influxctl_archive_checksum=checksum(page)), UNPACK),
        "no checksum": (site.variables(NEW, influxctl_archive_checksum={"mips": NOTHING}), "nothing about x86_64"),
        "no version": (site.variables(NEW, influxctl_version="latest"), "a whole version"),
    }


@pytest.mark.parametrize("make", [common_failures, pytest.param(rare_failures, marks=pytest.mark.complete)])
def test_a_failure_leaves_the_old_program(site: Site, make: Callable[[Site], dict[str, Case]]) -> None:
    site.install(OLD)
    before = site.files()
    cases = make(site)
    look = {"ansible.builtin.find": {"paths": str(site.program.parent), "hidden": True, "file_type": "any"}}
    tasks = [
        {
            "name": case,
            "block": [{"name": "Apply", "ansible.builtin.include_role": {"name": ROLE}, "vars": variables}],
            "rescue": [look | {"name": f"Look after {case}"}],
        }
        for case, (variables, *_) in cases.items()
    ]
    run = site.play(tasks)
    assert run.code == 0, run.output
    said = [f"{task}: {failure}" for task, failure in zip(run.failed, run.failures, strict=True)]
    for (case, (*_, expected)), message in zip(cases.items(), said, strict=True):
        assert expected in message, case
        left = {Path(entry["path"]).name for entry in run.result(f"Look after {case}")["files"]}
        assert left - {"influxctl.log"} == {"influxctl"}, case
    assert run.changed == []
    assert site.files() == before
    assert site.version() == f"influxctl {OLD}\n"
    site.run(**site.variables(NEW))
    assert site.version() == f"influxctl {NEW}\n", "no failure stands in the way of the next run"


@pytest.mark.parametrize(
    ("content", "step"),
    [
        pytest.param(random.Random(6).randbytes(4_000_000), "Download the archive", id="download"),
        pytest.param(bytes(4_000_000), "Unpack it", id="unpack"),
    ],
)
@pytest.mark.complete
def test_a_full_disk_leaves_the_old_program(site: Site, tmp_path: Path, content: bytes, step: str) -> None:
    """No file may grow beyond 2 MB: for whoever writes it, that is a disk that takes no more."""
    site.install(OLD)
    before = site.files()
    archive(site.mirror, NEW, content=program(NEW) + b"\n# " + content)
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nulimit -f 4096\nexec {PYTHON} "$@"\n')
    python.chmod(0o755)
    run = site.run(ansible_python_interpreter=str(python), **site.variables(NEW))
    assert run.code == 2
    assert run.failed == [step]
    assert run.changed == []
    assert site.files() == before
    assert site.version() == f"influxctl {OLD}\n"
