# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How a connection comes out of options and profile, and which host texts are URLs of an API."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.influxops.influxdb3.plugins.module_utils._core.addresses import exposed, login_in, parse_host
from ansible_collections.influxops.influxdb3.plugins.module_utils._core.connection import (
    CLUSTERED_ID,
    Connection,
    limits,
    resolve,
)
from ansible_collections.influxops.influxdb3.plugins.module_utils._core.connection_profile import (
    from_profile,
    token_file_of,
    token_in,
)
from ansible_collections.influxops.influxdb3.plugins.module_utils._core.errors import OptionError

MINIMAL = {"host": "db.example.org", "management_token": "option-token"}
# Every connection option with a value, and the same from a profile with another one.
OPTIONS: dict[str, Any] = {
    "product": "dedicated",
    "host": "https://option.example.org",
    "port": 8443,
    "management_token": "option-token",
    "account_id": "option-account",
    "cluster_id": "option-cluster",
    "validate_certs": True,
    "ca_path": "/option/ca.pem",
    "client_cert": "/option/cert.pem",
    "client_key": "/option/key.pem",
}
PROFILE: dict[str, Any] = {
    "name": "default",
    "product": "clustered",
    "host": "profile.example.org",
    "port": "9443",
    "mgmt_token": "profile-token",
    "account_id": "profile-account",
    "cluster_id": "profile-cluster",
    "tls": {"insecure": True, "ca": "/profile/ca.pem", "cert": "/profile/cert.pem", "key": "/profile/key.pem"},
}
toml_values = st.recursive(
    st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=4,
)
labels = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True)
names = st.lists(labels, min_size=1, max_size=3).map(".".join)
paths = st.lists(st.sampled_from(["influx", "a", "v0"]), max_size=2).map(lambda parts: "".join(f"/{p}" for p in parts))
ports = st.integers(1, 65535)


def test_options_alone_make_a_connection_with_defaults() -> None:
    assert resolve(MINIMAL) == Connection(
        product="clustered",
        base_url="https://db.example.org",
        token="option-token",
        account_id=None,
        cluster_id=None,
        verify=True,
        client_cert=None,
        timeout=60,
        retries=4,
    )


def test_profile_alone_makes_a_connection() -> None:
    assert resolve({}, PROFILE) == Connection(
        product="clustered",
        base_url="https://profile.example.org:9443",
        token="profile-token",
        account_id="profile-account",
        cluster_id="profile-cluster",
        verify=False,
        client_cert=("/profile/cert.pem", "/profile/key.pem"),
        timeout=60,
        retries=4,
    )


@given(st.sets(st.sampled_from(sorted(OPTIONS))))
def test_option_wins_over_profile_one_by_one(given_names: set[str]) -> None:
    options = {name: value if name in given_names else None for name, value in OPTIONS.items()}
    stated = from_profile(PROFILE)
    picked = {name: OPTIONS[name] if name in given_names else stated[name] for name in OPTIONS}
    if "ca_path" in given_names and "validate_certs" not in given_names:
        # The profile's `insecure` doesn't undo what an option asks for.
        picked["validate_certs"] = True
    assert resolve(options, PROFILE) == resolve(picked)
    # The same, without resolve on both sides.
    assert resolve(options, PROFILE).token == ("option-token" if "management_token" in given_names else "profile-token")


def test_ca_counts_only_while_certificates_are_checked() -> None:
    assert resolve({**MINIMAL, "ca_path": "/ca.pem"}).verify == "/ca.pem"
    assert resolve({**MINIMAL, "ca_path": "/ca.pem", "validate_certs": False}).verify is False


def test_client_certificate_may_hold_its_key() -> None:
    assert resolve({**MINIMAL, "client_cert": "/both.pem"}).client_cert == "/both.pem"


def test_timeout_and_retries_are_taken() -> None:
    connection = resolve({**MINIMAL, "timeout": 1.5, "retries": 0})
    assert (connection.timeout, connection.retries) == (1.5, 0)


