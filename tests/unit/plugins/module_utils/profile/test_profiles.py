# Copyright (c) 2026, influxops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Editing profiles: exactly the intended data, and not a byte more changed than that takes."""

from __future__ import annotations

import difflib
import json
import re
import sys
import tomllib
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
import tomlkit
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from unit.plugins.module_utils.profile.toml_documents import NAMES, Document, documents

from ansible_collections.influxops.influxdb3.plugins.module_utils._core.errors import OptionError, ProfileError
from ansible_collections.influxops.influxdb3.plugins.module_utils._core.stated import without_unset
from ansible_collections.influxops.influxdb3.plugins.module_utils._profile import (
    profile_reader,
    profiles,
    rewriting,
    toml_data,
    toml_editor,
    toml_writer,
)

# The documents are big; how long it takes to draw one isn't the question here.
unhurried = settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
texts = st.sampled_from(["", "db.example.org", "8086", "a\\b", 'q"q', "it's", "# x", "ü", "M.V1.abcdefgh"])
tls_options = {"insecure": st.booleans(), "disable": st.booleans(), "ca": texts, "cert": texts, "key": texts}
oauth2_options = {
    "client_id": texts,
    "scopes": st.lists(texts, max_size=2),
    "parameters": st.dictionaries(st.sampled_from(["audience", "x y"]), texts, min_size=1, max_size=2),
    "token_url": texts,
}


def options(fields: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=fields).filter(bool)


# What the module influxctl_profile makes of its options.
wanted_profiles = st.fixed_dictionaries(
    {},
    optional={
        **{key: texts for key in ("product", "host", "port", "mgmt_token", "token", "database", "account_id")},
        "tls": options(tls_options),
        "auth": options({"oauth2": options(oauth2_options), "token": st.fixed_dictionaries({"token_file": texts})}),
    },
)


def edit(text: str, name: str, intended: dict[str, Any]) -> str:
    """The text with the profile made equal to what is intended, appended when it isn't there."""
    document = toml_data.load(text)
    number = profile_reader.find_profile(profile_reader.profiles_of(document), name)
    return rewriting.rewrite(text, document, [(number, intended)])[0]


def remove(text: str, name: str) -> str:
    """The text without the profile."""
    document = toml_data.load(text)
    number = profile_reader.find_profile(profile_reader.profiles_of(document), name)
    return rewriting.rewrite(text, document, [(number, None)])[0]


def attempted(text: str, name: str, intended: dict[str, Any]) -> str | None:
    """The edited text, None when the edit is refused as not safe; any other exception fails the test."""
    try:
        return edit(text, name, intended)
    except ProfileError as error:
        if error.code != "not_editable":
            raise
        return None


