"""Compile a notebook or a cell to a pipeline of one task, and say what of them a form shows."""

from __future__ import annotations

import functools
import importlib.metadata
import importlib.util
import re
import sys
import unicodedata
from collections.abc import Mapping
from pathlib import PurePosixPath

import msgspec

from ...errors import KfpError, kfp_error
from ...models import CellName, Import, Origin, SentFile, Source, SourceKind
from ...notebooks.cell import CellNeeds, find_cell, find_needs, make_inputs, name_of
from ...notebooks.gathered import Gathered, check_options, list_files
from ...notebooks.names import cell_error
from ...notebooks.parameters import find_tagged, read_parameters
from ...notebooks.reading import ParsedNotebook, find_imports, make_notebook, read_notebook
from ...notebooks.task import OUTPUT, build_cell, build_notebook
from ...pipeline_spec import Package, from_wire
from ..backend import Backend
from .gathering import gather_from_disk

MOST_CODE = 96 * 1024  # bytes of a cell: it is one text of a command line
_THERE = frozenset({"kfp", "IPython", "ipykernel", "nbclient", "nbformat", "jupyter_client", "traitlets"})
_DISTRIBUTIONS = {  # of modules with another name, where they are not installed here
    "bs4": "beautifulsoup4",
    "cv2": "opencv-python-headless",
    "dateutil": "python-dateutil",
    "PIL": "pillow",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "yaml": "PyYAML",
}


class Compiled(msgspec.Struct, frozen=True, kw_only=True):
    """A notebook or a cell as a pipeline, and what a form shows of it."""

    package: Package
    title: str
    code: str
    image: str
    origin: Origin | None
    imports: list[Import] = []
    names: list[CellName] = []
    is_tagged: bool | None = None
    cells: int = 0
    files: list[SentFile] = []
    kernel: str = ""

    def check(self) -> None:
        """Raise `bad-input` if a name of the cell has no value."""
        missing = next((name for name in self.names if not name.is_sent), None)
        if missing is not None:
            why, _, cure = missing.reason.partition(". ")
            message = f"The cell uses “{missing.name}”, which it does not define."
            raise cell_error(message, why=f"{why}.", next_step=cure)


def compile_source(backend: Backend, source: Source) -> Compiled:
    """Compile a notebook or a cell; raises why it cannot be."""
    gathered = source if isinstance(source, Gathered) else gather_from_disk(source)
    check_options(gathered)
    name = PurePosixPath(gathered.path).name
    notebook = read_notebook(gathered.notebook, name) if gathered.notebook else None
    if gathered.kind is SourceKind.CELL:
        return _compile_cell(backend, gathered, notebook)
    if notebook is None:
        raise kfp_error(
            "bad-input", field=name or "source", problem="it is not a notebook", why="It is empty."
        )
    return _compile_notebook(backend, gathered, notebook)


def _compile_notebook(backend: Backend, source: Gathered, notebook: ParsedNotebook) -> Compiled:
    tagged = find_tagged(notebook)
    parameters = read_parameters(tagged.source) if tagged is not None else []
    if any(spec.name == OUTPUT for spec in parameters):
        problem = f"“{OUTPUT}” is the name of what comes back"
        raise kfp_error("bad-input", field=OUTPUT, problem=problem, next="give the parameter another name")
    image = _choose_image(backend, source, notebook)
    spec = build_notebook(
        to_pipeline_name(notebook.stem, "notebook"),
        notebook.name,
        notebook.content,
        parameters=parameters,
        packages=source.packages,
        files=source.contents,
        folder=source.folder,
        image=image,
    )
    return Compiled(
        package=from_wire(spec, name=notebook.name),
        title=notebook.stem,
        code=notebook.code,
        image=image,
        origin=Origin(path=source.path, notebook_id=notebook.notebook_id),
        imports=_describe_imports(find_imports(notebook), source),
        is_tagged=tagged is not None,
        cells=len(notebook.cells),
        files=list_files(source),
        kernel=notebook.kernel,
    )


