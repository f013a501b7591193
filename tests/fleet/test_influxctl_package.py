# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role influxctl from package repositories: apt's for real, below a directory; the settings for dnf."""

from __future__ import annotations

import configparser
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from fleet import Fleet
from fleet.apt import AptRepository, AptRoot
from fleet.packages import WebServer, web_server
from harness.playbook import Ansible, Run

OLD, NEW = "2.11.0", "2.12.0"


def has_python_apt() -> bool:
    """Whether Ansible's module for apt finds what it needs. Without it, it would install that on this machine."""
    return subprocess.run(["/usr/bin/python3", "-c", "import apt"], capture_output=True, check=False).returncode == 0


needs_apt = pytest.mark.skipif(not has_python_apt(), reason="needs Debian's python3-apt")


@dataclass
class Site:
    """A host with packages of its own, a repository for it, and the role."""

    ansible: Ansible
    fleet: Fleet
    apt: AptRoot
    repository: AptRepository
    server: WebServer
    before: list[dict[str, Any]] = field(default_factory=list)

    def run(self, *flags: str, **variables: Any) -> Run:
        """Apply the role with the repository and further variables."""
        etc = self.apt.directory / "etc" / "apt"
        play = {
            "hosts": "all",
            "gather_facts": False,
            "environment": self.apt.environment,
            "pre_tasks": self.before,
            "roles": ["influxops.influxdb3.influxctl"],
        }
        settings = {
            "influxctl_apt_repository": f"{self.server.url}/apt ./",
            "influxctl_rpm_repository": f"{self.server.url}/rpm",
            "influxctl_key_url": f"{self.server.url}/influxdata-archive.key",
            "influxctl_key_fingerprints": [self.repository.fingerprint],
            "influxctl_apt_key_path": str(etc / "keyrings" / "influxdata-archive.asc"),
            "influxctl_apt_source_path": str(etc / "sources.list.d" / "influxdata.list"),
            "influxctl_rpm_key_path": str(self.apt.directory / "rpm" / "RPM-GPG-KEY-influxdata"),
            "influxctl_rpm_directory": str(self.apt.directory / "rpm"),
        }
        return self.ansible.playbook(
            [play],
            *flags,
            variables=settings | variables,
            inventory=self.fleet.inventory,
            environment={"ANSIBLE_PIPELINING": "true"},
        )

    def version(self) -> str | None:
        """What the installed program says of itself, if there is one."""
        if not self.apt.program.exists():
            return None
        return subprocess.run([self.apt.program, "version"], capture_output=True, text=True, check=True).stdout

    def files(self) -> dict[Path, bytes]:
        """What tells apt where to look and whom to trust."""
        return {path: path.read_bytes() for path in (self.apt.directory / "etc").rglob("*") if path.is_file()}


@pytest.fixture
def site(ansible: Ansible, tmp_path: Path) -> Iterator[Site]:
    with make_site(ansible, tmp_path) as site:
        yield site


@contextmanager
def make_site(ansible: Ansible, tmp_path: Path) -> Iterator[Site]:
    """A site whose repository has two versions."""
    mirror = tmp_path / "mirror"
    mirror.mkdir()
    repository = AptRepository(mirror / "apt", OLD, NEW)
    (mirror / "influxdata-archive.key").write_text(repository.key)
    apt = AptRoot(tmp_path / "root")
    apt.make()
    with Fleet(size=1) as fleet, web_server(mirror) as server:
        yield Site(ansible, fleet, apt, repository, server)


def assert_one_change(site: Site, expected: str | None, **variables: Any) -> Run:
    """Check mode foretells what is changed, the role changes it, and a second run finds nothing to do."""
    before = site.files(), site.version()
    check = site.run("--check", **variables)
    assert check.code == 0, check.output
    assert (site.files(), site.version()) == before
    first = site.run(**variables)
    assert first.code == 0, first.output
    assert check.changed == first.changed
    assert first.changed[-1] == "host1: influxops.influxdb3.influxctl : Bring the package to its stated form"
    assert site.version() == expected
    site.server.paths.clear()
    second = site.run(**variables)
    assert (second.code, second.changed) == (0, []), second.output
    assert site.server.paths == [], "nothing is fetched where nothing is to be done"
    return first


