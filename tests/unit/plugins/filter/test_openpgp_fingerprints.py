# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fingerprints: those that an OpenPGP library computes, and an error wherever another reader could see another key."""

from __future__ import annotations

import base64
from collections.abc import Callable

import pytest
from ansible.errors import AnsibleFilterError
from pysequoia import Cert, CipherSuite, Profile, Tsk

from ansible_collections.influxops.influxdb3.plugins.filter.openpgp_fingerprints import openpgp_fingerprints


def certificate(suite: CipherSuite = CipherSuite.Cv25519, profile: Profile = Profile.RFC4880) -> Cert:
    """A public key with subkeys."""
    return Tsk.generate("somebody <a@example.com>", cipher_suite=suite, profile=profile).extract_certificate()


def armored(data: bytes, kind: str = "PUBLIC KEY") -> str:
    """A key block as gpg writes it."""
    return f"-----BEGIN PGP {kind} BLOCK-----\n\n{base64.encodebytes(data).decode()}-----END PGP {kind} BLOCK-----\n"


def fingerprint(key: Cert) -> str:
    return str(key.fingerprint).upper()


@pytest.mark.parametrize("suite", [CipherSuite.Cv25519, CipherSuite.RSA2k, CipherSuite.P256])
def test_the_primary_key_is_named_whatever_its_kind(suite: CipherSuite) -> None:
    key = certificate(suite)
    assert openpgp_fingerprints(str(key)) == [fingerprint(key)]
    assert openpgp_fingerprints(armored(bytes(key)).replace("\n", "\r\n")) == [fingerprint(key)]


def test_every_primary_key_of_a_file_is_named() -> None:
    """Whoever appends a key of his own to a vendor's must not get it trusted along with the vendor's."""
    ours, theirs = certificate(), certificate()
    assert openpgp_fingerprints(armored(bytes(ours) + bytes(theirs))) == [fingerprint(ours), fingerprint(theirs)]


@pytest.mark.parametrize("octets", [1, 2, 4])
def test_packets_with_lengths_of_the_old_format_are_read(octets: int) -> None:
    """As gpg writes them."""
    body = packet_body(bytes(certificate()))
    header = bytes([0x80 | 6 << 2 | {1: 0, 2: 1, 4: 2}[octets]]) + len(body).to_bytes(octets, "big")
    new = bytes([0xC0 | 6, 255]) + len(body).to_bytes(4, "big")
    assert openpgp_fingerprints(armored(header + body)) == openpgp_fingerprints(armored(new + body))


def packet_body(key: bytes) -> bytes:
    """The body of the first packet, whose length takes one octet for a key on an elliptic curve."""
    return key[2 : 2 + key[1]]


def two_blocks(key: Cert) -> str:
    return str(key) + str(certificate())


def text_around(key: Cert) -> str:
    return "trust me\n" + str(key)


def cut_off(key: Cert) -> str:
    return armored(bytes(key)[:-1])


def endless_packet(key: Cert) -> str:
    return armored(bytes([0x80 | 6 << 2 | 3]) + packet_body(bytes(key)))


def partial_packet(key: Cert) -> str:
    return armored(bytes([0xC0 | 6, 224]) + packet_body(bytes(key)))


def no_packets(key: Cert) -> str:
    return armored(b"plain text")


def only_a_user(key: Cert) -> str:
    return armored(bytes([0xC0 | 13, 1]) + b"a")


def version_6(key: Cert) -> str:
    return armored(bytes(certificate(profile=Profile.RFC9580)))


def secret_key(key: Cert) -> str:
    return armored(bytes(key), "PRIVATE KEY")


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (two_blocks, "exactly one"),
        (text_around, "exactly one"),
        (secret_key, "exactly one"),
        (lambda dummy_key: "<html>Please log in</html>", "exactly one"),
        (cut_off, "cut off"),
        (endless_packet, "something else than a packet"),
        (partial_packet, "no definite length"),
        (no_packets, "something else than a packet"),
        (only_a_user, "no primary key"),
        (version_6, "version 6"),
    ],
)
def test_what_is_not_one_plain_key_block_is_refused(spoil: Callable[[Cert], str], said: str) -> None:
    with pytest.raises(AnsibleFilterError, match=said):
        openpgp_fingerprints(spoil(certificate()))
