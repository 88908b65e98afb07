"""Read a notebook: its cells, its kernel, and what of it is sent."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Sequence
from typing import Any, NamedTuple

from ..errors import KfpError, kfp_error
from .names import CellNames

MOST = 1024 * 1024  # bytes of a notebook without its outputs
_DROPPED = ("widgets", "papermill")  # metadata of an earlier execution
_MATPLOTLIB = re.compile(r"^%matplotlib\b", re.MULTILINE)  # a magic that imports it
OURS = "jupyter_kfp_mt"  # our key in a notebook's metadata


class NotebookCell(NamedTuple):
    """A code cell that is not empty; its number is the one that Jupyter shows when all cells are run."""

    number: int  # from 1
    source: str
    tags: frozenset[str]
    cell_id: str


class ParsedNotebook(NamedTuple):
    """A Python notebook."""

    name: str  # of its file
    content: dict[str, Any]  # nbformat 4, without outputs
    cells: list[NotebookCell]
    kernel: str  # as Jupyter shows it
    language: str
    python: str  # version "3.11"; empty if not known
    notebook_id: str  # ours, from its metadata; empty if it has none

    @property
    def stem(self) -> str:
        """Its name without the ending."""
        return self.name.rpartition(".")[0] or self.name

    @property
    def code(self) -> str:
        """The code of all cells, each under its number."""
        return "\n\n".join(f"# %% [{cell.number}]\n{cell.source.rstrip()}" for cell in self.cells)


def read_notebook(text: str | bytes, name: str) -> ParsedNotebook:
    """Read the notebook in the file `name`; raises `bad-input` and `too-large`."""
    content = _strip(_upgrade(_parse(text, name), name), name)
    size = len(json.dumps(content, ensure_ascii=False).encode(errors="replace"))
    if size > MOST:
        words = {"size": f"Without outputs it has {size / MOST:.1f} MiB", "limit": "1.0 MiB"}
        raise kfp_error("too-large", thing=name, **words, next="Take pictures out of its text cells.")
    metadata = content["metadata"]
    spec, info = _child(metadata, "kernelspec"), _child(metadata, "language_info")
    language = str(spec.get("language") or info.get("name") or "python")
    kernel = str(spec.get("display_name") or spec.get("name") or "")
    if language.lower() not in ("python", "ipython"):
        problem = f"its kernel is {kernel or language}, and only Python notebooks can be run"
        raise kfp_error("bad-input", field=name, problem=problem)
    version = re.match(r"3\.\d+", str(info.get("version", "")))
    notebook_id = _child(metadata, OURS).get("id")
    return ParsedNotebook(
        name=name,
        content=content,
        cells=_list_cells(content),
        kernel=kernel,
        language="python",
        python=version[0] if version else "",
        notebook_id=notebook_id if isinstance(notebook_id, str) else "",
    )


def make_notebook(cells: Sequence[tuple[str, str]], like: ParsedNotebook | None) -> dict[str, Any]:
    """Return a notebook of code cells, each with its tag, for the kernel of another one."""
    metadata = like.content["metadata"] if like is not None else {}
    made: list[dict[str, Any]] = [
        {
            "cell_type": "code",
            "metadata": {"tags": [tag]} if tag else {},
            "source": source,
            "outputs": [],
            "execution_count": None,
        }
        for tag, source in cells
        if source.strip()
    ]
    return {"nbformat": 4, "nbformat_minor": 4, "metadata": metadata, "cells": made}


def find_imports(notebook: ParsedNotebook) -> set[str]:
    """Return the modules outside of the standard library that the cells import."""
    found: set[str] = set()
    for cell in notebook.cells:
        if _MATPLOTLIB.search(cell.source):
            found.add("matplotlib")
        if "import" not in cell.source:
            continue
        try:
            found |= CellNames(cell.source, ipython=True).imported
        except KfpError:
            continue  # it fails when it is run, and says why
    return found


def _not_a_notebook(name: str, why: str) -> KfpError:
    return kfp_error("bad-input", field=name, problem="it is not a notebook", why=why)


def _parse(text: str | bytes, name: str) -> dict[str, Any]:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        why = f"Line {error.lineno}: {error.msg}." if isinstance(error, json.JSONDecodeError) else str(error)
        raise _not_a_notebook(name, why if text.strip() else "The file is empty.") from None
    if not isinstance(content, dict):
        raise _not_a_notebook(name, "It is no JSON object.")
    return content


def _upgrade(content: dict[str, Any], name: str) -> dict[str, Any]:
    """Return the content in nbformat 4."""
    if content.get("nbformat") == 4 and isinstance(content.get("cells"), list):
        return content
    if not isinstance(content.get("nbformat"), int) or content["nbformat"] > 4:
        raise _not_a_notebook(name, f"Its format is {content.get('nbformat')!s:.20}; we know 1 to 4.")
    import nbformat  # imports more than a notebook of today needs

    try:
        return dict(nbformat.convert(nbformat.from_dict(content), 4))
    except Exception:  # a converter of old formats raises what it likes on what is not one
        raise _not_a_notebook(name, f"It is not in format {content['nbformat']}.") from None


def _strip(content: dict[str, Any], name: str) -> dict[str, Any]:
    """Return the content without outputs, and without what an earlier execution left behind."""
    minor = content.get("nbformat_minor")
    minor = minor if isinstance(minor, int) and minor >= 0 else 4
    metadata = {key: value for key, value in _child(content, "metadata").items() if key not in _DROPPED}
    cells = [_strip_cell(cell, name, with_id=minor >= 5) for cell in content["cells"]]
    return {"nbformat": 4, "nbformat_minor": minor, "metadata": metadata, "cells": cells}


def _strip_cell(cell: Any, name: str, *, with_id: bool) -> dict[str, Any]:
    source = cell.get("source") if isinstance(cell, dict) else None
    if isinstance(source, list):
        source = "".join(map(str, source))
    if not isinstance(source, str) or not isinstance(cell.get("cell_type"), str):
        raise _not_a_notebook(name, "One of its cells is none.")
    kind = cell["cell_type"]
    metadata = {key: value for key, value in _child(cell, "metadata").items() if key != "execution"}
    kept: dict[str, Any] = {"cell_type": kind, "metadata": metadata, "source": source}
    if with_id:
        kept["id"] = cell["id"] if isinstance(cell.get("id"), str) else uuid.uuid4().hex[:8]
    if kind == "code":
        kept |= {"outputs": [], "execution_count": None}
    elif isinstance(cell.get("attachments"), dict):
        kept["attachments"] = cell["attachments"]
    return kept


def _list_cells(content: dict[str, Any]) -> list[NotebookCell]:
    code = [
        cell for cell in content["cells"] if cell["cell_type"] == "code" and cell["source"].strip()
    ]
    return [
        NotebookCell(number, cell["source"], _read_tags(cell), cell.get("id", ""))
        for number, cell in enumerate(code, 1)
    ]


def _read_tags(cell: dict[str, Any]) -> frozenset[str]:
    tags = cell["metadata"].get("tags")
    return frozenset(tag for tag in tags if isinstance(tag, str)) if isinstance(tags, list) else frozenset()


def _child(parent: dict[str, Any], key: str) -> dict[str, Any]:
    child = parent.get(key)
    return child if isinstance(child, dict) else {}
