"""Read notebooks and cells with the files that go along from this machine's disk."""

from __future__ import annotations

import json
import os
from pathlib import Path

from jupyter_core.paths import jupyter_runtime_dir

from ...errors import kfp_error
from ...models import Source
from ...notebooks.gathered import Gathered, check_files


def gather_from_disk(source: Source) -> Gathered:
    """Return a notebook or cell with its files, from this machine's disk.

    Files are looked for beside the notebook, then in the current folder.
    """
    path = Path(source.path).expanduser() if source.path else None
    notebook = _read(path) if path is not None else b""
    home = path.resolve().parent if path is not None else Path.cwd()
    places = {each: _find(home, each) for each in source.files}
    check_files({each: place.stat().st_size for each, place in places.items()})
    top = Path(os.path.commonpath([home, *(place.parent for place in places.values())]))
    fields = {name: getattr(source, name) for name in Source.__struct_fields__}
    fields["path"] = make_path_below_root(path.resolve()) if path is not None else ""
    return Gathered(
        **fields,
        notebook=notebook,
        folder=home.relative_to(top).parts,
        contents={place.relative_to(top).as_posix(): _read(place) for place in places.values()},
        beside=frozenset(each.name for each in home.iterdir()) if path is not None else frozenset(),
    )


def _find(home: Path, word: str) -> Path:
    for folder in (home, Path.cwd()):
        place = (folder / Path(word).expanduser()).resolve()
        if place.is_file():
            return place
    raise kfp_error("not-found/file", thing="file", ref=word, folder=home)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        folder = path.absolute().parent
        raise kfp_error("not-found/file", thing="file", ref=path.name, folder=folder) from None
    except (OSError, ValueError) as failure:
        reason = failure.strerror if isinstance(failure, OSError) else "it has a NUL in it"
        problem = f"“{path.name}” cannot be read: {reason}"
        raise kfp_error("bad-input", field="source", problem=problem) from None


def make_path_below_root(path: Path) -> str:
    """Return the path as the Jupyter server of this user has it; whole where none has it."""
    roots = [Path(root) for root in _list_roots() if root and path.is_relative_to(root)]
    closest = max(roots, key=lambda root: len(root.parts), default=None)
    return path.relative_to(closest).as_posix() if closest is not None else path.as_posix()


def _list_roots() -> list[str]:
    """Return the root folders of this user's running Jupyter servers."""
    roots = []
    for file in Path(jupyter_runtime_dir()).glob("jpserver-*.json"):
        try:
            roots.append(str(json.loads(file.read_text(encoding="utf-8")).get("root_dir", "")))
        except (OSError, ValueError, AttributeError):
            continue  # of a server that is just starting or stopping
    return roots
