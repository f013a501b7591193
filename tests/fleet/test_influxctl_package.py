# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role influxctl from package repositories: apt's and dnf's, for real, below a directory."""

from __future__ import annotations

import configparser
import os
import random
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from fleet import Fleet
from fleet.apt import AptRepository, AptRoot
from fleet.packages import WebServer, program, web_server
from fleet.rpm import RpmRepository, RpmRoot
from harness.playbook import Ansible, Run

OLD, NEW = "2.11.0", "2.12.0"


def has_python_apt() -> bool:
    """Whether Ansible's module for apt finds what it needs. Without it, it would install that on this machine."""
    return subprocess.run(["/usr/bin/python3", "-c", "import apt"], capture_output=True, check=False).returncode == 0


needs_apt = pytest.mark.skipif(not has_python_apt(), reason="needs Debian's python3-apt")


DNF_NEEDS = ("dnf", "rpm", "rpmbuild", "rpmsign", "createrepo_c", "gpg")
needs_dnf = pytest.mark.skipif(
    os.geteuid() != 0 or not all(map(shutil.which, DNF_NEEDS)),
    reason="needs root, and Debian's dnf, rpm, createrepo-c and gpg",
)


@dataclass
class Site:
    """A host with packages of its own, a repository for it, and the role.

    Attributes:
        play: the keywords that make the package manager work there; settings: the role's variables for the repository.
    """

    ansible: Ansible
    fleet: Fleet
    root: AptRoot | RpmRoot
    repository: AptRepository | RpmRepository
    server: WebServer
    play: dict[str, Any]
    settings: dict[str, Any]

    def run(self, *flags: str, **variables: Any) -> Run:
        """Apply the role with the repository and further variables."""
        play = {"hosts": "all", "gather_facts": False, **self.play, "roles": ["influxops.influxdb3.influxctl"]}
        settings = {
            "influxctl_key_url": f"{self.server.url}/influxdata-archive.key",
            "influxctl_key_fingerprints": [self.repository.fingerprint],
            **self.settings,
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
        if not self.root.program.exists():
            return None
        return subprocess.run([self.root.program, "version"], capture_output=True, text=True, check=True).stdout

    def files(self) -> dict[Path, bytes]:
        """What tells the package manager where to look and whom to trust."""
        return {path: path.read_bytes() for path in (self.root.directory / "etc").rglob("*") if path.is_file()}


@pytest.fixture
def mirror(tmp_path: Path) -> Path:
    """The directory that the web server serves."""
    mirror = tmp_path / "mirror"
    mirror.mkdir()
    return mirror


@pytest.fixture
def site(ansible: Ansible, tmp_path: Path, mirror: Path) -> Iterator[Site]:
    """A host with apt, and a repository that has two versions."""
    repository = AptRepository(mirror / "apt", OLD, NEW)
    (mirror / "influxdata-archive.key").write_text(repository.key)
    root = AptRoot(tmp_path / "root")
    root.make()
    etc = root.directory / "etc" / "apt"
    with Fleet(size=1) as fleet, web_server(mirror) as server:
        settings = {
            "influxctl_apt_repository": f"{server.url}/apt ./",
            "influxctl_apt_key_path": str(etc / "keyrings" / "influxdata-archive.asc"),
            "influxctl_apt_source_path": str(etc / "sources.list.d" / "influxdata.list"),
        }
        yield Site(ansible, fleet, root, repository, server, {"environment": root.environment}, settings)


@pytest.fixture
def dnf_site(ansible: Ansible, tmp_path: Path, mirror: Path) -> Iterator[Site]:
    """A host with dnf, and a repository that has two versions."""
    repository = RpmRepository(mirror / "rpm", OLD, NEW)
    (mirror / "influxdata-archive.key").write_text(repository.key)
    root = RpmRoot(tmp_path / "root")
    # The machine is no Red Hat, but it has dnf.
    fact = {"name": "Have dnf", "ansible.builtin.set_fact": {"ansible_facts": {"pkg_mgr": "dnf"}}}
    play = {"module_defaults": {"ansible.builtin.dnf": root.options}, "pre_tasks": [fact]}
    with Fleet(size=1) as fleet, web_server(mirror) as server:
        root.make(fleet.hosts[0].home / "bin")
        settings = {
            "influxctl_rpm_repository": f"{server.url}/rpm",
            "influxctl_rpm_key_path": str(root.directory / "etc" / "pki" / "rpm-gpg" / "RPM-GPG-KEY-influxdata"),
            "influxctl_rpm_directory": str(root.repositories),
        }
        yield Site(ansible, fleet, root, repository, server, play, settings)


CHANGE = "Bring the package to its stated form"


def assert_one_change(site: Site, expected: str | None, **variables: Any) -> Run:
    """Check mode foretells what is changed, the role changes it, and a second run finds nothing to do."""
    before = site.files(), site.version()
    check = site.run("--check", **variables)
    assert check.code == 0, check.output
    assert (site.files(), site.version()) == before
    first = site.run(**variables)
    assert first.code == 0, first.output
    assert check.changed == first.changed
    assert first.changed[-1] == f"host1: influxops.influxdb3.influxctl : {CHANGE}"
    assert site.version() == expected
    site.server.paths.clear()
    second = site.run(**variables)
    assert (second.code, second.changed) == (0, []), second.output
    assert site.server.paths == [], "nothing is fetched where nothing is to be done"
    return first


def assert_each_change_takes_one_run(site: Site) -> None:
    """Install, downgrade, upgrade and remove the package."""
    assert_one_change(site, f"influxctl {NEW}\n")
    for version in (OLD, NEW):
        first = assert_one_change(site, f"influxctl {version}\n", influxctl_version=version)
        assert len(first.changed) == 1
    assert site.run().changed == [], "any version will do"
    assert_one_change(site, None, influxctl_state="absent")


@needs_apt
@pytest.mark.complete
def test_a_version_is_installed_with_apt(site: Site) -> None:
    first = assert_one_change(site, f"influxctl {OLD}\n", influxctl_version=OLD)
    assert len(first.changed) == 3, "the key, the repository, the package"


@needs_apt
@pytest.mark.complete
def test_a_package_is_upgraded_downgraded_and_removed(site: Site) -> None:
    assert_each_change_takes_one_run(site)


@needs_apt
@pytest.mark.complete
def test_a_missing_version_leaves_the_old_package(site: Site) -> None:
    assert site.run(influxctl_version=OLD).code == 0
    run = site.run(influxctl_version="2.99.0")
    assert run.code == 2
    assert run.failed == [CHANGE]
    assert site.version() == f"influxctl {OLD}\n"


@needs_apt
@pytest.mark.complete
def test_a_wrong_checksum_leaves_the_old_package(site: Site) -> None:
    assert site.run(influxctl_version=OLD).code == 0
    assert isinstance(site.repository, AptRepository)
    package = site.repository.package(NEW)
    right = package.read_bytes()
    package.write_bytes(right[:-100] + bytes([right[-100] ^ 1]) + right[-99:])
    run = site.run(influxctl_version=NEW)
    assert (run.code, site.version()) == (2, f"influxctl {OLD}\n")
    assert run.failed == [CHANGE]
    package.write_bytes(right)
    assert site.run(influxctl_version=NEW).code == 0
    assert site.version() == f"influxctl {NEW}\n", "no failure stands in the way of the next run"


@needs_apt
@pytest.mark.complete
def test_a_full_disk_leaves_the_old_package(site: Site, tmp_path: Path) -> None:
    """No file may grow beyond 2 MB: for whoever writes it, that is a disk that takes no more."""
    assert site.run(influxctl_version=OLD).code == 0
    assert isinstance(site.repository, AptRepository)
    site.repository.add("2.13.0", program("2.13.0") + b"\n# " + random.Random(6).randbytes(2_500_000).hex().encode())
    python = tmp_path / "python"
    python.write_text('#!/bin/sh\nulimit -f 4096\nexec /usr/bin/python3 "$@"\n')
    python.chmod(0o755)
    run = site.run(influxctl_version="2.13.0", ansible_python_interpreter=str(python))
    assert (run.code, site.version()) == (2, f"influxctl {OLD}\n")
    assert run.changed == []
    assert site.run(influxctl_version=OLD).changed == [], "dpkg knows of nothing else"
    assert site.run(influxctl_version="2.13.0").code == 0
    assert site.version() == "influxctl 2.13.0\n"


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


@needs_dnf
def test_a_version_is_installed_with_dnf(dnf_site: Site) -> None:
    assert dnf_site.run(influxctl_version=OLD).code == 0
    assert dnf_site.version() == f"influxctl {OLD}\n"


@needs_dnf
@pytest.mark.complete
def test_the_repository_is_made_known_to_dnf(dnf_site: Site) -> None:
    first = assert_one_change(dnf_site, f"influxctl {OLD}\n", influxctl_version=OLD)
    assert len(first.changed) == 4, "the key and its directory, the repository, the package"
    key = Path(dnf_site.settings["influxctl_rpm_key_path"])
    assert key.read_text() == dnf_site.repository.key
    settings = configparser.ConfigParser()
    settings.read(Path(dnf_site.settings["influxctl_rpm_directory"], "influxdata.repo"))
    assert dict(settings["influxdata"]) == {
        "name": "InfluxData Repository - Stable",
        "baseurl": f"{dnf_site.server.url}/rpm",
        "gpgcheck": "1",
        "gpgkey": f"file://{key}",
    }


@needs_dnf
@pytest.mark.complete
def test_a_package_is_upgraded_downgraded_and_removed_with_dnf(dnf_site: Site) -> None:
    assert_each_change_takes_one_run(dnf_site)


@needs_dnf
@pytest.mark.complete
def test_what_dnf_cant_install_leaves_the_old_package(dnf_site: Site, mirror: Path, tmp_path: Path) -> None:
    assert dnf_site.run(influxctl_version=OLD).code == 0
    run = dnf_site.run(influxctl_version="2.99.0")
    assert (run.code, dnf_site.version()) == (2, f"influxctl {OLD}\n")
    assert run.failed == [CHANGE]
    # The same version, but signed by a key that nobody trusts.
    repository = dnf_site.repository
    assert isinstance(repository, RpmRepository)
    shutil.copy(RpmRepository(tmp_path / "other", NEW).package(NEW), repository.package(NEW))
    repository.index()
    run = dnf_site.run(influxctl_version=NEW)
    assert (run.code, dnf_site.version()) == (2, f"influxctl {OLD}\n")
    assert run.failed == [CHANGE]