def exact(value: Any) -> Any:
    """The value in a form that compares as TOML does: nan equals nan, and 1, 1.0 and true differ."""
    if isinstance(value, dict):
        return {key: exact(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [exact(inner) for inner in value]
    return type(value).__name__, str(value)


def assert_holds(text: str, data: dict[str, Any]) -> None:
    """The standard library finds this data in the text, and nothing else."""
    assert exact(tomllib.loads(text)) == exact(data)


def assert_foreign_bytes_survive(edited: str, document: Document, index: int | None) -> None:
    assert document.differing(index, edited) == 0, f"lost, changed or added to: {edited!r}"


def wanted_data(document: Document, name: str, merged: dict[str, Any]) -> dict[str, Any]:
    """The document's data, by the standard library, with the profile replaced."""
    data = document.data
    index = [profile["name"] for profile in data["profile"]].index(name)
    data["profile"][index] = merged
    return data


def test_any_edit_of_any_document_does_what_is_intended_and_nothing_else() -> None:
    outcomes: Counter[str] = Counter()

    @unhurried
    @given(documents(), wanted_profiles, st.booleans(), st.booleans(), st.data())
    def check(
        document: Document, wanted: dict[str, Any], exclusive: bool, exclusive_auth: bool, data: st.DataObject
    ) -> None:
        name = data.draw(st.sampled_from([profile["name"] for profile in document.data["profile"]]))
        wanted = {"name": name, **wanted}
        how = {"exclusive": exclusive, "exclusive_auth": exclusive_auth}
        found = profile_reader.read_profiles(document.text)
        index = profile_reader.find_profile(found, name)
        assert index is not None
        intended = profiles.merge(found[index], wanted, **how)
        edited = attempted(document.text, name, intended)
        outcomes["refused" if edited is None else "edited"] += 1
        if edited is None:
            return
        merged = profiles.merge(document.data["profile"][index], wanted, **how)
        assert_holds(edited, wanted_data(document, name, merged))
        assert_foreign_bytes_survive(edited, document, index)
        assert edit(edited, name, intended) == edited
        if exact(found[index]) == exact(intended):
            assert edited == document.text

    check()
    assert outcomes["refused"] <= 0.02 * outcomes.total(), outcomes


def test_before_python_3_11_an_edit_does_what_is_intended_or_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(toml_data, "tomllib", None)
    outcomes: Counter[str] = Counter()

    @unhurried
    @given(documents(), wanted_profiles)
    def check(document: Document, wanted: dict[str, Any]) -> None:
        (name, *_others) = [profile["name"] for profile in document.data["profile"]]
        try:
            index = profile_reader.find_profile(profile_reader.read_profiles(document.text), name)
            intended = profiles.merge(document.data["profile"][0], wanted, exclusive=True, exclusive_auth=True)
            edited = edit(document.text, name, {"name": name, **intended})
        except ProfileError as error:
            # tomlkit doesn't understand all that is valid; pytest.raises would want that it never does.
            assert error.code in ("invalid_toml", "not_editable")  # noqa: PT017
            outcomes["refused"] += 1
            return
        outcomes["edited"] += 1
        assert_holds(edited, wanted_data(document, name, {"name": name, **intended}))
        assert_foreign_bytes_survive(edited, document, index)

    check()
    assert outcomes["refused"] <= 0.2 * outcomes.total(), outcomes


def test_changing_a_token_changes_one_line() -> None:
    outcomes: Counter[str] = Counter()

    @unhurried
    @given(documents(), st.data(), texts.map(lambda text: f"new {text}"))
    def check(document: Document, data: st.DataObject, token: str) -> None:
        key = data.draw(st.sampled_from(["mgmt_token", "name"]))
        found = profile_reader.read_profiles(document.text)
        name = data.draw(st.sampled_from([profile["name"] for profile in found]))
        index = profile_reader.find_profile(found, name)
        assert index is not None
        old = found[index].get(key)
        edited = attempted(document.text, name, {**found[index], key: token})
        outcomes["refused" if edited is None else "edited"] += 1
        if edited is None:
            return
        before, after = document.text.splitlines(keepends=True), edited.splitlines(keepends=True)
        diff = [line for line in difflib.ndiff(before, after) if line[:1] in "+-"]
        removed = [line for line in diff if line.startswith("-")]
        added = [line for line in diff if line.startswith("+")]
        if old is None:
            # A file that ended without a line end gets one where the new line follows.
            assert len(added) == len(removed) + 1
            assert len(removed) <= (not document.text.endswith("\n"))
        elif isinstance(old, (str, int, float)) and "\n" not in str(old) and not spans_lines(document, index, key):
            assert (len(removed), len(added)) == (1, 1)

    check()
    assert outcomes["refused"] <= 0.02 * outcomes.total(), outcomes


def spans_lines(document: Document, index: int, key: str) -> bool:
    """Whether the key's value is a multi-line string, which one line need not replace line by line."""
    own = "".join(piece.text for piece in document.pieces if piece.owner == index)
    return any(key in line and ("'''" in line or '"""' in line) for line in own.splitlines())


@unhurried
@given(documents(), st.data())
def test_removing_a_profile_removes_it_and_nothing_else(document: Document, data: st.DataObject) -> None:
    found = document.data["profile"]
    name = data.draw(st.sampled_from([profile["name"] for profile in found]))
    index = [profile["name"] for profile in found].index(name)
    removed = remove(document.text, name)
    expected = document.data
    del expected["profile"][index]
    if not expected["profile"]:
        del expected["profile"]
    assert_holds(removed, expected)
    assert_foreign_bytes_survive(removed, document, index)
    assert remove(removed, name) == removed


@unhurried
@given(documents() | st.just(Document([])), wanted_profiles)
def test_new_profile_is_appended(document: Document, wanted: dict[str, Any]) -> None:
    intended = {"name": "new one", **wanted}
    edited = edit(document.text, "new one", intended)
    data = document.data
    data.setdefault("profile", []).append(intended)
    assert_holds(edited, data)
    assert edited.startswith(document.text)
    assert edited.endswith("\n")
    assert ("\r\n" in edited) == ("\r\n" in document.text)
    assert edit(edited, "new one", intended) == edited
    assert_holds(remove(edited, "new one"), document.data)


@unhurried
@given(documents())
def test_statements_together_are_the_document(document: Document) -> None:
    assert "".join(statement.text for statement in toml_editor.scan(document.text)) == document.text


@given(st.text("[]=#'\"\\\n\r\t ,.{}profilename01", max_size=30), st.sampled_from(NAMES))
def test_any_text_is_edited_or_refused(text: str, name: str) -> None:
    try:
        expected: dict[str, Any] | None = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        expected = None
    try:
        edited = edit(text, name, {"name": name})
    except ProfileError as error:
        # Only some of the texts are refused, so pytest.raises doesn't fit.
        assert error.code in ("invalid_toml", "invalid_profile", "not_editable")  # noqa: PT017
        return
    assert expected is not None
    assert tomllib.loads(edited)["profile"][-1] == {"name": name}


SAMPLE = """\
# kept
[[profile]]
  name = "default"   # the one
  product = 'clustered'
  host = "db.example.org"
  port = "8086"
  mgmt_token = "M.V1.oldtoken"  # rotated

  [profile.tls]
    ca = "/ca.pem"

  # about the next
  [profile.auth.oauth2]
    client_id = "x"
    parameters = { audience = "a" }

# about two
[[profile]]
name = "two"
"""


def edited_sample(**changes: Any) -> str:
    """The sample with the default profile changed; a value of None drops the key."""
    current = profile_reader.read_profiles(SAMPLE)[0]
    merged = {key: value for key, value in {**current, **changes}.items() if value is not None}
    return edit(SAMPLE, "default", merged)


def test_value_is_replaced_in_its_line() -> None:
    expected = SAMPLE.replace('"M.V1.oldtoken"  # rotated', '"M.V1.newtoken"  # rotated')
    assert edited_sample(mgmt_token="M.V1.newtoken") == expected


def test_new_key_comes_after_the_tables_last_with_its_indentation() -> None:
    expected = SAMPLE.replace("# rotated\n", '# rotated\n  database = "d"\n')
    assert edited_sample(database="d") == expected
    expected = SAMPLE.replace('"/ca.pem"\n', '"/ca.pem"\n    insecure = true\n')
    assert edited_sample(tls={"ca": "/ca.pem", "insecure": True}) == expected


def test_last_key_of_a_table_takes_the_header_along() -> None:
    assert edited_sample(tls=None) == SAMPLE.replace('  [profile.tls]\n    ca = "/ca.pem"\n\n', "")


def test_key_within_an_inline_table_is_changed_there() -> None:
    auth = {"oauth2": {"client_id": "x", "parameters": {"audience": "b"}}}
    assert edited_sample(auth=auth) == SAMPLE.replace('audience = "a"', 'audience = "b"')


def test_inline_table_that_tomlkit_misreads_is_written_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    def misread(text: str) -> None:
        raise tomlkit.exceptions.ParseError(1, 1)

    monkeypatch.setattr(tomlkit, "parse", misread)
    auth = {"oauth2": {"client_id": "x", "parameters": {"audience": "b"}}}
    assert edited_sample(auth=auth) == SAMPLE.replace('{ audience = "a" }', '{audience = "b"}')


def test_blank_lines_of_others_stay_where_a_table_goes() -> None:
    text = '[[profile]]\nname = "default"\n\n[other]\n\n[profile.tls]\ninsecure = true\n'
    assert edit(text, "default", {"name": "default"}) == '[[profile]]\nname = "default"\n\n[other]\n\n'


def test_new_table_is_written_below_the_profile() -> None:
    two = {"name": "two", "tls": {"insecure": True}}
    assert edit(SAMPLE, "two", two) == SAMPLE + "\n[profile.tls]\ninsecure = true\n"


def test_removal_keeps_the_comment_above_the_next_profile() -> None:
    assert remove(SAMPLE, "default") == '# kept\n\n# about two\n[[profile]]\nname = "two"\n'
    assert remove(SAMPLE, "none") == SAMPLE


def test_removal_keeps_what_is_below_a_blank_line() -> None:
    banner = "#####\n# PRODUCTION\n#####\n\n# the cluster\n"
    first, second = '[[profile]]\nname = "a"\n# of a\n', '[[profile]]\nname = "b"\n'
    spare = "\n# [[profile]]\n# name = 'spare'\n"
    text = f"{first}\n{banner}{second}{spare}"
    assert remove(text, "a") == f"{banner}{second}{spare}"
    assert remove(text, "b") == f"{first}\n{banner}{spare}"
    # Blank lines become neither more nor fewer, however often a profile comes and goes.
    added = edit(first + second, "new", {"name": "new"})
    gone = remove(added, "new")
    assert edit(gone, "new", {"name": "new"}) == added
    assert remove(f"{first}\n{second}\n[x]\n", "b") == f"{first}\n[x]\n"


def test_new_file_is_written_as_influxctls_samples_are() -> None:
    profile = {
        "name": "default",
        "host": "h",
        "tls": {"insecure": True},
        "auth": {"oauth2": {"client_id": "x", "parameters": {"audience": "a"}}},
    }
    assert edit("", "default", profile) == (
        '[[profile]]\nname = "default"\nhost = "h"\n\n[profile.tls]\ninsecure = true\n\n'
        '[profile.auth.oauth2]\nclient_id = "x"\nparameters = {audience = "a"}\n'
    )


def test_file_without_a_last_line_end_keeps_that() -> None:
    profile = {"name": "default", "host": "h"}
    assert edit('[[profile]]\nname = "default"', "default", profile) == ('[[profile]]\nname = "default"\nhost = "h"')
    with_table = {**profile, "tls": {"insecure": True}}
    assert edit('[[profile]]\nname = "default"\nhost = "h"', "default", with_table) == (
        '[[profile]]\nname = "default"\nhost = "h"\n\n[profile.tls]\ninsecure = true\n'
    )


def test_whole_profile_keeps_every_other_byte_when_oauth2_replaces_a_token() -> None:
    text = SAMPLE.replace("# about two", '# about two "')
    wanted = {"name": "two", "auth": {"oauth2": {"parameters": {"a": "b"}, "client_id": "c"}}}
    edited = edit(text, "two", wanted)
    assert edited.startswith(text)
    assert tomllib.loads(edited)["profile"][1] == wanted


# The shape of InfluxData's sample: keys in comments below the keys, and tables in comments below those.
COMMENTED = """\
[[profile]]
  name = "default"
  product = "clustered"
  host = "cluster.example"

  ## Defaults for queries and writes
  # database = ""
  # token = ""

  ## Only for the other product
  # account_id = ""

  ### TLS
  # [profile.tls]
  #   insecure = false

# about two
[[profile]]
name = "two"
host = "h"
# database = ""
# token = ""
"""


def test_a_new_table_leaves_the_profiles_commented_keys_to_the_profile() -> None:
    profile = profile_reader.read_profiles(COMMENTED)[0]
    below = '  # account_id = ""\n'
    table = "\n[profile.tls]\ninsecure = true\n"
    assert edit(COMMENTED, "default", {**profile, "tls": {"insecure": True}}) == COMMENTED.replace(below, below + table)
    # So that it means what it says when the comment signs are removed.
    two = edit(COMMENTED, "two", {"name": "two", "host": "h", "tls": {"insecure": True}})
    assert two == COMMENTED + "\n[profile.tls]\ninsecure = true\n"
    assert tomllib.loads(re.sub("(?m)^# (?=database|token)", "", two))["profile"][1]["database"] == ""
    assert edit(edit(COMMENTED, "two", {"name": "two", "host": "h", "auth": {"token": {"token_file": "/t"}}}),
                "two", {"name": "two", "host": "h"}) == COMMENTED  # fmt: skip


def test_a_comment_about_what_comes_next_stays_there() -> None:
    text = '[[profile]]\nname = "a"\n\n# database = "is what b has"\n[[profile]]\nname = "b"\n'
    edited = edit(text, "a", {"name": "a", "tls": {"insecure": True}})
    assert edited == text.replace('"a"\n', '"a"\n\n[profile.tls]\ninsecure = true\n')
    # Without a blank line, what could be the profile's own is the profile's own.
    text = text.replace("\n\n#", "\n#")
    edited = edit(text, "a", {"name": "a", "tls": {"insecure": True}})
    assert edited == text.replace('has"\n', 'has"\n\n[profile.tls]\ninsecure = true\n')


def lines_run(work: Callable[[], object]) -> int:
    """How many lines of Python some work runs: what it costs, whatever the machine is busy with."""
    count = 0

    def trace(_frame: FrameType, event: str, _argument: object) -> Any:
        nonlocal count
        count += event == "line"
        return trace

    previous = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(previous)
    return count


def config_of(number: int) -> str:
    keys = 'product = "clustered"\nhost = "h"\nmgmt_token = "old"\n\n[profile.tls]\nca = "/c"\n\n'
    return "".join(f'[[profile]]\nname = "{n}"\n{keys}' for n in range(number))


# What is done to a config of so many profiles, or with an array of so many lines.
WORK: dict[str, Callable[[int], tuple[str, list[profiles.Wish]]]] = {
    "update all": lambda n: (config_of(n), [profiles.Wish(str(k), {"mgmt_token": "M.V1.new"}) for k in range(n)]),
    "new table in all": lambda n: (
        config_of(n), [profiles.Wish(str(k), {"auth": {"token": {"token_file": "/t"}}}) for k in range(n)],
    ),
    "remove all": lambda n: (config_of(n), [profiles.Wish(str(k), {}, is_present=False) for k in range(n)]),
    "append": lambda n: (
        config_of(1), [profiles.Wish(f"new {k}", {"product": "clustered", "host": "h"}) for k in range(n)],
    ),
    "beside a long array": lambda n: (
        config_of(1) + "[profile.auth.oauth2]\nscopes = [\n" + '  "s", # one\n' * n + "]\n",
        [profiles.Wish("0", {"mgmt_token": "M.V1.new"})],
    ),
    "of a long array": lambda n: (
        config_of(1) + "[profile.auth.oauth2]\nscopes = [\n" + '  "s", # one\n' * n + "]\n",
        [profiles.Wish("0", {"auth": {"oauth2": {"scopes": ["x"]}}})],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WORK)
def test_the_work_grows_no_faster_than_the_file(name: str) -> None:
    def cost(number: int) -> int:
        text, wishes = WORK[name](number)
        return lines_run(lambda: profiles.edit(text, wishes))

    cost(1)  # what is made once
    small, large = cost(40), cost(160)
    assert large < 4.5 * small


@unhurried
@given(documents())
def test_a_statement_is_the_fewest_lines_that_are_valid_by_themselves(document: Document) -> None:
    lines = document.text.splitlines(keepends=True)
    expected, begin = [], 0
    while begin < len(lines):
        end = begin + 1
        while end < len(lines) and not is_toml("".join(lines[begin:end])):
            end += 1
        expected.append("".join(lines[begin:end]))
        begin = end
    assert [statement.text for statement in toml_editor.scan(document.text)] == expected


def is_toml(text: str) -> bool:
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return False
    return True


def test_guards_refuse_what_the_editor_did_not_foresee() -> None:
    for guard in (lambda: toml_writer.checked("a = 1", {"a": 2}), lambda: toml_editor.split("no equals sign")):
        with pytest.raises(ProfileError) as caught:
            guard()
        assert caught.value.code == "not_editable"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("[[profile]\n", "invalid_toml"),
        ("profile = 1\n", "invalid_profile"),
        ("[profile]\nname = 'default'\n", "invalid_profile"),
        ("profile = [1]\n", "invalid_profile"),
        ("[[profile]]\nname = 'default'\n[[profile]]\nname = 'default'\n", "duplicate_profile"),
        ("profile = [{name = 'default'}]\n", "not_editable"),
        ("\ufeff[[profile]]\nname = 'default'\n", "invalid_toml"),
        (f"x = {'9' * 5000}\n", "invalid_toml"),
        ("x = 2026-99-99\n", "invalid_toml"),
        ("x = 1\nx = 2\n", "invalid_toml"),
        ("[a]\n[a]\n", "invalid_toml"),
        ("[a]\nb = 1\n[a.b]\nc = 1\n", "invalid_toml"),
        ("x = " + "[" * 5000 + "]" * 5000, "invalid_toml"),
    ],
)
def test_what_cannot_be_edited_is_refused(text: str, code: str) -> None:
    with pytest.raises(ProfileError) as caught:
        edit(text, "default", {"name": "default"})
    assert caught.value.code == code


def test_invalid_toml_says_where_and_shows_nothing() -> None:
    with pytest.raises(ProfileError, match=r"^it is not valid TOML at line 2$"):
        toml_data.load('a = 1\nmgmt_token = "hidden\n')


def test_a_byte_order_mark_is_named() -> None:
    with pytest.raises(ProfileError, match="byte order mark"):
        toml_data.load("\ufeffa = 1\n")


def test_missing_tomlkit_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tomlkit", None)
    assert edit(SAMPLE, "two", {"name": "two"}) == SAMPLE
    with pytest.raises(ProfileError, match="pip install tomlkit") as caught:
        edit(SAMPLE, "two", {"name": "two", "host": "h"})
    assert caught.value.code == "missing_library"
    # Before Python 3.11 reading needs it, too.
    monkeypatch.setattr(toml_data, "tomllib", None)
    with pytest.raises(ProfileError, match="pip install tomlkit") as caught:
        profile_reader.read_profiles("")
    assert caught.value.code == "missing_library"


def test_a_broken_tomlkit_is_not_called_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "tomlkit").mkdir()
    (tmp_path / "tomlkit" / "__init__.py").write_text("raise RuntimeError('half of it is there')\n")
    monkeypatch.syspath_prepend(tmp_path)
    for name in [name for name in sys.modules if name.partition(".")[0] == "tomlkit"]:
        monkeypatch.delitem(sys.modules, name)
    with pytest.raises(ProfileError, match="RuntimeError: half of it is there") as caught:
        edit(SAMPLE, "two", {"name": "two", "host": "h"})
    assert caught.value.code == "missing_library"
    assert sys.executable in str(caught.value)
    assert "is missing" not in str(caught.value)


