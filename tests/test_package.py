"""What `import jupyter_kfp_mt` gives."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import jupyter_kfp_mt

PROJECT = Path(__file__).parent.parent
LOCKS = sorted((PROJECT / "requirements").glob("*.txt"))


@pytest.mark.parametrize(
    "code",
    [
        "from jupyter_kfp_mt import connect; assert callable(connect)",
        "import jupyter_kfp_mt.connection, jupyter_kfp_mt; assert callable(jupyter_kfp_mt.connect)",
        "import jupyter_kfp_mt; assert all(hasattr(jupyter_kfp_mt, name) for name in jupyter_kfp_mt.__all__)",
    ],
)
def test_public_names_are_what_they_say(code: str) -> None:
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("heavy", ["kfp", "kubernetes", "pandas", "ipywidgets", "IPython", "requests"])
def test_the_import_is_light(heavy: str) -> None:
    subprocess.run(
        [sys.executable, "-c", f"import sys, jupyter_kfp_mt; assert {heavy!r} not in sys.modules"], check=True
    )


def test_page_and_server_are_of_one_version() -> None:
    """The page tells a mismatch by comparing them."""
    page = json.loads((PROJECT / "labextension" / "package.json").read_text(encoding="utf-8"))
    declared = re.search(
        r'^version = "(.+)"$', (PROJECT / "pyproject.toml").read_text(encoding="utf-8"), re.M
    )
    assert declared is not None
    assert page["version"] == declared[1] == jupyter_kfp_mt.__version__


def test_the_lock_has_a_version_for_each_requirement() -> None:
    """A set-up installs the lock and nothing else, so `make lock` follows each change of the requirements."""
    locked: dict[str, set[str]] = {}
    for line in (PROJECT / "requirements" / "dev.txt").read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            [pin] = (pinned := Requirement(line)).specifier
            locked.setdefault(canonicalize_name(pinned.name), set()).add(pin.version)
    for text in metadata.requires("jupyter_kfp_mt") or []:
        declared = Requirement(text)
        if canonicalize_name(declared.name) != "jupyter-kfp-mt":
            versions = locked.get(canonicalize_name(declared.name), set())
            assert versions, f"{declared.name} is not locked"
            assert all(version in declared.specifier for version in versions), text


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_a_lock_names_no_registry(lock: Path) -> None:
    assert not re.search(r"://|--index|--find-links|/", lock.read_text(encoding="utf-8"))
