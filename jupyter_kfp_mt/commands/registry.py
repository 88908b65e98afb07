"""The table of commands: finds, explains and performs them."""

from __future__ import annotations

from collections.abc import Sequence
from types import ModuleType

from ..errors import PROGRAM
from ..lists import ModelList
from ..results import Text
from . import about, compare, experiments, links, pipelines, recurring, runs, submit, tasks
from .grammar import Command, argument, command, did_you_mean, usage_error
from .session import Session


@command("help", argument("words", metavar="COMMAND", nargs="*", help="the command to explain"))
def show_help(session: Session, *, words: Sequence[str]) -> Text:
    """Explain the commands, or one of them."""
    return Text(render_manual(session.program, words, session.more))


def _commands_of(module: ModuleType) -> list[Command]:
    """Return the commands that `module` defines, in their order there."""
    return [each for each in vars(module).values() if isinstance(each, Command)]


COMMANDS: tuple[Command, ...] = (
    *_commands_of(about),
    show_help,
    *_commands_of(runs),
    *_commands_of(tasks),
    *_commands_of(compare),
    *_commands_of(submit),
    *_commands_of(recurring),
    *_commands_of(experiments),
    *_commands_of(pipelines),
    *_commands_of(links),
)


_OTHER_WORDS = {  # of other tools, and the commands that do it here
    "cancel": "terminate",
    "compare": "diff",
    "describe": "show",
    "get": "show",
    "kill": "terminate",
    "list": "runs",
    "log": "logs",
    "ls": "runs",
    "ps": "runs",
    "rerun": "clone",
    "rm": "delete",
    "run": "submit",
    "stop": "terminate",
    "tail": "logs",
    "unarchive": "restore",
}


def find_command(words: Sequence[str], more: Sequence[Command] = ()) -> tuple[Command, list[str]]:
    """Return the command that `words` begin with, and the words after it; raises KfpUsageError."""
    known = {each.name: each for each in (*COMMANDS, *more)}
    if not words:
        return known[""], []
    for length in (2, 1):
        name = " ".join(words[:length])
        if name in known:
            return known[name], list(words[length:])
    if words[0].startswith("-"):
        raise usage_error(f"Unknown option “{words[0]}”.")
    group = [name for name in known if name.startswith(f"{words[0]} ")]
    if group:
        raise usage_error(f"“{words[0]}” needs one more word: {', '.join(group)}.")
    if words[0] in _OTHER_WORDS:
        ours = _OTHER_WORDS[words[0]]
        problem = f"Unknown command “{words[0]}”. Here it is “{ours}”."
        raise usage_error(problem, next_step=f"{PROGRAM} help {ours}")
    raise usage_error(f"Unknown command “{words[0]}”.{did_you_mean(words[0], filter(None, known))}")


def perform(session: Session, words: Sequence[str]) -> object:
    """Perform the command that `words` spell and return its result; raises KfpError."""
    if words[:1] in (["-h"], ["--help"]):
        words = ["help", *words[1:]]
    command, rest = find_command(words, session.more)
    if "-h" in rest or "--help" in rest:
        return Text(render_manual(session.program, command.name.split(), session.more))
    arguments = command.parse(rest)
    as_frame = arguments.pop("df", False)
    result = command.function(session, **arguments)
    return result.to_df() if as_frame and isinstance(result, ModelList) else result


def render_manual(program: str, words: Sequence[str] = (), more: Sequence[Command] = ()) -> str:
    """Return the help of all commands, of those that begin with one word, or of the one that `words` name."""
    every = [*COMMANDS, *more]
    group = [each for each in every if len(words) == 1 and each.name.startswith(f"{words[0]} ")]
    if words and (not group or words[0] in [each.name for each in every]):
        manual = find_command(words, more)[0].render_manual(program)
        return "\n".join([manual, "", *_list_rows(program, group)]) if group else manual
    rows = _list_rows(program, group or every)
    cells = (
        [f"%{program} runs a cell as a pipeline; %{program} --help explains it."]
        if program == PROGRAM
        else []
    )
    return "\n".join([*rows, "", f"{program} help COMMAND explains one of them.", *cells])


def _list_rows(program: str, commands: Sequence[Command]) -> list[str]:
    return [f"  {f'{program} {each.name}'.rstrip():<32}{each.summary}" for each in commands]