@pytest.mark.parametrize("timeout", [0, -1, float("inf"), float("nan"), 1e9])
def test_a_timeout_that_nothing_can_wait_for_is_refused(timeout: float) -> None:
    for take in (resolve, limits):
        with pytest.raises(OptionError, match="timeout must be more than 0 and at most 86400 seconds"):
            take({**MINIMAL, "timeout": timeout})


def test_dedicated_has_a_host_of_its_own_and_not_the_profiles() -> None:
    profile = {**PROFILE, "product": "dedicated", "host": "cluster-id.a.influxdb.io", "port": "443"}
    assert resolve({}, profile).base_url == "https://console.influxdata.com"
    assert resolve({"host": "proxy.example.org"}, profile).base_url == "https://proxy.example.org"


def test_profile_without_tls_speaks_http() -> None:
    profile = {**PROFILE, "tls": {"disable": True}}
    assert resolve({}, profile).base_url == "http://profile.example.org:9443"
    assert resolve({}, {**profile, "host": "https://h"}).base_url == "https://h:9443"
    assert from_profile({"tls": {"disable": True}})["host"] is None


def test_every_missing_piece_is_named_at_once() -> None:
    with pytest.raises(OptionError) as caught:
        resolve({"product": "dedicated", "client_key": "/k", "timeout": 0, "retries": -1, "host": "a b"})
    for name in ("management_token", "account_id", "cluster_id", "client_key needs", "timeout", "retries", "'a b'"):
        assert name in str(caught.value)
    assert caught.value.failure()["code"] == "invalid_option"


def test_missing_host_is_named_with_every_source() -> None:
    with pytest.raises(OptionError, match="option host, INFLUXDB3_HOST, or host in the influxctl profile"):
        resolve({"management_token": "t"})


@pytest.mark.parametrize("lacking", ["account_id", "cluster_id"])
def test_ids_come_in_pairs(lacking: str) -> None:
    ids = {"account_id": "a", "cluster_id": "c"}
    with pytest.raises(OptionError, match=f"{lacking} is missing"):
        resolve({**MINIMAL, **ids, lacking: None})
    assert resolve({**MINIMAL, **ids}).account_id == "a"


def test_unknown_product_of_a_profile_is_refused() -> None:
    with pytest.raises(OptionError, match="'core' is neither clustered nor dedicated"):
        resolve(MINIMAL, {"product": "core"})


@pytest.mark.parametrize("token", ["two words", "hidden\n", "hidden\ttab", "\u00fcber", "nul\x00"])
def test_token_that_no_header_can_carry_is_refused_without_showing_it(token: str) -> None:
    with pytest.raises(OptionError, match="management_token holds a blank") as caught:
        resolve({**MINIMAL, "management_token": token})
    assert token.strip() not in str(caught.value)


def test_token_is_not_in_the_connections_text() -> None:
    assert "option-token" not in repr(resolve(MINIMAL))


def attempt(options: dict[str, Any], profile: dict[str, Any]) -> Connection | str:
    """The connection, or the sentence that refuses it; any other exception is a failure of the test."""
    try:
        return resolve(options, profile)
    except OptionError as error:
        return str(error)


@given(st.dictionaries(st.sampled_from([*sorted(PROFILE), "other"]), toml_values))
def test_any_profile_makes_a_connection_or_a_sentence(profile: dict[str, Any]) -> None:
    outcome = attempt({}, profile)
    assert isinstance(outcome, Connection) or outcome.startswith("The connection is incomplete or wrong: ")


@given(st.dictionaries(st.sampled_from(["insecure", "disable", "ca", "cert", "key"]), toml_values))
def test_any_tls_table_makes_a_connection_or_a_sentence(tls: dict[str, Any]) -> None:
    outcome = attempt(MINIMAL, {"host": "h", "tls": tls})
    if isinstance(outcome, str):
        assert "tls." in outcome or "client_key needs" in outcome
    else:
        assert outcome.verify == (False if tls.get("insecure") is True else tls.get("ca") or True)


