from __future__ import annotations

import pytest

from jupyter_kfp_mt.errors import KfpError
from jupyter_kfp_mt.notebooks.names import CellNames

MISSING: list[tuple[str, list[str]]] = [
    # used before it is defined here
    ("x = 1\ny = x", []),
    ("df = df.dropna()", ["df"]),
    ("x += 1", ["x"]),
    ("del x", ["x"]),
    ("x = 1\ndel x\nprint(x)", ["x"]),
    ("a = b = c", ["c"]),
    ("(x, [y, *z]) = w\nprint(x, y, z)", ["w"]),
    ("d[k] = v\no.x = 1", ["d", "k", "o", "v"]),
    ("if (n := len(a)) > 3: print(n)", ["a"]),
    ("while (line := f.readline()): print(line)", ["f"]),
    ("for i in rows:\n t = i\nprint(t, i)", ["rows"]),
    ("with open(p) as f: g(f)", ["g", "p"]),
    ("try:\n import x\nexcept E as e:\n print(e)\nprint(e)", ["E", "e"]),
    ("global z\nprint(z)", ["z"]),
    ("assert x, y", ["x", "y"]),
    ("{**a, 'b': b}", ["a", "b"]),
    ("match v:\n case {'a': q, **r}: print(q, r)\n case [s, *t]: pass\n case C(x=y) as z: pass", ["C", "v"]),
    # scopes
    ("[i * k for i in items if i > low]", ["items", "k", "low"]),
    ("[[a for a in b] for b in c]", ["c"]),
    ("sum(x for x in xs)", ["xs"]),
    ("[y := f(x) for x in d]\nprint(y)", ["d", "f"]),
    ("def f():\n return g(z)\ndef g(a): return a", ["z"]),
    ("def f():\n global n\n n = 1\nf()\nprint(n)", []),
    ("def o():\n a = 1\n def i():\n  nonlocal a\n  a = b\n return i", ["b"]),
    ("def fact(n): return n * fact(n - 1)", []),
    ("def f(x):\n return lambda: (x, y)", ["y"]),
    ("lambda q=w: q + r", ["r", "w"]),
    ("class A(B):\n x = 1\n y = x + z\n def m(self): return q, x", ["B", "q", "x", "z"]),
    ("class N:\n next: 'N' = None\n def c(self): return __class__", []),
    ("@deco(k)\ndef f(): pass", ["deco", "k"]),
    # annotations
    ("def f(a, b=c, *d, e: T = 1) -> R: pass", ["R", "T", "c"]),
    ("from __future__ import annotations\ndef f(a: T): pass", []),
    ("x: T = 1", ["T"]),
    # texts, imports, what is always there
    ("print(f'{a:{w}} {b!r} {c=}')", ["a", "b", "c", "w"]),
    ("import os.path as p, a.b\np; a", []),
    ("print(__name__, __file__, len, ValueError)", []),
    # what only IPython runs
    ("await fetch(x)", ["fetch", "x"]),
    ("v = [c async for c in stream]\ndef k(): return v, z", ["stream", "z"]),
    ("%matplotlib inline\nplot(x)", ["plot", "x"]),
    ("files = !ls\nprint(files)", []),
    ("%%time\ny = f(x)", ["f", "x"]),
    ("%time y = f(x)\nprint(y)", ["f", "x"]),
    ("%%bash\necho $x", []),
    ("s = '''\n!ls\n%magic\n'''\nprint(s)", []),
    ("display(x)\nget_ipython()", ["x"]),
    ("", []),
]


@pytest.mark.parametrize(("code", "missing"), MISSING, ids=[code.replace("\n", "⏎") for code, _ in MISSING])
def test_names_of_other_cells_are_found(code: str, missing: list[str]) -> None:
    assert CellNames(code, ipython=True).missing == missing


@pytest.mark.parametrize(
    ("code", "plain"),
    [
        ("x = 1", True),
        ("async def f():\n await g()", True),
        ("await f()", False),
        ("%timeit x", False),
        ("!ls", False),
        ("display(1)", False),
        ("display = print\ndisplay(1)", True),
    ],
)
def test_a_cell_that_python_alone_cannot_run_is_known(code: str, plain: bool) -> None:
    assert CellNames(code, ipython=True).is_plain is plain


@pytest.mark.parametrize("code", ["def", "return 1", "x = (", "1 +" * 5000 + "1\n\0"])
def test_what_is_no_python_is_refused(code: str) -> None:
    with pytest.raises(KfpError) as caught:
        CellNames(code, ipython=True)
    assert (caught.value.code, caught.value.message) == ("bad-input", "The cell is not plain Python.")


def test_a_cell_that_is_nested_too_deeply_is_refused() -> None:
    with pytest.raises(KfpError, match=r"not plain Python|nested too deeply"):
        CellNames("x = " + "1 + " * 5_000 + "1", ipython=True)


def test_imports_leave_out_the_standard_library() -> None:
    names = CellNames("import os, numpy as np\nfrom sklearn.svm import SVC\nfrom . import x\nfrom a import *")
    assert (names.imported, names.star) == ({"numpy", "sklearn", "a"}, True)
