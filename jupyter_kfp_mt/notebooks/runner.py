"""Executes a notebook in the process of its task. Its text is sent with the run, so it imports nothing of ours.

What it needs comes in the variables `KFP_NOTEBOOK_1`, `KFP_NOTEBOOK_2`, …, since one text of a command line
has 128 KiB at most.
"""

import asyncio
import base64
import json
import os
import sys
import tempfile
import zlib
from typing import Any

VARIABLE = "KFP_NOTEBOOK_"
MARK = "Executed notebook: "  # begins the line of a log that holds it
MOST = 384 * 1024  # characters of that line


def unpack(environment: Any) -> Any:
    """Return what was sent, and take it out of the variables."""
    parts, number = [], 1
    while f"{VARIABLE}{number}" in environment:
        parts.append(environment.pop(f"{VARIABLE}{number}"))
        number += 1
    return json.loads(zlib.decompress(base64.b64decode("".join(parts)))) if parts else {"files": {}}


def place_files(sent: Any) -> Any:
    """Write the files that were sent into a new folder, and go to the folder of the notebook there."""
    top = tempfile.mkdtemp(prefix="notebook-")
    folder = os.path.join(top, *sent.get("folder", []))
    os.makedirs(folder, exist_ok=True)
    for path, data in sent["files"].items():
        target = os.path.join(top, *path.split("/"))
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(target, "wb") as file:
            file.write(base64.b64decode(data))
    os.chdir(folder)
    if folder not in sys.path:
        sys.path.insert(0, folder)
    return folder


def run_notebook(values: Any, output: Any) -> Any:
    """Execute the notebook that was sent with `values`, and write it to `output`, also when a cell fails."""
    import nbformat

    sent = unpack(os.environ)
    name, content = sent["name"], nbformat.from_dict(sent["notebook"])
    given = {key: value for key, value in values.items() if value is not None and value != sent["defaults"].get(key)}
    inject(content, given)
    folder = place_files(sent)
    print(f"Starting {name}", flush=True)
    fault = asyncio.run(execute(content, name, folder, sent["subject"]))
    content.metadata["jupyter_kfp_mt"] = {**content.metadata.get("jupyter_kfp_mt", {}), "name": name}
    if fault:
        content.metadata["jupyter_kfp_mt"]["failed"] = fault
    text = json.dumps(content, ensure_ascii=False, indent=1)
    with open(output.path, "w", encoding="utf-8", errors="replace") as file:
        file.write(text)
    output.metadata["name"] = name
    if fault:
        # KFP's launcher before 2.17 uploads nothing of a task that fails; the embedded server keeps the file.
        if "KFP_TASK_FOLDER" not in os.environ:
            print(MARK + pack_for_log(content), flush=True)
        print(fault, flush=True)
        sys.exit(1)


def inject(content: Any, given: Any) -> Any:
    """Put the given values into a cell behind the tagged one, as papermill does."""
    tagged = [cell for cell in content.cells if "parameters" in read_tags(cell)][:1]
    if not tagged:
        return
    content.cells = [cell for cell in content.cells if "injected-parameters" not in read_tags(cell)]
    if not given:
        return
    source = "# Parameters\n" + "".join(f"{name} = {value!r}\n" for name, value in given.items())
    cell: Any = {
        "cell_type": "code",
        "metadata": {"tags": ["injected-parameters"]},
        "source": source,
        "outputs": [],
        "execution_count": None,
    }
    if "id" in tagged[0]:
        cell["id"] = "injected-parameters"
    content.cells.insert(content.cells.index(tagged[0]) + 1, type(content)(cell))


def read_tags(cell: Any) -> Any:
    """Return the tags of a cell."""
    tags = cell.metadata.get("tags")
    return tags if isinstance(tags, list) else []


def list_cells(content: Any) -> Any:
    """Return the code cells that are run."""
    return [cell for cell in content.cells if cell.cell_type == "code" and cell.source.strip()]


async def execute(content: Any, name: Any, folder: Any, subject: Any) -> Any:
    """Execute all cells; return the sentence about the one that failed, empty if none did."""
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel
    from nbclient import NotebookClient
    from traitlets.config import Config
    from nbclient.exceptions import CellExecutionError, DeadKernelError

    cells = [cell for cell in list_cells(content) if "injected-parameters" not in read_tags(cell)]
    wanted = content.metadata.get("kernelspec", {}).get("name", "python3")
    try:
        spec = KernelSpecManager().get_kernel_spec(wanted)
        kernel = wanted if spec.language == "python" else "python3"
    except (NoSuchKernel, ValueError):
        kernel = "python3"

    class Client(NotebookClient):
        def process_message(self, msg: Any, cell: Any, cell_index: Any) -> Any:
            show(msg)
            return super().process_message(msg, cell, cell_index)

    settings, place = Config(), tempfile.mkdtemp(prefix="k-")
    os.environ["JUPYTER_RUNTIME_DIR"] = place
    if len(place) < 40:  # a socket has 108 bytes for its name
        settings.KernelManager.transport = "ipc"
    client = Client(
        content,
        config=settings,
        kernel_name=kernel,
        timeout=None,
        startup_timeout=600,
        resources={"metadata": {"path": folder}},
    )
    number = 0
    try:
        async with client.async_setup_kernel():
            for index, cell in enumerate(content.cells):
                if cell in cells:
                    number = cells.index(cell) + 1
                    print(f"Cell {number} of {len(cells)}", flush=True)
                await client.async_execute_cell(cell, index)
            client.set_widgets_metadata()
    except CellExecutionError as error:
        if error.ename == "SystemExit" and error.evalue in ("", "0", "None"):
            return ""  # it ends early, as a program may
        text = error.evalue.strip().splitlines()
        what = f"{error.ename}: {text[0]}" if text else error.ename
    except DeadKernelError:
        what = "the kernel died"
    except RuntimeError as error:  # the kernel does not start
        what = f"the kernel did not start ({str(error).strip()[:200]})"
        number = 0
    else:
        return ""
    if not number:
        return f"{name} did not start: {what}"
    return f"{subject or f'Cell {number} of {name}'} stopped: {what}"


def show(message: Any) -> Any:
    """Print what a cell prints or shows."""
    kind, content = message["msg_type"], message["content"]
    if kind == "stream":
        sys.stdout.write(content["text"])
    elif kind in ("display_data", "execute_result", "update_display_data"):
        text = content["data"].get("text/plain", "")
        sys.stdout.write(("".join(text) if isinstance(text, list) else text) + "\n")
    elif kind == "error":
        sys.stdout.write("\n".join(content["traceback"]) + "\n")
    sys.stdout.flush()


def pack_for_log(content: Any) -> Any:
    """Return the notebook as one line; the largest outputs are left out until it is short enough."""
    cells = list_cells(content)
    while True:
        text = base64.b64encode(zlib.compress(json.dumps(content).encode(), 9)).decode()
        sizes = [len(json.dumps(cell.outputs)) for cell in cells]
        if len(text) <= MOST or not sizes or max(sizes) <= 200:
            return text
        note = {"output_type": "stream", "name": "stderr", "text": "Left out: too large for the log.\n"}
        cells[sizes.index(max(sizes))].outputs = [type(content)(note)]