@pytest.mark.parametrize("version", ["0.6.0", "0.9.2", "0.11.5"])
def test_an_old_tomlkit_is_named_with_the_oldest_that_will_do(version: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tomlkit, "__version__", version)
    with pytest.raises(ProfileError, match=rf"{version}, and 0\.11\.6 is the oldest") as caught:
        edit(SAMPLE, "two", {"name": "two", "host": "h"})
    assert caught.value.code == "missing_library"
    monkeypatch.setattr(tomlkit, "__version__", "0.11.6")
    assert edit(SAMPLE, "two", {"name": "two", "host": "h"}) == SAMPLE + 'host = "h"\n'


@pytest.mark.parametrize(
    ("profile", "kind"),
    [
        ({}, None),
        ({"mgmt_token": "x"}, "mgmt_token"),
        ({"auth": {"oauth2": {"client_id": "x"}}}, "oauth2"),
        ({"auth": {"token": {"token_file": "x"}}}, "token_file"),
        ({"auth": "x"}, None),
    ],
)
def test_kinds_of_authentication(profile: dict[str, Any], kind: str | None) -> None:
    assert profile_reader.auth_kind(profile) == kind


@pytest.mark.parametrize(
    ("token", "prefix"),
    [
        ("M.V1.abcdefgh", "M.V1.abcd"),
        ("M.V1.abcd", None),
        ("short", None),
        ("x" * 17, None),
        ("x" * 18, "x" * 9),
        (5, None),
        (None, None),
    ],
)
def test_prefix_is_shown_only_of_what_is_longer(token: Any, prefix: str | None) -> None:
    assert profile_reader.token_prefix(token) == prefix


