"""Profiles of the embedded server, their secrets and config maps, and tokens.

A cluster has its own: where one is found, each command fails with the kubectl line that does it there.
"""

from __future__ import annotations

import getpass
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .. import embedded
from ..commands.argument_types import duration_parser
from ..commands.arguments import YES
from ..commands.grammar import Argument, Command, argument, command, usage_error
from ..display import format_count
from ..errors import kfp_error
from .session import TerminalSession
from .terminal import PROGRAM

if TYPE_CHECKING:
    from .owner_api import OwnerApi

_ROLES = ("view", "edit", "admin")
_PROFILE = argument("name", metavar="NAME", help="the profile: a namespace")


def _owner_api(
    session: TerminalSession, kubectl: str, *, refusal: str = "forbidden/administrator"
) -> OwnerApi:
    """Return the owner routes of the embedded server, started if nothing is found.

    Raises `refusal` on a cluster; `kubectl` is the line that does the same there.
    """
    from .owner_api import OwnerApi

    if session.cluster is not None:
        raise kfp_error(refusal, endpoint=session.cluster.endpoint, command=kubectl)
    runtime = embedded.ensure_running(
        session.data_dir, bounds=session.settings.run_bounds, on_step=session.front.say
    )
    return OwnerApi(runtime)


def _namespace(session: TerminalSession) -> str:
    """Return the namespace to work in: `--namespace`, else that of the server."""
    runtime = embedded.find(session.data_dir)
    return session.namespace or (runtime.namespace if runtime else "")


def _cluster_namespace(session: TerminalSession) -> str:
    """Return the namespace for a kubectl line."""
    namespace = session.cluster.namespace if session.cluster is not None else ""
    return session.namespace or namespace or "NAMESPACE"


@command("profiles list")
def list_profiles(session: TerminalSession) -> object:
    """List the profiles of the embedded server and whom they are shared with."""
    profiles = _owner_api(session, "kubectl get profiles").call("GET", "profiles")["profiles"]
    text = "\n".join(_describe_profile(each) for each in profiles)
    return session.result({"profiles": profiles}, text)


def _describe_profile(profile: dict[str, Any]) -> str:
    shared = ", ".join(f"{other['subject']} ({other['role']})" for other in profile["contributors"])
    parts = [
        f"owner {profile['owner']}" if profile["owner"] else "",
        f"shared with {shared}" if shared else "",
    ]
    return f"{profile['namespace']:<20}{'; '.join(part for part in parts if part)}".rstrip()


@command(
    "profiles add",
    _PROFILE,
    argument("--owner", metavar="USER", default="", help="a user behind a trusted front"),
)
def add_profile(session: TerminalSession, *, name: str, owner: str) -> object:
    """Add a profile: a namespace with its own runs, secrets and token."""
    made = _owner_api(session, f"kubectl apply -f profile-{name}.yaml").call(
        "POST", "profiles", body={"namespace": name, "owner": owner}
    )
    return session.result(made, f"Profile {made['namespace']} is there. Use it with --namespace {name}.")


@command(
    "profiles share",
    _PROFILE,
    argument("other", metavar="OTHER-PROFILE", help="the profile whose notebooks get the right"),
    argument("--role", metavar="view|edit|admin", choices=_ROLES, required=True, help="what they may do"),
)
def share_profile(session: TerminalSession, *, name: str, other: str, role: str) -> object:
    """Let another profile see a profile's runs, or run in it."""
    line = (
        f"kubectl create rolebinding allow-{other}-kubeflow-{role} -n {name}"
        f" --clusterrole=kubeflow-{role} --serviceaccount={other}:default-editor"
    )
    _owner_api(session, line).call("PUT", "profiles", name, "contributors", other, body={"role": role})
    document = {"namespace": name, "contributor": other, "role": role}
    return session.result(document, f"{other} may {role} in {name}.")


@command("profiles remove", _PROFILE, YES)
def remove_profile(session: TerminalSession, *, name: str, yes: bool) -> object:
    """Remove a profile with its runs, secrets and rights."""
    if not yes:
        raise usage_error(
            f"Remove {name}? Nothing was done.",
            why="Its runs, files and secrets are removed. This cannot be undone.",
            next_step="add --yes",
        )
    _owner_api(session, f"kubectl delete profile {name}").call("DELETE", "profiles", name)
    return session.result({"removed": name}, f"Profile {name} is gone.")


