"""`%kfp serve`: the embedded server in the background, its status and its end."""

from __future__ import annotations

from ..commands.grammar import argument, command, usage_error
from ..commands.serving import describe_server
from ..commands.session import Session
from ..connection import find_server, start_server, stop_server
from ..errors import PROGRAM, kfp_error
from ..results import Text

_STOP = f"{PROGRAM} serve --stop"


@command(
    "serve",
    argument("--stop", action="store_true", help="stop the running server"),
    argument("--status", action="store_true", help="say whether a server runs"),
)
def serve(session: Session, *, stop: bool, status: bool) -> Text:
    """Start the embedded server: Kubeflow Pipelines on this machine, for you only.

    It runs in the background and stops after 30 minutes without work; history stays.
    """
    if stop and status:
        raise usage_error("Take one of --stop and --status.", next_step=f"{PROGRAM} help serve")
    settings = session.load_settings()
    runtime = find_server(settings)
    if stop or status:
        if runtime is None:
            raise kfp_error("no-kubeflow/stopped", folder=settings.data_dir)
        if status:
            return Text(describe_server(runtime, stop=_STOP))
        stop_server(settings)
        return Text("Stopped. History stays.")
    if runtime is not None:
        session.front.say("It is running already.")
    else:
        runtime = start_server(settings, session.front.say)
        session.forget_service()
    used = session.service().context
    if not used.embedded:
        session.front.say(f"{PROGRAM} goes on with {used.endpoint}, which comes first.")
    return Text(describe_server(runtime, stop=_STOP))