def test_public_part_holds_no_secret_and_no_unknown_key() -> None:
    profile = {
        "name": "n",
        "mgmt_token": "M.V1.abcdHIDDEN",
        "token": "HIDDEN",
        "unknown": "HIDDEN",
        "tls": {"ca": "/ca", "unknown": "HIDDEN"},
        "auth": {"oauth2": {"client_secret": "HIDDEN"}},
    }
    shown = profile_reader.public(profile)
    assert "HIDDEN" not in str(shown)
    assert shown["mgmt_token_prefix"] == "M.V1.abcd"
    assert shown["auth"] == "mgmt_token"
    assert shown["tls"] == {"insecure": None, "disable": None, "cert": None, "key": None, "ca": "/ca"}
    assert profile_reader.public({})["tls"] is None
    assert profile_reader.public({"tls": "HIDDEN"})["tls"] is None


PUBLIC = [
    *((key,) for key in ("name", "product", "host", "port", "account_id", "cluster_id", "database")),
    *(("tls", key) for key in ("insecure", "disable", "cert", "key", "ca")),
    *(("auth", "oauth2", key) for key in ("client_id", "scopes", "token_url", "device_url")),
    ("auth", "token", "token_file"),
]


def hiding(table: dict[str, Any], path: tuple[str, ...] = ()) -> dict[str, Any]:
    """The profile with a word in each value that a diff must not show; what differed still does."""
    hidden: dict[str, Any] = {}
    for key, value in table.items():
        if isinstance(value, dict) and value:
            hidden[key] = hiding(value, (*path, key))
        else:
            hidden[key] = value if (*path, key) in PUBLIC or value == {} else f"M.V1.xxxxHIDDEN {value!r}"
    return hidden


