# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Certificates for the loopback addresses, from a CA made on the spot."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Literal

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

# The fault of a server's certificate, if any. `ending` has ten days left. Old internal CAs make `no_key_identifiers`,
# which Python takes until 3.12.
Certificate = Literal["good", "ending", "expired", "not_yet_valid", "other_name", "no_key_identifiers"]


@dataclass(frozen=True)
class TlsFiles:
    """PEM files in a private directory: `ca` verifies the server; the client's pair is signed by the same CA."""

    ca: Path
    server_cert: Path
    server_key: Path
    client_cert: Path
    client_key: Path


def write_tls_files(directory: Path, certificate: Certificate = "good") -> TlsFiles:
    names = ("ca.pem", "server.pem", "server.key", "client.pem", "client.key")
    files = TlsFiles(*(directory / name for name in names))
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(files.ca))
    for leaf, cert, key in (
        (_server_certificate(authority, certificate), files.server_cert, files.server_key),
        (authority.issue_cert("client@simulator.invalid"), files.client_cert, files.client_key),
    ):
        key.touch(mode=0o600)
        leaf.private_key_pem.write_to_path(str(key))
        for number, blob in enumerate(leaf.cert_chain_pems):
            blob.write_to_path(str(cert), append=number > 0)
    if certificate == "no_key_identifiers":
        _write_without_identifiers(files)
    return files


def _server_certificate(authority: trustme.CA, certificate: Certificate) -> trustme.LeafCert:
    names = ("elsewhere.example.org",) if certificate == "other_name" else ("localhost", "127.0.0.1", "::1")
    year, now = timedelta(days=365), datetime.now(UTC)
    if certificate == "expired":
        return authority.issue_cert(*names, not_before=now - 2 * year, not_after=now - year)
    if certificate == "ending":
        return authority.issue_cert(*names, not_before=now - year, not_after=now + timedelta(days=10, hours=1))
    if certificate == "not_yet_valid":
        return authority.issue_cert(*names, not_before=now + year, not_after=now + 2 * year)
    return authority.issue_cert(*names)


def _write_without_identifiers(files: TlsFiles) -> None:
    """Replace the CA and the server's certificate by ones without subjectKeyIdentifier and authorityKeyIdentifier."""
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(2)]
    issuer, subject = (x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, n)]) for n in ("old CA", "server"))
    now = datetime.now(UTC)

    def builder(name: x509.Name, key: ec.EllipticCurvePrivateKey, *, ca: bool) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder(issuer, name, key.public_key(), x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=30))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        )

    addresses = [x509.IPAddress(ip_address(text)) for text in ("127.0.0.1", "::1")]
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), *addresses])
    root = builder(issuer, keys[0], ca=True).sign(keys[0], hashes.SHA256())
    leaf = builder(subject, keys[1], ca=False).add_extension(names, critical=False).sign(keys[0], hashes.SHA256())
    files.ca.write_bytes(root.public_bytes(Encoding.PEM))
    files.server_cert.write_bytes(leaf.public_bytes(Encoding.PEM))
    files.server_key.write_bytes(keys[1].private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()))