maybe_path = st.none() | st.just("") | st.sampled_from(["/a.pem", "b.pem", " "])


@given(
    st.none() | st.just("") | st.booleans(),
    maybe_path,
    st.none() | st.fixed_dictionaries({}, optional={"insecure": st.just("") | st.booleans(), "ca": maybe_path}),
)
def test_only_the_word_turns_the_certificate_check_off(validate: Any, ca_path: str | None, tls: Any) -> None:
    """`verify` is False just when validate_certs is, or where nothing is said and the profile is `insecure`."""
    stated = {name: value for name, value in (tls or {}).items() if value is not None}
    connection = resolve({**MINIMAL, "validate_certs": validate, "ca_path": ca_path}, {"tls": stated})
    said_by_profile = validate in (None, "") and not ca_path and stated.get("insecure") is True
    assert (connection.verify is False) == (validate is False or said_by_profile)
    assert connection.verify in (True, False) or connection.verify == (ca_path or stated.get("ca"))
    assert connection.verify != ""


@given(st.data())
def test_an_empty_text_is_nowhere_a_value(data: st.DataObject) -> None:
    """Whatever is empty among options and the profile's keys, the connection is that without it."""
    tls: dict[str, Any] = PROFILE["tls"]
    blank = data.draw(st.sets(st.sampled_from([*OPTIONS, "timeout", "retries"])))
    blank_keys = data.draw(st.sets(st.sampled_from(sorted(PROFILE))))
    blank_tls = data.draw(st.sets(st.sampled_from(sorted(tls))))
    options = {**OPTIONS, "timeout": 1.5, "retries": 0}
    empty = {name: "" if name in blank else value for name, value in options.items()}
    rest = {name: value for name, value in options.items() if name not in blank}
    profile = {k: "" if k in blank_keys else v for k, v in PROFILE.items() if k != "tls"}
    profile["tls"] = {k: "" if k in blank_tls else v for k, v in tls.items()}
    left = {k: v for k, v in PROFILE.items() if k not in blank_keys}
    left["tls"] = {k: v for k, v in tls.items() if k not in blank_tls}
    assert attempt(empty, profile) == attempt(rest, left)
    connection = attempt(empty, profile)
    if isinstance(connection, Connection):
        assert "" not in (connection.verify, connection.client_cert, connection.account_id, connection.cluster_id)


@pytest.mark.parametrize("name", ["account_id", "cluster_id"])
@pytest.mark.parametrize(
    "value", ["..", ".", "a/b", "a%2fb", "a\\b", "a b", "a\n", "a\x00", "\u00fc", "a?b", "a#b", "a" * 129]
)
def test_an_id_that_would_change_the_path_is_refused(name: str, value: str) -> None:
    ids = {"account_id": "a", "cluster_id": "c", name: value}
    for options, profile in [({**MINIMAL, **ids}, None), (MINIMAL, ids)]:
        with pytest.raises(OptionError, match=f"{name} is no ID"):
            resolve(options, profile)


def test_known_ids_are_taken() -> None:
    for value in (CLUSTERED_ID, "b4e1c0de-0000-4000-8000-00000000cafe", "a.b", "..a"):
        assert resolve({**MINIMAL, "account_id": value, "cluster_id": value}).account_id == value


@pytest.mark.parametrize(
    ("profile", "said"),
    [
        ({"auth": {"oauth2": {"client_id": "c"}}}, r"authenticates by a login \(auth\.oauth2\)"),
        ({"product": "dedicated"}, "names no way to authenticate"),
        ({"auth": "x"}, "names no way to authenticate"),
    ],
)
def test_a_profile_that_only_influxctl_can_use_is_told_as_that(profile: dict[str, Any], said: str) -> None:
    with pytest.raises(OptionError, match=f"management_token is missing .*{said}.*only influxctl can do"):
        resolve({"host": "h"}, {"name": "p", **profile})
    with pytest.raises(OptionError) as caught:
        resolve({"host": "h"})
    assert "login" not in str(caught.value)


