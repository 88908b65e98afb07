"""The scripts that complete `jupyter kfp`, in the shells themselves."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from jupyter_kfp_mt import cli


def complete(capsys: pytest.CaptureFixture[str], *words: str) -> list[str]:
    """Return what bash offers for the last of `words`."""
    capsys.readouterr()
    assert cli.main(["completion", "bash"]) == 0
    script = capsys.readouterr().out
    line = " ".join(f"'{word}'" for word in words)
    ask = f"COMP_WORDS=({line}); COMP_CWORD={len(words) - 1}; _jupyter_kfp; echo ${{COMPREPLY[@]}}"
    done = subprocess.run(["bash", "-c", f"{script}\n{ask}"], capture_output=True, text=True, check=True)
    return done.stdout.split()


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (("jupyter", "kfp", "su"), ["submit"]),
        (("jupyter-kfp", "su"), ["submit"]),
        (("jupyter", "kfp", "submit", "a.yaml", "--cache", "o"), ["on", "off"]),
        (("jupyter", "kfp", "runs", "--sta"), ["--state"]),
        (("jupyter", "kfp", "experiment", "arch"), ["archive"]),
        (("jupyter", "kfp", "recurring", "delete", "x", "--ye"), ["--yes"]),
        (("jupyter", "kfp", "completion", "z"), ["zsh"]),
        (("jupyter", "lab", "su"), []),
    ],
)
def test_bash_offers_verbs_options_and_choices(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...], offered: list[str]
) -> None:
    assert complete(capsys, *words) == offered


@pytest.mark.skipif(shutil.which("zsh") is None, reason="there is no zsh here")
def test_zsh_reads_its_script(capsys: pytest.CaptureFixture[str]) -> None:
    cli.main(["completion", "zsh"])
    script = f"autoload -U compinit; compinit -D\n{capsys.readouterr().out}"
    subprocess.run(["zsh", "-f", "-c", script], check=True, capture_output=True)
