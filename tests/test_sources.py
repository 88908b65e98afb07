"""What holds for every file of the repository: sources that a reader can follow, and one manner of import."""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TRACKED = subprocess.run(
    ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
).stdout.split("\0")
FILES = [name for name in TRACKED if name and name != "tests/test_sources.py"]
pytestmark = pytest.mark.skipif(not FILES, reason="git does not know this folder")

# planning papers, which are not in the repository, and the numbers of their wishes
PAPERS = r"kfp-api|kubeflow-environment|local-engine|\b(?:UX|DESIGN|FEATURES)\.md"
WISHES = (
    r"\b(?:ACT|API|CLI|CMP|DOC|EMB|ENG|EXP|HERE|IDE|IDN|ISO|MAG|PIP|PKG|REC|RUN|SEC|SRC|SUB|VIEW|WID)-\d\d\b"
)
REGISTRIES = r"pypi\.org|pythonhosted\.org|registry\.npmjs\.org"


def found(pattern: str, *suffixes: str) -> list[str]:
    """Return each line that matches, as `file:number: line`; binary files are skipped."""
    lines = []
    for name in FILES:
        if suffixes and not name.endswith(suffixes):
            continue
        try:
            text = (ROOT / name).read_text(encoding="utf-8")
        except (UnicodeDecodeError, FileNotFoundError):  # binary, or deleted and not committed yet
            continue
        if re.search(pattern, text, re.MULTILINE):
            lines += [
                f"{name}:{number}: {line.strip()[:80]}"
                for number, line in enumerate(text.splitlines(), 1)
                if re.search(pattern, line)
            ]
    return lines


@pytest.mark.parametrize(
    "pattern", ["\N{SECTION SIGN}", PAPERS, WISHES], ids=["section signs", "planning papers", "wishes"]
)
def test_no_file_cites_what_a_reader_cannot_open(pattern: str) -> None:
    """Cite KFP's route, file or issue, an RFC, Kubernetes' page, or a page of docs/."""
    assert found(pattern) == []


def test_no_file_names_a_package_registry() -> None:
    assert found(REGISTRIES) == []


def test_tests_import_each_other_absolutely_and_only_helpers() -> None:
    imports = found(r"^\s*from (?:\.|tests\.(?:\w+\.)*test_\w+ import)", ".py")
    assert [line for line in imports if line.startswith(("tests/", "ui-tests/"))] == []


def test_no_two_public_classes_have_one_name() -> None:
    classes = found(r"^class [A-Za-z]", ".py")
    names = Counter(
        re.split(r"\W", line.partition(": class ")[2])[0]
        for line in classes
        if line.startswith("jupyter_kfp_mt/")
    )
    assert [name for name, count in names.items() if count > 1] == []