def test_token_files_are_found_in_profiles() -> None:
    auth = {"auth": {"token": {"token_file": "/a/token.json"}}}
    assert token_file_of(auth) == "/a/token.json"
    assert token_file_of({"auth": {"token": {"token_file": "~/t"}}}) == "~/t"
    assert token_file_of({**auth, "mgmt_token": "t"}) is None
    assert token_file_of({**auth, "mgmt_token": ""}) == "/a/token.json"
    for other in ({}, {"auth": ""}, {"auth": {"token": ""}}, {"auth": {"token": {"token_file": ""}}}):
        assert token_file_of(other) is None
    with pytest.raises(OptionError, match=r"relative path 't\.json'"):
        token_file_of({"auth": {"token": {"token_file": "t.json"}}})


@pytest.mark.parametrize(
    ("content", "token"),
    [
        (b"abc.def-ghi", "abc.def-ghi"),
        (b"abc\n", "abc"),
        (b"abc\r\n", "abc"),
        (b'{"access_token": "abc", "token_type": "Bearer"}\n', "abc"),
    ],
)
def test_tokens_are_read_from_files(content: bytes, token: str) -> None:
    assert token_in(content) == token


@given(st.binary(max_size=30) | st.text('{}[]":, abc1', max_size=30).map(str.encode))
def test_any_token_file_holds_a_token_for_a_header_or_is_refused(content: bytes) -> None:
    try:
        token = token_in(content)
    except ValueError:
        return
    assert token
    assert token.isascii()
    assert token.isprintable()
    assert " " not in token


@pytest.mark.parametrize(
    "content", [b"hidden word", b'{"access_token": ["hidden"]}', b'{"hidden": 1}', b"\xffhidden", b"{hidden"]
)
def test_what_is_no_token_is_refused_without_showing_it(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"holds|is JSON") as caught:
        token_in(content)
    assert "hidden" not in str(caught.value)


@pytest.mark.parametrize("content", [b"[" * 60000, b'{"a":' * 12000])
def test_a_deep_token_file_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"JSON without an access_token|quotes"):
        token_in(content + b'"')


@pytest.mark.parametrize(
    ("host", "warned"),
    [
        ("https://db.example.org", False),
        ("http://127.0.0.1:8086", False),
        ("http://127.9.9.9", False),
        ("http://[::1]:8086", False),
        ("http://localhost:1", False),
        ("http://db.localhost", False),
        ("http://db.example.org", True),
        ("http://localhost.example.org", True),
        ("http://192.0.2.1", True),
        ("http://[2001:db8::1]", True),
    ],
)
def test_a_token_in_the_clear_is_warned_about(host: str, warned: bool) -> None:
    warning = exposed(resolve({**MINIMAL, "host": host}).base_url, "management token")
    assert (warning is not None) == warned


@pytest.mark.parametrize(
    ("host", "hidden"),
    [
        ("h", ()),
        (None, ()),
        ("http://u:longpassword@h", ("u:longpassword@", "longpassword")),
        ("u:longpassword@h:1", ("u:longpassword@", "longpassword")),
        ("https://u:m@h", ("u:m@",)),
        ("https://u:a@b:c@h", ("u:a@b:c@",)),
        ("longuser@h", ("longuser@",)),
    ],
)
def test_what_is_hidden_of_a_host(host: str | None, hidden: tuple[str, ...]) -> None:
    assert login_in(host) == hidden


def test_tls_that_is_no_table_is_refused() -> None:
    assert "tls in the influxctl profile is no table" in str(attempt(MINIMAL, {"tls": "on"}))


@given(st.text(st.characters(categories=["Nd", "No", "L", "P"]), max_size=6) | ports.map(str))
def test_port_of_a_profile_is_a_number_or_refused(port: str) -> None:
    outcome = attempt({}, {**PROFILE, "port": port})
    if isinstance(outcome, str):
        assert "port" in outcome
        assert not port.isascii() or not port.isdigit() or not 1 <= int(port) <= 65535
    else:
        assert outcome.base_url == f"https://profile.example.org{f':{int(port)}' if port else ''}"


