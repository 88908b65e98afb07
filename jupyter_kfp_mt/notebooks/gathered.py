"""Notebooks and cells with the files that go along."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from ..errors import kfp_error
from ..models import SentFile, Source, SourceKind

MOST_COUNT = 100  # files
MOST_FILES = 512 * 1024  # bytes of all files that go along
_REQUIREMENT = re.compile(r"[A-Za-z0-9][\w.\-\[\]<>=!~, @:/+#?%]{0,300}")
_IMAGE = re.compile(r"[A-Za-z0-9][\w.\-/:@]{0,500}")


class Gathered(Source, frozen=True, kw_only=True):
    """A notebook or a cell with the files that were read for it."""

    notebook: bytes = b""  # empty: a cell of no notebook
    folder: tuple[str, ...] = ()  # of the notebook, from the top of the files
    contents: dict[str, bytes] = msgspec.field(default_factory=dict)  # by path from the top
    beside: frozenset[str] = frozenset()  # names of Python files and folders in that folder


def check_options(source: Gathered) -> None:
    """Raise `bad-input` or `too-large` for packages, an image or files that cannot be sent."""
    for package in source.packages:
        if not _REQUIREMENT.fullmatch(package):
            cure = "write it as for pip, such as scikit-learn or pandas==2.2"
            raise kfp_error(
                "bad-input", field="packages", problem=f"“{package[:80]}” is not a package", next=cure
            )
    if source.image and not _IMAGE.fullmatch(source.image):
        raise kfp_error("bad-input", field="image", problem=f"“{source.image[:80]}” is not an image")
    check_files({path: len(data) for path, data in source.contents.items()})


def check_files(sizes: Mapping[str, int]) -> None:
    """Raise `too-large` if the files that go along are."""
    total = sum(sizes.values())
    if total > MOST_FILES:
        largest = max(sizes, key=lambda path: sizes[path])
        raise kfp_error(
            "too-large",
            thing="The set of files",
            size=f"{len(sizes)} have {total / 1024:,.1f} KiB, {largest} the most",
            limit="512.0 KiB",
            next="Put large data into a store or a volume and read it there, or send a part of it.",
        )


def list_files(source: Gathered) -> list[SentFile]:
    """Return the files that go along, by their paths from the notebook."""
    here = "/".join(source.folder) or "."
    return [
        SentFile(path=posixpath.relpath(path, here), size=len(data)) for path, data in source.contents.items()
    ]


def locate_files(folder: str, paths: Sequence[str]) -> list[str]:
    """Return the paths of files from the top; raises `bad-input` for one outside of that."""
    if len(paths) > MOST_COUNT:
        raise kfp_error("bad-input", field="files", problem=f"there are more than {MOST_COUNT}")
    return [_locate(folder, path) for path in dict.fromkeys(paths)]


def _locate(folder: str, path: str) -> str:
    whole = posixpath.normpath(posixpath.join(folder, path))
    if not path or path.startswith("/") or "\\" in path or "\0" in path or whole.split("/")[0] in ("..", "."):
        problem = f"“{path[:80]}” is not a file below the notebook's root"
        raise kfp_error("bad-input", field="files", problem=problem)
    return whole


def to_file_source(path: str) -> Source:
    """Return the source of a file: a notebook by its ending, else a pipeline."""
    return Source(kind=SourceKind.NOTEBOOK if path.endswith(".ipynb") else SourceKind.FILE, path=path)


def add_options(source: Source, files: Iterable[str], packages: Iterable[str], image: str) -> Source:
    """Return a notebook or cell with what goes along; raises `bad-input` for what takes nothing."""
    given = {"files": list(files), "packages": list(packages), "image": image}
    chosen = {name: value for name, value in given.items() if value}
    if chosen and source.kind not in (SourceKind.NOTEBOOK, SourceKind.CELL):
        field, why = next(iter(chosen)), "A compiled pipeline says itself what its tasks need."
        raise kfp_error("bad-input", field=field, problem="this is for notebooks and cells", why=why)
    return msgspec.structs.replace(source, **chosen)
