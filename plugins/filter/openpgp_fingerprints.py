# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter openpgp_fingerprints: lists the keys of an OpenPGP file on the controller, so that hosts need no gpg."""

from __future__ import annotations

DOCUMENTATION = r"""
name: openpgp_fingerprints
short_description: The fingerprints of the primary keys in an OpenPGP key file
version_added: 0.1.0
author:
  - influxops contributors (@influxops)
description:
  - Lists the fingerprints of all primary keys in an ASCII-armored OpenPGP public key block, such as the file with which
    a package repository's signatures are checked. Whoever trusts the file trusts each of them.
  - Subkeys aren't listed. Programs that use the file accept a subkey only when its primary key has signed it, so a
    vendor can replace an expired subkey while the fingerprint stays the same.
  - Needs no gpg, neither on the controller nor on the hosts.
notes:
  - It is private to this collection. Only its own roles and playbooks use it, and it may change in any release.
options:
  _input:
    description:
      - The key block. There must be exactly one, of version 4 keys (RFC 4880), with nothing but white space around it.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Refuse a key file that holds any other key
  ansible.builtin.assert:
    that: lookup('ansible.builtin.file', 'vendor.asc') | influxops.influxdb3.openpgp_fingerprints == fingerprints
  vars:
    fingerprints:
      - 24C975CBA61A024EE1B631787C3D57159FC2F927
"""

RETURN = r"""
_value:
  description: One fingerprint of 40 hexadecimal digits in upper case per primary key, in the order of the file.
  type: list
  elements: str
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Callable, Iterator

from ansible.errors import AnsibleFilterError

# RFC 4880, section 6.2. Strict, because apt and rpm read the same text in their own ways: where a lax reader could see
# another key than they do, this one refuses.
_ARMOR = re.compile(
    r"\s*-----BEGIN PGP PUBLIC KEY BLOCK-----\n"
    r"(?:[A-Za-z]+: [^\n]*\n)*[ \t]*\n"
    r"(?P<body>(?:[A-Za-z0-9+/]+={0,2}\n)+)"
    r"(?:=[A-Za-z0-9+/]{4}\n)?"
    r"-----END PGP PUBLIC KEY BLOCK-----\s*"
)
_PUBLIC_KEY = 6


def openpgp_fingerprints(text: str) -> list[str]:
    """Return the fingerprints (hexadecimal, in capitals) of the primary keys in an armored public key block.

    Raises AnsibleFilterError where the text is no such block, or holds a key of another version than 4.
    """
    armor = _ARMOR.fullmatch(str(text).replace("\r\n", "\n"))
    if armor is None:
        raise AnsibleFilterError("this is not exactly one ASCII-armored OpenPGP public key block")
    try:
        packets = base64.b64decode(armor["body"].replace("\n", ""), validate=True)
        found = [_fingerprint(body) for tag, body in _packets(packets) if tag == _PUBLIC_KEY]
    except (binascii.Error, IndexError, ValueError) as error:
        raise AnsibleFilterError(f"the OpenPGP public key block can't be read: {error}") from error
    if not found:
        raise AnsibleFilterError("the OpenPGP public key block holds no primary key")
    return found


def _packets(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield each packet's tag and body (RFC 4880, section 4.2)."""
    while data:
        tag, start, length = _header(data)
        if start + length > len(data):
            raise ValueError("a packet is cut off")
        yield tag, data[start : start + length]
        data = data[start + length :]


def _header(data: bytes) -> tuple[int, int, int]:
    """Return the first packet's tag, where its body begins, and how long that is; keys have no indefinite lengths."""
    first = data[0]
    if first & 0xC0 == 0xC0:
        return (first & 0x3F, *_new_length(data))
    if first & 0x80 and first & 3 != 3:
        octets = 1 << (first & 3)
        return first >> 2 & 0xF, 1 + octets, int.from_bytes(data[1 : 1 + octets], "big")
    raise ValueError("there is something else than a packet")


def _new_length(data: bytes) -> tuple[int, int]:
    if data[1] < 192:
        return 2, data[1]
    if data[1] < 224:
        return 3, ((data[1] - 192) << 8) + data[2] + 192
    if data[1] == 255:
        return 6, int.from_bytes(data[2:6], "big")
    raise ValueError("a packet has no definite length")


def _fingerprint(key: bytes) -> str:
    """Return the fingerprint of a version 4 key packet (RFC 4880, section 12.2)."""
    if key[0] != 4:
        raise ValueError(f"there is a key of version {key[0]}; only version 4 is supported")
    material = b"\x99" + len(key).to_bytes(2, "big") + key
    return hashlib.sha1(material, usedforsecurity=False).hexdigest().upper()


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[[str], list[str]]]:
        """Return the functions by name."""
        return {"openpgp_fingerprints": openpgp_fingerprints}
