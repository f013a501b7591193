# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Certificates for the loopback addresses, from a CA made on the spot."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import trustme


@dataclass(frozen=True)
class TlsFiles:
    """PEM files in a private directory: `ca` verifies the server; the client's pair is signed by the same CA."""

    ca: Path
    server_cert: Path
    server_key: Path
    client_cert: Path
    client_key: Path


def write_tls_files(directory: Path) -> TlsFiles:
    names = ("ca.pem", "server.pem", "server.key", "client.pem", "client.key")
    files = TlsFiles(*(directory / name for name in names))
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(files.ca))
    for leaf, cert, key in (
        (authority.issue_cert("localhost", "127.0.0.1", "::1"), files.server_cert, files.server_key),
        (authority.issue_cert("client@simulator.invalid"), files.client_cert, files.client_key),
    ):
        key.touch(mode=0o600)
        leaf.private_key_pem.write_to_path(str(key))
        for number, blob in enumerate(leaf.cert_chain_pems):
            blob.write_to_path(str(cert), append=number > 0)
    return files
