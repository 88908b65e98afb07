"""The table of commands, and what finds, explains and performs one."""

from __future__ import annotations

from collections.abc import Sequence

from ..lists import ModelList
from ..results import Text
from . import act, look
from .grammar import Command, argument, command, did_you_mean, usage_error
from .session import Session


@command("help", argument("words", metavar="COMMAND", nargs="*", help="the command to explain"))
def show_help(session: Session, *, words: Sequence[str]) -> Text:
    """Explain the commands, or one of them."""
    return Text(manual(session.program, words, session.more))


COMMANDS: tuple[Command, ...] = (
    look.status,
    show_help,
    look.doctor,
    look.use,
    look.namespaces,
    look.runs,
    look.experiments,
    look.pipelines,
    look.versions,
    look.show,
    look.tasks,
    look.why,
    look.logs,
    look.events,
    look.outputs,
    look.metrics,
    look.spec,
    act.submit,
    act.clone,
    act.wait,
    act.terminate,
    act.retry,
    act.archive,
    act.restore,
    act.delete,
    act.create_experiment,
    act.archive_experiment,
    act.restore_experiment,
    act.delete_experiment,
    act.delete_pipeline,
    act.upload,
)


def find(words: Sequence[str], more: Sequence[Command] = ()) -> tuple[Command, list[str]]:
    """The command that `words` begin with, and the words after it; raises KfpUsageError."""
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
    raise usage_error(f"Unknown command “{words[0]}”.{did_you_mean(words[0], filter(None, known))}")


def perform(session: Session, words: Sequence[str]) -> object:
    """Do what `words` say and return the answer; raises KfpError."""
    found, rest = find(words, session.more)
    if "-h" in rest or "--help" in rest:
        return Text(found.manual(session.program))
    arguments = found.parse(rest)
    as_frame = arguments.pop("df", False)
    result = found.function(session, **arguments)
    return result.to_df() if as_frame and isinstance(result, ModelList) else result


def manual(program: str, words: Sequence[str] = (), more: Sequence[Command] = ()) -> str:
    """The help of all commands, of those that begin with one word, or of the one that `words` name."""
    shown = [*COMMANDS, *more]
    group = [each for each in shown if len(words) == 1 and each.name.startswith(f"{words[0]} ")]
    if words and (not group or words[0] in [each.name for each in shown]):
        return find(words, more)[0].manual(program)
    rows = [f"  {f'{program} {each.name}'.rstrip():<32}{each.summary}" for each in group or shown]
    return "\n".join([*rows, "", f"{program} help COMMAND explains one of them."])
