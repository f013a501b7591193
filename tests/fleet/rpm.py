# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What dnf needs: a repository of signed packages with influxctl's stand-in, and hosts with packages of their own."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from fleet.packages import program

SPEC = """\
Name: influxctl
Version: {version}
Release: 1
Summary: stand-in
License: none
BuildArch: noarch
AutoReqProv: no
%description
Stand-in.
%install
install -D -m 755 {program} %{{buildroot}}/usr/bin/influxctl
%files
/usr/bin/influxctl
"""


class RpmRepository:
    """A repository that dnf reads from the web server, its packages signed by a subkey as InfluxData's are.

    The key is gpg's, because rpm 4.18 imports none of pysequoia's.

    Attributes:
        key: the ASCII-armored public key; fingerprint: that of its primary key.
    """

    def __init__(self, directory: Path, *versions: str) -> None:
        directory.mkdir()
        self._directory = directory
        # Below /tmp, as the path of gpg-agent's socket must be short.
        with tempfile.TemporaryDirectory(dir="/tmp") as workdir:
            home = Path(workdir, "gnupg")
            home.mkdir(mode=0o700)
            try:
                self.fingerprint = _generate(home)
                self.key = _gpg(home, "--armor", "--export")
                for version in versions:
                    shutil.copy(_package(Path(workdir), home, version), directory)
            finally:
                _run("gpgconf", "--homedir", str(home), "--kill", "all")
        self.index()

    def package(self, version: str) -> Path:
        """The path of a version's package."""
        return self._directory / f"influxctl-{version}-1.noarch.rpm"

    def index(self) -> None:
        """Write the repository's index of the packages that are there."""
        _run("createrepo_c", "--quiet", str(self._directory))


def _generate(home: Path) -> str:
    """Make a primary key that certifies and a subkey that signs; return the primary key's fingerprint."""
    unlocked = ("--batch", "--passphrase", "")
    _gpg(home, *unlocked, "--quick-generate-key", "InfluxData's stand-in <test@example.com>", "ed25519", "cert")
    listed = _gpg(home, "--with-colons", "--list-keys").splitlines()
    fingerprint = next(line.split(":")[9] for line in listed if line.startswith("fpr:"))
    _gpg(home, *unlocked, "--quick-add-key", fingerprint, "ed25519", "sign")
    return fingerprint


def _gpg(home: Path, *words: str) -> str:
    return _run("gpg", "--homedir", str(home), "--quiet", *words)


def _package(workdir: Path, home: Path, version: str) -> Path:
    content = workdir / "influxctl"
    content.write_bytes(program(version))
    spec = workdir / "influxctl.spec"
    spec.write_text(SPEC.format(version=version, program=content))
    macros = {
        "_topdir": workdir, "_dbpath": workdir / "db",
        "_gpg_name": "test@example.com", "_gpg_path": home, "__gpg": shutil.which("gpg"),
    }  # fmt: skip
    words = [word for name, value in macros.items() for word in ("--define", f"{name} {value}")]
    _run("rpmbuild", *words, "--quiet", "-bb", str(spec))
    package = workdir / "RPMS" / "noarch" / f"influxctl-{version}-1.noarch.rpm"
    _run("rpmsign", *words, "--addsign", str(package))
    return package


def _run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@dataclass(frozen=True)
class RpmRoot:
    """Packages of a host's own, for dnf and rpm below a directory: the machine's are neither seen nor touched.

    Attributes:
        directory: what stands for ``/``.
    """

    directory: Path

    @property
    def program(self) -> Path:
        """Where the package puts influxctl."""
        return self.directory / "usr" / "bin" / "influxctl"

    @property
    def repositories(self) -> Path:
        """The directory of the repositories' settings."""
        return self.directory / "etc" / "yum.repos.d"

    @property
    def options(self) -> dict[str, str]:
        """What makes Ansible's module for dnf work there."""
        return {
            "installroot": str(self.directory),
            "conf_file": str(self.directory / "etc" / "dnf" / "dnf.conf"),
            "releasever": "9",
        }

    def make(self, programs: Path) -> None:
        """Make the directory, in which nothing is installed, and an rpm among the host's programs that asks there."""
        self.repositories.mkdir(parents=True)
        settings = Path(self.options["conf_file"])
        settings.parent.mkdir()
        settings.write_text(f"[main]\nreposdir={self.repositories}\nplugins=False\ngpgcheck=True\n")
        rpm = programs / "rpm"
        rpm.write_text(f'#!/bin/sh\nexec /usr/bin/rpm --root {self.directory} "$@"\n')
        rpm.chmod(0o755)