def _compile_cell(backend: Backend, source: Gathered, notebook: ParsedNotebook | None) -> Compiled:
    if not source.text.strip():
        raise cell_error("The cell is empty.", next_step="write some code in it")
    size = len(source.text.encode(errors="replace"))
    if size > MOST_CODE:
        words = {"size": f"It has {size / 1024:.1f} KiB", "limit": f"{MOST_CODE // 1024}.0 KiB"}
        raise kfp_error(
            "too-large", thing="The cell", **words, next="Put parts of it into a file that goes along."
        )
    needs = find_needs(source.text, notebook, source.inputs)
    cell = find_cell(notebook, source.text) if notebook is not None else None
    title = f"{notebook.stem} cell {cell.number}" if notebook and cell else "cell"
    image = _choose_image(backend, source, notebook)
    top = "\n".join(needs.imports)
    code = f"{top}\n\n{source.text}" if top else source.text
    if needs.is_plain:
        spec = build_cell(
            to_pipeline_name(title, "cell"),
            code,
            inputs=make_inputs(needs.inputs),
            packages=source.packages,
            files=source.contents,
            folder=source.folder,
            image=image,
        )
    else:
        spec = _build_for_ipython(title, source, needs, notebook, image)
    origin = Origin(
        path=source.path,
        notebook_id=notebook.notebook_id if notebook is not None else "",
        cell=cell.number if cell is not None else 0,
    )
    return Compiled(
        package=from_wire(spec, name=title),
        title=title,
        code=code,
        image=image,
        origin=origin if source.path else None,
        imports=_describe_imports(needs.modules, source),
        names=needs.names,
        files=list_files(source),
        kernel=notebook.kernel if notebook is not None else "",
    )


def _build_for_ipython(
    title: str, source: Gathered, needs: CellNeeds, notebook: ParsedNotebook | None, image: str
) -> dict[str, object]:
    """Return the pipeline of a cell with magics, commands or `await`: it is executed as a notebook."""
    values = "".join(f"{key} = {value!r}\n" for key, value in needs.inputs.items())
    cells = [("parameters", values), ("", "\n".join(needs.imports)), ("", source.text)]
    return build_notebook(
        to_pipeline_name(title, "cell"),
        f"{title}.ipynb",
        make_notebook(cells, notebook),
        subject="The cell",
        parameters=make_inputs(needs.inputs),
        packages=source.packages,
        files=source.contents,
        folder=source.folder,
        image=image,
    )


def to_pipeline_name(text: str, otherwise: str) -> str:
    """Return `text` as KFP wants the name of a pipeline: lower-case letters, digits and hyphens."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:50].rstrip("-") or otherwise


def _describe_imports(modules: set[str], source: Gathered) -> list[Import]:
    listed = {name_of(package) for package in source.packages}
    found = []
    for module in sorted(modules - _THERE):
        files = [each for each in (f"{module}.py", module) if each in source.beside]
        if files:
            file = files[0] if files[0].endswith(".py") else f"{module}/__init__.py"
            found.append(Import(module=module, file=file, is_listed=file in source.files))
            continue
        name, version = _find_distribution(module)
        requirement = f"{name}=={version.partition('+')[0]}" if version else name
        found.append(Import(module=module, requirement=requirement, is_listed=name_of(name) in listed))
    return found


def _find_distribution(module: str) -> tuple[str, str]:
    """Return the distribution of a module, with the version that is installed here, if one is."""
    names = [_DISTRIBUTIONS.get(module, module)]
    if names == [module] and _find_version(module) is None and importlib.util.find_spec(module) is not None:
        names = _list_owners().get(module, names)
    return names[0], _find_version(names[0]) or ""


def _find_version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


@functools.cache
def _list_owners() -> Mapping[str, list[str]]:
    """Return the distributions of all modules that are installed; takes a second."""
    return importlib.metadata.packages_distributions()


def _choose_image(backend: Backend, source: Source, notebook: ParsedNotebook | None) -> str:
    """Return the image of the task: a given one, that of our own pod, or Python in the kernel's version."""
    if source.image:
        return source.image
    own = _read_own_image(backend) if not backend.context.embedded else ""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    return own or f"python:{notebook.python if notebook and notebook.python else version}"


def _read_own_image(backend: Backend) -> str:
    """Return the image of the notebook server's pod; empty outside of one, and where it may not be read."""
    here = backend.context.notebook
    if backend.kubernetes is None or not here.pod:
        return ""
    try:
        pod = backend.kubernetes.read_pod(here.pod, here.namespace)
    except KfpError:
        return ""
    images = {each.name: each.image for each in pod.containers} if pod is not None else {}
    return images.get(here.name) or next(iter(images.values()), "")