def _data_commands(kind: str, thing: str) -> tuple[Command, ...]:
    """Return the commands to set, list and remove secrets or config maps: the same for both."""
    created = {"secrets": "secret generic", "configmaps": "configmap"}[kind]
    refusal = f"forbidden/{kind}"
    named: Argument = argument("name", metavar="NAME", help=f"the {thing}")

    @command(
        f"{kind} set",
        named,
        argument("keys", metavar="KEY=-", nargs="+", help="the value is read from the terminal or stdin"),
    )
    def set_data(session: TerminalSession, *, name: str, keys: Sequence[str]) -> object:
        there = _cluster_namespace(session)
        line = f"kubectl create {created} {name} -n {there} --from-literal=…"
        owner = _owner_api(session, line, refusal=refusal)
        data = _read_values(keys, f"{kind} set", secret=kind == "secrets")
        owner.call("PUT", "profiles", _namespace(session), kind, name, body={"data": data})
        text = f"{thing.capitalize()} {name} has {format_count(len(data), 'key')}."
        return session.result({"name": name, "keys": sorted(data)}, text)

    @command(f"{kind} list")
    def list_data(session: TerminalSession) -> object:
        line = f"kubectl get {kind} -n {_cluster_namespace(session)}"
        owner = _owner_api(session, line, refusal=refusal)
        objects = owner.call("GET", "profiles", _namespace(session), kind)[kind]
        lines = [f"{name:<24}{', '.join(keys)}" for name, keys in objects.items()]
        return session.result({kind: objects}, "\n".join(lines) or f"No {thing}s.")

    @command(f"{kind} remove", named, argument("--yes", action="store_true", help="accepted, but not needed"))
    def remove_data(session: TerminalSession, *, name: str, yes: bool) -> object:
        line = f"kubectl delete {kind[:-1]} {name} -n {_cluster_namespace(session)}"
        owner = _owner_api(session, line, refusal=refusal)
        owner.call("DELETE", "profiles", _namespace(session), kind, name)
        return session.result({"removed": name}, f"{thing.capitalize()} {name} is gone.")

    set_data.function.__doc__ = f"Set keys of a {thing} of the namespace; a value is never an argument."
    list_data.function.__doc__ = f"List the {thing}s of the namespace with their keys; never a value."
    remove_data.function.__doc__ = f"Remove a {thing} of the namespace."
    return set_data, list_data, remove_data


def _read_values(keys: Sequence[str], verb: str, *, secret: bool) -> dict[str, str]:
    """Return values for `KEY=-` words: typed on a terminal, else from stdin, one per line.

    A single key takes all of stdin.
    """
    names = []
    for word in keys:
        name, equals, value = word.partition("=")
        if not name or not equals or value != "-":
            raise usage_error(
                f"“{name}” needs “=-”.",
                why="A value in an argument can be seen by others and stays in the history.",
                next_step=f"write {name or 'KEY'}=-",
            )
        names.append(name)
    if sys.stdin.isatty():
        ask = getpass.getpass if secret else input
        try:
            return {name: ask(f"{name}: ") for name in names}
        except EOFError:
            raise usage_error(
                "No value was given. Nothing was done.", next_step=f"{PROGRAM} help {verb}"
            ) from None
    if len(names) == 1:
        return {names[0]: sys.stdin.read().rstrip("\n")}
    lines = sys.stdin.read().splitlines()
    if len(lines) != len(names):
        values = format_count(len(names), "value")
        needed = f"{values} are needed on stdin, one a line; there are {len(lines)}."
        raise usage_error(needed, next_step=f"{PROGRAM} help {verb}")
    return dict(zip(names, lines, strict=True))


@command(
    "token",
    argument("namespace", metavar="NAMESPACE", help="the profile"),
    argument(
        "--account", metavar="ACCOUNT", default="default-editor", help="default-editor or default-viewer"
    ),
    argument(
        "--duration",
        metavar="TIME",
        type=duration_parser("--duration"),
        default=7200.0,
        help="how long it is valid (default: 2h)",
    ),
)
def token(session: TerminalSession, *, namespace: str, account: str, duration: float) -> object:
    """Print a token for a profile of the embedded server, and nothing else."""
    line = (
        f"kubectl create token {account} -n {namespace}"
        f" --audience=pipelines.kubeflow.org --duration={duration:.0f}s"
    )
    made = _owner_api(session, line).call(
        "POST", "profiles", namespace, "tokens", body={"account": account, "seconds": int(duration)}
    )
    return session.result(made, made["token"])


COMMANDS: tuple[Command, ...] = (
    list_profiles,
    add_profile,
    share_profile,
    remove_profile,
    *_data_commands("secrets", "secret"),
    *_data_commands("configmaps", "config map"),
    token,
)
