from __future__ import annotations

import json
from typing import Any

import pytest

from jupyter_kfp_mt.errors import KfpError
from jupyter_kfp_mt.notebooks.cell import find_needs
from jupyter_kfp_mt.notebooks.reading import find_imports, read_notebook
from tests.notebooks.making import make_notebook


def test_outputs_stay_at_home() -> None:
    made = make_notebook("print(1)")
    made["cells"][0] |= {"outputs": [{"output_type": "stream", "text": "secret"}], "execution_count": 7}
    made["metadata"]["widgets"] = {"state": "secret"}

    notebook = read_notebook(json.dumps(made), "a.ipynb")

    assert "secret" not in json.dumps(notebook.content)
    assert (notebook.kernel, notebook.language, notebook.python) == ("Python 3", "python", "3.11")


def test_cells_have_the_numbers_that_jupyter_shows() -> None:
    made = make_notebook("x = 1", "", "y = 2")
    made["cells"].insert(0, {"cell_type": "markdown", "metadata": {}, "source": ["# A\n", "b"]})

    cells = read_notebook(json.dumps(made), "a.ipynb").cells

    assert [(cell.number, cell.source) for cell in cells] == [(1, "x = 1"), (2, "y = 2")]


def test_old_and_bare_notebooks_are_read() -> None:
    sheet = {"cells": [{"cell_type": "code", "language": "python", "input": "x = 1", "outputs": []}]}
    old = {"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": [sheet]}
    bare = {"nbformat": 4, "cells": [{"cell_type": "code", "source": "x = 1"}]}

    assert [read_notebook(json.dumps(each), "a.ipynb").code for each in (old, bare)] == [
        "# %% [1]\nx = 1"
    ] * 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "a.ipynb: it is not a notebook. The file is empty."),
        ("{", "a.ipynb: it is not a notebook. Line 1: "),
        ("[]", "a.ipynb: it is not a notebook. It is no JSON object."),
        ("{}", "a.ipynb: it is not a notebook. Its format is None"),
        ('{"nbformat": 4, "cells": [1]}', "a.ipynb: it is not a notebook. One of its cells is none."),
        ('{"nbformat": 3}', "a.ipynb: it is not a notebook. "),
        ('{"nbformat": 9, "cells": []}', "a.ipynb: it is not a notebook. Its format is 9"),
    ],
)
def test_what_is_no_notebook_is_said(text: str, said: str) -> None:
    with pytest.raises(KfpError) as caught:
        read_notebook(text, "a.ipynb")
    assert f"{caught.value.message} {caught.value.why}".startswith(said)


def test_another_language_is_said() -> None:
    made = make_notebook("x <- 1")
    made["metadata"] = {"kernelspec": {"name": "ir", "display_name": "R", "language": "R"}}
    with pytest.raises(KfpError, match="its kernel is R, and only Python notebooks can be run"):
        read_notebook(json.dumps(made), "a.ipynb")


def test_imports_of_all_cells_are_found_whatever_else_is_in_them() -> None:
    made = make_notebook(
        "import numpy", "import os\nthis is no Python", "%matplotlib inline\nimport pandas as pd"
    )
    assert find_imports(read_notebook(json.dumps(made), "a.ipynb")) == {"matplotlib", "numpy", "pandas"}


CELLS = (
    "import pandas as pd\nfrom math import *",
    "lr = 0.1\nsizes = (1, 2)\ncount = 0\ncount += 1",
    "def load(): ...\nclass Model: ...",
    "df = load()",
    "lr = 0.2",
)


def needs(code: str, **given: Any) -> Any:
    notebook = read_notebook(json.dumps(make_notebook(*CELLS, code, "later = 3")), "a.ipynb")
    return find_needs(code, notebook, given)


def test_literals_and_imports_of_other_cells_go_along() -> None:
    found = needs("print(pd.DataFrame, lr, sizes, later)")

    assert found.imports == ["import pandas as pd"]
    assert found.inputs == {"later": 3, "lr": 0.2, "sizes": [1, 2]}
    assert [(name.name, name.cell, name.is_sent) for name in found.names] == [
        ("later", 7, True),
        ("lr", 5, True),
        ("sizes", 2, True),
    ]


@pytest.mark.parametrize(
    ("name", "cell", "can_send", "reason"),
    [
        ("load", 3, False, "Functions and classes of other cells are not sent. Define it in this cell."),
        ("Model", 3, False, "Functions and classes of other cells are not sent. Define it in this cell."),
        ("df", 4, True, "Cell 4 computes it. Send its value, or compute it in this cell."),
        ("count", 2, True, "Cell 2 computes it. Send its value, or compute it in this cell."),
        ("nowhere", 0, True, "No cell of a.ipynb defines it. Send its value, or define it in this cell."),
    ],
)
def test_what_does_not_go_along_is_said(name: str, cell: int, can_send: bool, reason: str) -> None:
    (found,) = needs(f"print({name})").names
    assert (found.cell, found.is_sent, found.can_send, found.reason) == (cell, False, can_send, reason)


def test_given_values_win() -> None:
    assert needs("print(lr, df)", lr=0.5, df=[1]).inputs == {"lr": 0.5, "df": [1]}


def test_a_value_that_is_no_json_is_refused() -> None:
    with pytest.raises(KfpError, match="“df” cannot be sent"):
        needs("print(df)", df=object())
