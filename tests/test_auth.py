"""A credential is read at each use, goes to its own origin and is shown nowhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_kfp_mt.auth import CookieFile, Credential, FileCredential, TokenFile
from tests.context.pods import token

URL = "http://kfp.example:8888"


@pytest.mark.parametrize(
    ("kind", "header"), [(TokenFile, {"Authorization": "Bearer s3cret"}), (CookieFile, {"Cookie": "s3cret"})]
)
def test_a_file_is_sent_to_its_own_origin_only(
    tmp_path: Path, kind: type[FileCredential], header: dict[str, str]
) -> None:
    (tmp_path / "file").write_text("s3cret\n")
    credential = kind(tmp_path / "file", URL)
    assert credential.headers(f"{URL}/apis") == header
    assert credential.headers("http://kfp.example/apis") == credential.headers("http://other:8888") == {}
    assert credential.secrets() == ["s3cret"]
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
