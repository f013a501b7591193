# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which CAs are trusted, and that a proxy's password is found in every form that it is written in."""

from __future__ import annotations

import os
from base64 import b64encode
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.influxops.influxdb3.plugins.module_utils._api.proxies import logins_in, proxy_of
from ansible_collections.influxops.influxdb3.plugins.module_utils._api.trust import SYSTEM_BUNDLES, trust
from ansible_collections.influxops.influxdb3.plugins.module_utils._core.errors import Influxdb3Error


@pytest.fixture(autouse=True)
def without_openssls_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """OpenSSL's built-in paths are those of this machine; the tests name a system of their own."""
    nothing = str(tmp_path / "nothing")
    monkeypatch.setattr(
        "ssl.get_default_verify_paths",
        lambda: type("Paths", (), {"openssl_cafile": nothing, "openssl_capath": nothing}),
    )


def test_every_source_in_its_order(tmp_path: Path) -> None:
    first, second, hashed, named = (tmp_path / name for name in ("first", "second", "hashed", "named"))
    (tmp_path / "empty").touch()
    bundles = [str(tmp_path / name) for name in ("missing", "empty", "first", "second")]
    hashed.mkdir()
    (hashed / "README").touch()

    def chosen(verify: bool | str = True, **environ: str) -> bool | str:
        return trust(verify, environ, bundles, str(hashed)).verify

    assert chosen() is True, "certifi, where the system has nothing"
    assert "certifi" in trust(True, {}, bundles, str(hashed)).source
    (hashed / "0a1b2c3d.0").touch()
    assert chosen() == str(hashed)
    second.write_text("a bundle")
    assert chosen() == str(second)
    first.write_text("a bundle")
    assert chosen() == str(first)
    named.write_text("a bundle")
    assert chosen(REQUESTS_CA_BUNDLE=str(named)) == str(named)
    assert chosen(REQUESTS_CA_BUNDLE=str(hashed)) == str(hashed)
    assert chosen(REQUESTS_CA_BUNDLE=str(named), SSL_CERT_FILE=str(second)) == str(second)
    assert chosen(REQUESTS_CA_BUNDLE="", SSL_CERT_FILE="") == str(first)
    assert chosen("/ca.pem", REQUESTS_CA_BUNDLE=str(named), SSL_CERT_FILE=str(second)) == "/ca.pem"
    assert chosen(False, SSL_CERT_FILE=str(second)) is False


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"])
@pytest.mark.parametrize("kind", ["missing", "fifo", "device"])
def test_a_variable_that_names_no_file_is_told_and_not_waited_for(variable: str, kind: str, tmp_path: Path) -> None:
    path = "/dev/zero" if kind == "device" else str(tmp_path / kind)
    if kind == "fifo":
        os.mkfifo(path)
    with pytest.raises(Influxdb3Error, match=f"The environment variable {variable} names '{path}'") as caught:
        trust(True, {variable: path})
    assert caught.value.code == "tls"


def test_this_machines_store_is_found() -> None:
    present = [path for path in SYSTEM_BUNDLES if os.path.isfile(path)]
    if not present:
        pytest.skip("this machine has no store")
    assert trust(True, {}).verify == present[0]


words = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S"]), min_size=3, max_size=12)


@given(words, words)
def test_no_form_of_a_proxys_password_is_in_its_name(user: str, password: str) -> None:
    proxy = proxy_of(f"http://{quote(user, safe='')}:{quote(password, safe='')}@proxy.example.org:3128")
    assert proxy is not None
    assert proxy.name == "http://proxy.example.org:3128"
    basic = b64encode(f"{user}:{password}".encode()).decode()
    assert {password, quote(password, safe=""), basic} <= set(proxy.secrets)


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("http://p:1", "http://p:1"),
        ("p:1", "http://p:1"),
        ("socks5://[::1]:1080", "socks5://[::1]:1080"),
        ("http://u:pw@[::1", "of the environment, whose URL is broken"),
        ("http://u:pw@p:99999", "of the environment, whose URL is broken"),
    ],
)
def test_names_of_proxies(url: str, name: str) -> None:
    proxy = proxy_of(url)
    assert proxy is not None
    assert proxy.name == name


def test_the_logins_of_all_proxies_are_found() -> None:
    environ = {"https_proxy": "http://u:one-word@p:1", "ALL_PROXY": "socks5://u:other@p", "PATH": "http://u:path@p"}
    found = logins_in({**environ, "HTTP_PROXY": "", "NO_PROXY": "a,b"})
    assert {"one-word", "other"} <= found
    assert "path" not in found


def test_no_proxy() -> None:
    assert proxy_of(None) is None
    assert proxy_of("") is None
