# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The advice after a failed check of a certificate. Pure."""

from __future__ import annotations

import ssl
from collections.abc import Sequence

# Reasons of a failed check as OpenSSL numbers them (x509_vfy.h), which Python hands on as `verify_code`.
_NOT_YET_VALID, _EXPIRED = 9, 10
_NAMES = (62, 64)
_UNKNOWN = (2, 18, 19, 20, 21, 27)
# The errors of a connection that is cut inside TLS: no fault of TLS itself.
CUT = (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError)
# Checks that OpenSSL makes only with X509_V_FLAG_X509_STRICT, which urllib3 sets from Python 3.13 on, as Python does.
_STRICT = range(78, 94)


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