@unhurried
@given(documents(), wanted_profiles, st.booleans(), st.booleans())
def test_a_diff_is_empty_just_when_nothing_changes_and_shows_no_secret(
    document: Document, wanted: dict[str, Any], exclusive: bool, exclusive_auth: bool
) -> None:
    (old, *_others) = document.data["profile"]
    new = profiles.merge(old, {"name": old["name"], **wanted}, exclusive=exclusive, exclusive_auth=exclusive_auth)
    old, new = hiding(old), hiding(new)
    for before, after in ((old, new), (old, old), (None, new), (old, None), (None, None)):
        sides = [json.dumps(side, sort_keys=True, default=str) for side in profiles.diff(before, after)]
        assert (sides[0] != sides[1]) == profiles.Outcome("", before, after).changed
        assert "HIDDEN" not in "".join(sides)


def test_a_diff_shows_the_profiles_own_shape() -> None:
    old = {"name": "n", "mgmt_token": "M.V1.abcdHIDDEN", "x": "HIDDEN", "auth": {"oauth2": {"client_id": "a"}}}
    parameters = {"audience": "HIDDEN"}
    new = {**old, "mgmt_token": "M.V1.abcdOTHER", "auth": {"oauth2": {"client_id": "b", "parameters": parameters}}}
    common = {"name": "n", "x": "********", "mgmt_token_prefix": "M.V1.abcd"}
    assert profiles.diff(old, new) == (
        {**common, "mgmt_token": "********", "auth": {"oauth2": {"client_id": "a"}}},
        {
            **common,
            "mgmt_token": "******** (changed)",
            "auth": {"oauth2": {"client_id": "b", "parameters": {"audience": "********"}}},
        },
    )