@needs_apt
@pytest.mark.complete
def test_a_version_is_installed_with_apt(site: Site) -> None:
    first = assert_one_change(site, f"influxctl {OLD}\n", influxctl_version=OLD)
    assert len(first.changed) == 3, "the key, the repository, the package"


@needs_apt
@pytest.mark.complete
def test_a_package_is_upgraded_downgraded_and_removed(site: Site) -> None:
    assert_one_change(site, f"influxctl {NEW}\n")
    for version in (OLD, NEW):
        first = assert_one_change(site, f"influxctl {version}\n", influxctl_version=version)
        assert len(first.changed) == 1
    assert site.run().changed == [], "any version will do"
    assert_one_change(site, None, influxctl_state="absent")


@needs_apt
@pytest.mark.complete
def test_a_missing_version_leaves_the_old_package(site: Site) -> None:
    assert site.run(influxctl_version=OLD).code == 0
    run = site.run(influxctl_version="2.99.0")
    assert run.code == 2
    assert "2.99.0" in str(run.failures)
    assert site.version() == f"influxctl {OLD}\n"


def test_a_key_with_another_fingerprint_is_never_trusted(site: Site) -> None:
    run = site.run(influxctl_version=NEW, influxctl_key_fingerprints=["24C975CBA61A024EE1B631787C3D57159FC2F927"])
    assert run.code == 2
    assert f"holds the key {site.repository.fingerprint}" in str(run.failures)
    assert "24C975CBA61A024EE1B631787C3D57159FC2F927" not in site.repository.key
    assert (site.files(), run.changed) == ({}, [])
    assert site.server.paths == ["/influxdata-archive.key"]


@needs_apt
@pytest.mark.complete
def test_a_repository_that_is_signed_by_another_key_installs_nothing(site: Site, tmp_path: Path) -> None:
    other = AptRepository(tmp_path / "other", NEW)
    (tmp_path / "mirror" / "influxdata-archive.key").write_text(other.key)
    run = site.run(influxctl_version=NEW, influxctl_key_fingerprints=[other.fingerprint])
    assert run.code == 2
    assert site.version() is None


@pytest.mark.complete
def test_dnf_is_told_the_repository_the_key_and_the_exact_version(site: Site) -> None:
    """There is no dnf on Debian, so its module fails here: what it is asked for is seen, and not that it does it."""
    site.before = [{"name": "Have dnf", "ansible.builtin.set_fact": {"ansible_facts": {"pkg_mgr": "dnf"}}}]
    rpm = site.fleet.hosts[0].home / "bin" / "rpm"
    rpm.write_text("#!/bin/sh\necho package influxctl is not installed\nexit 1\n")
    rpm.chmod(0o755)
    directory = site.apt.directory / "rpm"
    directory.mkdir()

    check = site.run("--check", influxctl_version=NEW)
    assert (check.code, list(directory.iterdir())) == (0, []), check.output
    run = site.run(influxctl_version=NEW)

    key = directory / "RPM-GPG-KEY-influxdata"
    assert key.read_text() == site.repository.key
    settings = configparser.ConfigParser()
    settings.read(directory / "influxdata.repo")
    assert dict(settings["influxdata"]) == {
        "name": "InfluxData Repository - Stable",
        "baseurl": f"{site.server.url}/rpm",
        "gpgcheck": "1",
        "gpgkey": f"file://{key}",
    }
    (failure,) = run.failures
    asked = failure["invocation"]["module_args"]
    assert asked["name"] == [f"influxctl-{NEW}"]
    assert (asked["state"], asked["allow_downgrade"], asked["disable_gpg_check"]) == ("present", True, False)
    assert [
        *run.changed,
        "host1: influxops.influxdb3.influxctl : Bring the package to its stated form",
    ] == check.changed

    rpm.write_text(f"#!/bin/sh\necho installed {NEW}\n")
    second = site.run(influxctl_version=NEW)
    assert (second.code, second.changed) == (0, []), second.output
