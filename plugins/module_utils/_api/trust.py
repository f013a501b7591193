# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The CAs that a connection trusts, and the advice after a failed check of a certificate.

`requests` by itself trusts the bundle of the library certifi, in which no company's CA is.
"""

from __future__ import annotations

import os
import re
import ssl
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from .._core.regular_file import check_readable

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

# Reasons of a failed check as OpenSSL numbers them (x509_vfy.h), which Python hands on as `verify_code`.
_NOT_YET_VALID, _EXPIRED = 9, 10
_NAMES = (62, 64)
_UNKNOWN = (2, 18, 19, 20, 21, 27)
# Checks that OpenSSL makes only with X509_V_FLAG_X509_STRICT, which urllib3 sets from Python 3.13 on, as Python does.
_STRICT = range(78, 94)


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
                check_readable(f"The environment variable {variable}", path)
            return Trust(path, f"{path} (of the environment variable {variable})")
    built = ssl.get_default_verify_paths()
    for path in (*bundles, built.openssl_cafile):
        if os.path.isfile(path) and os.path.getsize(path):
            return Trust(path, f"the system's store {path}")
    directory = built.openssl_capath if hashed is None else hashed
    if os.path.isdir(directory) and any(_HASHED.fullmatch(name) for name in os.listdir(directory)):
        return Trust(directory, f"the system's store {directory}")
    return Trust(True, "the Python library certifi, because this system has no store of its own")


def tls_advice(causes: Sequence[BaseException], source: str, host: str) -> str:
    """Return the advice about a failure of TLS, chosen by OpenSSL's number of the reason and not by its words.

    `causes` are the error and the errors that it wraps; `source` is that of the Trust, `host` the
    name of the server.
    """
    checks = [cause for cause in causes if isinstance(cause, ssl.SSLCertVerificationError)]
    if not checks:
        return (
            "Check that this port speaks TLS, that ca_path, client_cert and client_key name PEM files that belong"
            " together, and whether the server wants a client certificate."
        )
    code = checks[-1].verify_code
    if code == _EXPIRED:
        return "The server's certificate, or one above it, has expired: have it renewed, or check this machine's clock."
    if code == _NOT_YET_VALID:
        return "The server's certificate, or one above it, isn't valid yet: check this machine's clock."
    if code in _NAMES:
        return (
            f"The server's certificate is not for {host}: set host to a name that stands in it, or have it issued for"
            " this name as well (subjectAltName)."
        )
    if code in _UNKNOWN:
        return (
            f"Trusted are the CAs of {source}, and none of them issued the server's certificate: set ca_path (or the"
            " environment variable INFLUXDB3_CA_PATH) to the PEM file of the CA that did, or add that CA to the"
            " system's store. A server that doesn't send its intermediate certificates fails in the same way."
        )
    if code in _STRICT:
        return (
            "Since Python 3.13, certificates must have what RFC 5280 demands, such as the key identifiers of the CA"
            " (subjectKeyIdentifier, authorityKeyIdentifier) and its keyUsage: have the CA's and the server's"
            " certificates issued again with them. Until then an older Python takes them (ansible_python_interpreter)."
        )
    return f"Have the server's certificate checked by who issued it. Trusted are the CAs of {source}."
