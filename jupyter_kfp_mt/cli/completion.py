"""`jupyter kfp completion`: a script with which a shell completes verbs, options and choices."""

from __future__ import annotations

from collections.abc import Iterable

from ..commands import COMMANDS, Command
from ..commands.grammar import argument, command
from ..results import Text
from .options import GLOBAL
from .session import TerminalSession

_BASH = """\
_jupyter_kfp() {{
    local current=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD-1]}} first=1 words
    if [ "${{COMP_WORDS[0]##*/}}" = jupyter ]; then
        first=2
        [ "${{COMP_WORDS[1]}}" = kfp ] || {{ COMPREPLY=(); return; }}
    fi
    local verb=${{COMP_WORDS[first]}} pair="${{COMP_WORDS[first]}} ${{COMP_WORDS[first+1]}}"
    if [ "$COMP_CWORD" -eq "$first" ]; then
        words="{verbs}"
    else
        case "$before" in
{choices}
            *) case "$pair" in
{pairs}
                *) case "$verb" in
{singles}
                    *) words="" ;;
                esac ;;
            esac ;;
        esac
    fi
    COMPREPLY=($(compgen -W "$words" -- "$current"))
}}
complete -o bashdefault -o default -F _jupyter_kfp jupyter-kfp jupyter
"""
_ZSH = "autoload -U +X bashcompinit && bashcompinit\n"


@command(
    "completion", argument("shell", metavar="bash|zsh", choices=["bash", "zsh"], help="which shell it is for")
)
def completion(session: TerminalSession, *, shell: str) -> Text:
    """Print the script that completes `jupyter kfp` in a shell.

    bash: `source <(jupyter kfp completion bash)`, in ~/.bashrc; zsh: the same with zsh, in ~/.zshrc.
    """
    every = [each for each in (*COMMANDS, *session.more) if each.name]
    script = _BASH.format(
        verbs=" ".join(dict.fromkeys(each.name.split()[0] for each in every)),
        choices="\n".join(_list_choices(every)),
        pairs="\n".join(_case(each.name, _options(each), 16) for each in every if " " in each.name),
        singles="\n".join(_list_singles(every)),
    )
    return Text((_ZSH if shell == "zsh" else "") + script)


def _list_singles(every: Iterable[Command]) -> Iterable[str]:
    """Yield a case for each first word: the words that go on with it, and its options."""
    following: dict[str, list[str]] = {}
    for each in every:
        first, _, second = each.name.partition(" ")
        following.setdefault(first, []).extend([second] if second else _options(each))
    yield from (_case(first, words, 20) for first, words in following.items())


def _list_choices(every: Iterable[Command]) -> Iterable[str]:
    """Yield a case for each option with choices."""
    seen: dict[str, list[str]] = {}
    for each in every:
        for known in each.arguments:
            if known.is_option and "choices" in known.settings:
                seen.setdefault("|".join(known.flags), list(known.settings["choices"]))
    yield from (f'            {flags}) words="{" ".join(words)}" ;;' for flags, words in seen.items())


def _options(each: Command) -> list[str]:
    words: list[str] = []
    for known in each.arguments:
        words += known.flags if known.is_option else known.settings.get("choices", ())
    return [*words, *GLOBAL]


def _case(pattern: str, words: Iterable[str], indent: int) -> str:
    return f'{" " * indent}"{pattern}") words="{" ".join(dict.fromkeys(words))}" ;;'
