# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What apt needs: a signed repository with influxctl's stand-in, and hosts with packages of their own."""

from __future__ import annotations

import getpass
import gzip
import hashlib
import io
import tarfile
from dataclasses import dataclass
from pathlib import Path

from pysequoia import SignatureMode, Tsk, sign

from fleet.packages import add, program


class AptRepository:
    """A repository that apt reads from the web server, signed by a subkey as InfluxData's is.

    Attributes:
        key: the ASCII-armored public key; fingerprint: that of its primary key.
    """

    def __init__(self, directory: Path, *versions: str) -> None:
        directory.mkdir()
        self._directory = directory
        self._entries: list[bytes] = []
        self._key = Tsk.generate("InfluxData's stand-in <test@example.com>")
        certificate = self._key.extract_certificate()
        self.key = str(certificate)
        self.fingerprint = str(certificate.fingerprint).upper()
        for version in versions:
            self.add(version, program(version))

    def package(self, version: str) -> Path:
        """The path of a version's package."""
        return self._directory / f"influxctl_{version}-1_all.deb"

    def add(self, version: str, content: bytes) -> None:
        """Publish a package, with a revision as InfluxData's have one, that holds this as influxctl."""
        deb = _deb(version, content)
        path = self.package(version)
        path.write_bytes(deb)
        file = f"Filename: ./{path.name}\nSize: {len(deb)}\nSHA256: {_sha256(deb)}\n"
        self._entries.append(_control(version) + file.encode())
        packages = b"\n".join(self._entries)
        (self._directory / "Packages").write_bytes(packages)
        release = (
            "Suite: stable\nDate: Thu, 01 Jan 2026 00:00:00 UTC\n"
            f"SHA256:\n {_sha256(packages)} {len(packages)} Packages\n"
        )
        (self._directory / "InRelease").write_bytes(
            sign(self._key.signer(), release.encode(), mode=SignatureMode.CLEAR)
        )


def _control(version: str) -> bytes:
    return (
        f"Package: influxctl\nVersion: {version}-1\nArchitecture: all\nMaintainer: nobody <test@example.com>\n"
        "Description: stand-in\n"
    ).encode()


def _deb(version: str, content: bytes) -> bytes:
    """A Debian package (deb(5)): an ar archive of three members."""
    members = {
        "debian-binary": b"2.0\n",
        "control.tar.gz": _tar({"./control": _control(version)}),
        "data.tar.gz": _tar({"./usr/bin/influxctl": content}),
    }
    parts = [b"!<arch>\n"]
    for name, member in members.items():
        parts.append(f"{name:<16}{0:<12}{0:<6}{0:<6}{'100644':<8}{len(member):<10}`\n".encode())
        parts.append(member + b"\n" * (len(member) % 2))
    return b"".join(parts)


def _tar(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, content in files.items():
            for parent in reversed(Path(name).parents[:-1]):
                directory = tarfile.TarInfo(f"./{parent}")
                directory.type, directory.mode = tarfile.DIRTYPE, 0o755
                tar.addfile(directory)
            add(tar, name, content)
    return gzip.compress(buffer.getvalue(), mtime=0)


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@dataclass(frozen=True)
class AptRoot:
    """Packages of a host's own, for apt and dpkg below a directory: the machine's are neither seen nor touched.

    Attributes:
        directory: what stands for ``/``.
        environment: what makes apt and dpkg work there, with or without root.
    """

    directory: Path

    @property
    def environment(self) -> dict[str, str]:
        root = str(self.directory)
        return {
            "APT_CONFIG": f"{root}/apt.conf",
            "DPKG_ADMINDIR": f"{root}/var/lib/dpkg",
            "DPKG_ROOT": root,
        }

    @property
    def program(self) -> Path:
        """Where the package puts influxctl."""
        return self.directory / "usr" / "bin" / "influxctl"

    def make(self) -> None:
        """Make the directory, in which nothing is installed."""
        for name in ("lib/apt/lists/partial", "cache/apt/archives/partial", "lib/dpkg/updates", "lib/dpkg/info", "log"):
            (self.directory / "var" / name).mkdir(parents=True)
        for name in ("keyrings", "sources.list.d", "preferences.d", "apt.conf.d"):
            (self.directory / "etc" / "apt" / name).mkdir(parents=True)
        (self.directory / "var" / "lib" / "dpkg" / "status").touch()
        (self.directory / "apt.conf").write_text(
            f'Dir "{self.directory}";\n'
            f'Dir::State::status "{self.directory}/var/lib/dpkg/status";\n'
            f'APT::Sandbox::User "{getpass.getuser()}";\n'
            f'DPkg::Options {{ "--root={self.directory}"; "--force-not-root"; "--force-bad-path"; }};\n'
            f'DPkg::Options {{ "--log={self.directory}/var/log/dpkg.log"; }};\n'
        )