@pytest.mark.parametrize(
    ("host", "port", "expected"),
    [
        ("db.example.org", None, "https://db.example.org"),
        ("DB.Example.org", None, "https://db.example.org"),
        ("db.example.org:8443", None, "https://db.example.org:8443"),
        ("db.example.org:8443", 9443, "https://db.example.org:9443"),
        ("db.example.org", 443, "https://db.example.org:443"),
        ("http://db.example.org", None, "http://db.example.org"),
        ("http://db.example.org", 8086, "http://db.example.org:8086"),
        ("https://db.example.org/", None, "https://db.example.org"),
        ("https://db.example.org/influx/", None, "https://db.example.org/influx"),
        ("https://db.example.org/api/v0", None, "https://db.example.org"),
        ("https://db.example.org/influx/api/v0/", None, "https://db.example.org/influx"),
        ("https://db.example.org//api/v0", None, "https://db.example.org"),
        ("db.example.org/influx", None, "https://db.example.org/influx"),
        ("127.0.0.1:1", None, "https://127.0.0.1:1"),
        ("::1", None, "https://[::1]"),
        ("::1", 8443, "https://[::1]:8443"),
        ("fe80::1:2", None, "https://[fe80::1:2]"),
        ("[::1]", None, "https://[::1]"),
        ("[::1]:8443", None, "https://[::1]:8443"),
        ("http://[::1]:8443/x", None, "http://[::1]:8443/x"),
    ],
)
def test_host_forms(host: str, port: int | None, expected: str) -> None:
    assert parse_host(host, port) == expected


@pytest.mark.parametrize(
    ("host", "problem"),
    [
        ("ftp://h", "scheme 'ftp'"),
        ("h:0", "port 0"),
        ("h:65536", "not a host name"),
        ("h:x", "not a host name"),
        ("https://", "not a host name"),
        ("https://h?a=b", "not a host name"),
        ("https://h#a", "not a host name"),
        ("a b", "not a host name"),
        ("h\n", "not a host name"),
        ("[::1", "not a host name"),
        ("h\x00", "not a host name"),
        ("a..b", "not a host name"),
        ("a" * 64, "not a host name"),
    ],
)
def test_wrong_hosts(host: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        parse_host(host)


@pytest.mark.parametrize("port", [-1, 0, 65536])
def test_wrong_port_option(port: int) -> None:
    with pytest.raises(ValueError, match=f"port {port} is not between"):
        parse_host("h", port)


@pytest.mark.parametrize(
    "host",
    [
        "https://u:hidden@h",
        "https://hidden@h",
        "u:hidden@h",
        "https://u:hidden@h:99999",
        "ftp://u:hidden@h",
        "u:hid:hidden@h",
        "https://u:hidden@h x",
        "https://u:hidden@h?x",
    ],
)
def test_password_in_a_host_is_refused_and_not_shown(host: str) -> None:
    with pytest.raises(ValueError, match="must not hold a user or password") as caught:
        parse_host(host)
    assert "hidden" not in str(caught.value)


@given(st.sampled_from(["", "http://", "https://"]), names, st.none() | ports, paths, st.booleans(), st.none() | ports)
def test_parts_of_a_url_are_kept(
    scheme: str, name: str, own_port: int | None, path: str, api: bool, port: int | None
) -> None:
    text = f"{scheme}{name}{f':{own_port}' if own_port else ''}{path}{'/api/v0' if api else ''}"
    number = port or own_port
    expected = f"{scheme or 'https://'}{name}{f':{number}' if number else ''}{path}"
    assert parse_host(text, port) == expected
    assert parse_host(expected) == expected


@given(st.text(max_size=20) | st.text("htps:/[]@?#.a1 %", max_size=20))
def test_any_host_is_a_plain_url_or_refused(host: str) -> None:
    try:
        url = parse_host(host)
    except ValueError:
        return
    assert url.startswith(("https://", "http://"))
    assert not url.endswith("/")
    assert "@" not in url
    assert url.isprintable()
