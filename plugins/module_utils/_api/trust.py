# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The CAs that a connection trusts. The advice after a failed check of a certificate is in tls_advice.py.

`requests` by itself trusts the bundle of the library certifi, in which no company's CA is.
"""

from __future__ import annotations

import os
import re
import ssl
from collections.abc import Iterable, Mapping
from typing import NamedTuple

# Where operating systems keep the bundle of their store, in the order in which Go's crypto/x509, and so influxctl,
# looks for it: Debian, Fedora, openSUSE, OpenELEC, RHEL, Alpine and the BSDs with macOS.
SYSTEM_BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/tls/cacert.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/cert.pem",
)
# The defaults that an option beats, the stronger first: OpenSSL's, and that of requests.
VARIABLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")
_HASHED = re.compile(r"[0-9a-f]{8}\.\d+")


class Trust(NamedTuple):
    """The CAs for the check of a server's certificate.

    `verify` is what `requests` takes: False, the path of a bundle or of a hashed directory, or True for certifi's
    bundle. `source` says it in words: "trusted are the CAs of SOURCE".
    """

    verify: bool | str
    source: str


def trust(
    verify: bool | str, environ: Mapping[str, str], bundles: Iterable[str] = SYSTEM_BUNDLES, hashed: str | None = None
) -> Trust:
    """Return the CAs that a connection's `verify` means in an environment.

    The file that the connection names goes before SSL_CERT_FILE, REQUESTS_CA_BUNDLE, and the system's store: one of
    `bundles`, OpenSSL's built-in file, the directory `hashed` (by default OpenSSL's). Without any, certifi's bundle
    counts. Raises Influxdb3Error for a variable that names an unreadable file; an empty variable isn't set.
    """
    if verify is False:
        return Trust(False, "nothing")
    if isinstance(verify, str):
        return Trust(verify, verify)
    for variable in VARIABLES:
        path = environ.get(variable)
        if path:
            if not os.path.isdir(path):
                from .._core import regular_file

                regular_file.check_readable(f"The environment variable {variable}", path)
            return Trust(path, f"{path} (of the environment variable {variable})")
    built = ssl.get_default_verify_paths()
    for path in (*bundles, built.openssl_cafile):
        if os.path.isfile(path) and os.path.getsize(path):
            return Trust(path, f"the system's store {path}")
    directory = built.openssl_capath if hashed is None else hashed
    if os.path.isdir(directory) and any(_HASHED.fullmatch(name) for name in os.listdir(directory)):
        return Trust(directory, f"the system's store {directory}")
    return Trust(True, "the Python library certifi, because this system has no store of its own")