def test_options_that_are_not_given_are_dropped() -> None:
    nested: dict[str, Any] = {"a": None, "b": {"c": None}, "d": {"e": {"f": 1, "g": None}}, "h": False, "i": []}
    assert without_unset(nested) == {"d": {"e": {"f": 1}}, "h": False, "i": []}


@pytest.mark.parametrize(
    ("profile", "problem"),
    [
        ({"name": "n"}, "'n' needs one of clustered and dedicated, and has None"),
        ({"name": "n", "product": "core"}, "has 'core'"),
        ({"name": "n", "product": "clustered"}, "lacks host"),
        ({"name": "n", "product": "dedicated", "host": "h"}, "lacks account_id and cluster_id"),
        ({"name": "n", "product": "dedicated", "account_id": "a"}, "lacks cluster_id"),
    ],
)
def test_unusable_profiles(profile: dict[str, Any], problem: str) -> None:
    with pytest.raises(OptionError, match=problem):
        profiles.check(profile)


def test_usable_profiles() -> None:
    profiles.check({"product": "clustered", "host": "h"})
    profiles.check({"product": "dedicated", "account_id": "a", "cluster_id": "c"})


@pytest.mark.parametrize(
    ("exclusive", "exclusive_auth", "expected"),
    [
        (False, False, {"x": 1, "tls": {"ca": "c", "insecure": True}, "auth": {"oauth2": {"a": 1}}, "mgmt_token": "t"}),
        (False, True, {"x": 1, "tls": {"ca": "c", "insecure": True}, "mgmt_token": "t"}),
        (True, False, {"tls": {"insecure": True}, "mgmt_token": "t"}),
    ],
)
def test_merging(exclusive: bool, exclusive_auth: bool, expected: dict[str, Any]) -> None:
    current = {"x": 1, "tls": {"ca": "c"}, "auth": {"oauth2": {"a": 1}}}
    wanted = {"tls": {"insecure": True}, "mgmt_token": "t"}
    assert profiles.merge(current, wanted, exclusive=exclusive, exclusive_auth=exclusive_auth) == expected
    assert current == {"x": 1, "tls": {"ca": "c"}, "auth": {"oauth2": {"a": 1}}}


def test_merging_keeps_unknown_authentication_beside_the_dropped() -> None:
    current = {"auth": {"oauth2": {"a": 1}, "saml": {"b": 1}}, "mgmt_token": "t"}
    wanted = {"auth": {"token": {"token_file": "f"}}}
    merged = profiles.merge(current, wanted, exclusive=False, exclusive_auth=True)
    assert merged == {"auth": {"saml": {"b": 1}, "token": {"token_file": "f"}}}


def test_tables_in_arrays_stay_in_the_line_that_is_written_anew() -> None:
    """tomlkit can't remove keys from this table; the random examples of the nightly run found it."""
    inline = "{'other' = {}, 'oauth2' = {'client_id' = [{'k' = false}], 'scopes' = [1, [{}]], 'token_url' = false}}"
    text = f"[[profile]]\n'name' = 'p'\n'auth' = {inline}\n"
    for key in ("scopes", "client_id", "token_url"):
        editor = toml_editor.Editor(text)
        editor.block(0).remove(("auth", "oauth2", key))
        expected = tomllib.loads(text)
        del expected["profile"][0]["auth"]["oauth2"][key]
        assert tomllib.loads(editor.text()) == expected
