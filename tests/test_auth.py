"""A credential is read at each use, goes to its own origin and is shown nowhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_kfp_mt.auth import CookieFile, Credential, FileCredential, TokenFile
from jupyter_kfp_mt.errors import KfpConnectionError
from tests.context.pods import token

URL = "http://kfp.example:8888"


@pytest.mark.parametrize(
    ("kind", "secret", "header"),
    [
        (TokenFile, "s3cret", {"Authorization": "Bearer s3cret"}),
        (CookieFile, "id=s3cret", {"Cookie": "id=s3cret"}),
    ],
)
def test_a_file_is_sent_to_its_own_origin_only(
    tmp_path: Path, kind: type[FileCredential], secret: str, header: dict[str, str]
) -> None:
    (tmp_path / "file").write_text(f"{secret}\n")
    credential = kind(tmp_path / "file", URL)
    assert credential.headers(f"{URL}/apis") == header
    assert credential.headers("http://kfp.example/apis") == credential.headers("http://other:8888") == {}
    assert credential.secrets() == [secret]
    assert "s3cret" not in repr(credential)


def test_claims_are_those_of_the_file_as_it_is_now(tmp_path: Path) -> None:
    credential = TokenFile(tmp_path / "token", URL)
    assert (credential.claims().account, credential.secrets()) == ("", [])
    (tmp_path / "token").write_text(token(account="ws-lab"))
    assert credential.claims().account == "ws-lab"
    (tmp_path / "token").write_text("opaque")
    assert credential.claims().account == ""


def test_nothing_is_sent_without_a_credential() -> None:
    nobody = Credential()
    assert (nobody.sent, nobody.headers(URL), nobody.secrets()) == (False, {}, [])


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("session=abc", "session=abc"),
        ("Cookie: session=abc; other=d==", "session=abc; other=d=="),
        ("cookie:session=abc;", "session=abc"),
        ('"session=abc"', "session=abc"),
        ("a=1\nsession=abc\n", "a=1; session=abc"),
        ("a=1;\r\n session=abc", "a=1; session=abc"),
    ],
)
def test_a_cookie_is_taken_as_people_copy_it(tmp_path: Path, text: str, sent: str) -> None:
    (tmp_path / "cookie").write_bytes(text.encode())
    assert CookieFile(tmp_path / "cookie", URL).headers(URL) == {"Cookie": sent}


@pytest.mark.parametrize(
    ("text", "reason"), [("abc", "without a NAME=VALUE"), ("a b", "without a NAME=VALUE"), ("", "empty")]
)
def test_a_cookie_file_without_a_cookie_says_how_to_write_it(tmp_path: Path, text: str, reason: str) -> None:
    (tmp_path / "cookie").write_text(text)
    with pytest.raises(KfpConnectionError) as caught:
        CookieFile(tmp_path / "cookie", URL).headers(URL)
    assert (caught.value.code, caught.value.message) == (
        "token-unreadable",
        "The cookie file cannot be used.",
    )
    assert caught.value.why.endswith(f"{reason}.")
    assert caught.value.next_step.startswith("Write NAME=VALUE into it")


def test_the_values_of_cookies_are_secrets(tmp_path: Path) -> None:
    (tmp_path / "cookie").write_text("Cookie: session=abcdefgh12; lang=en")
    assert "abcdefgh12" in CookieFile(tmp_path / "cookie", URL).secrets()
