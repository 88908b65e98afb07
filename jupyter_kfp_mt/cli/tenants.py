"""Tenants of the embedded server: profiles, their secrets and config maps, and tokens.

On a cluster these belong to an administrator: there each verb says so with the kubectl line.
"""

from __future__ import annotations

import getpass
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .. import embedded
from ..commands import Text, seconds
from ..commands.grammar import Argument, Command, argument, command, usage_error
from ..display import format_count
from ..errors import kfp_error
from .desk import Desk

if TYPE_CHECKING:
    from .owner import Owner

_ROLES = ("view", "edit", "admin")
_PROFILE = argument("name", metavar="NAME", help="the profile: a namespace")
_YES = argument("--yes", action="store_true", help="do it: it cannot be undone")


def _owner(desk: Desk, kubectl: str) -> Owner:
    """The owner's line to the embedded server, started if needed; on a cluster an error with `kubectl`."""
    from .owner import Owner

    if desk.settings.endpoint:
        raise kfp_error("forbidden/administrator", endpoint=desk.settings.endpoint, command=kubectl)
    return Owner(embedded.ensure_running(desk.data_dir, on_step=desk.front.say))


def _namespace(desk: Desk) -> str:
    """The namespace whose data is meant: `--namespace`, else that of the server."""
    found = embedded.find(desk.data_dir)
    return desk.namespace or (found.namespace if found else "")


def _told(desk: Desk) -> str:
    """The namespace of a cluster in a line for an administrator."""
    return desk.namespace or "NAMESPACE"


def _profiles(desk: Desk) -> list[dict[str, Any]]:
    return list(_owner(desk, "kubectl get profiles").ask("GET", "profiles")["profiles"])


@command("profiles list")
def list_profiles(desk: Desk) -> object:
    """List the profiles of the embedded server, and with whom they are shared."""
    found = _profiles(desk)
    if desk.terminal.json:
        return {"profiles": found}
    return Text("\n".join(_one_profile(each) for each in found))


def _one_profile(profile: dict[str, Any]) -> str:
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
def add_profile(desk: Desk, *, name: str, owner: str) -> object:
    """Add a profile: a namespace with its own runs, secrets and token."""
    made = _owner(desk, f"kubectl apply -f profile-{name}.yaml").ask(
        "POST", "profiles", body={"namespace": name, "owner": owner}
    )
    return (
        made
        if desk.terminal.json
        else Text(f"Profile {made['namespace']} is there. Use it with --namespace {name}.")
    )


@command(
    "profiles share",
    _PROFILE,
    argument("other", metavar="OTHER-PROFILE", help="who gets the right: the notebooks of another profile"),
    argument("--role", metavar="view|edit|admin", choices=_ROLES, required=True, help="what they may do"),
)
def share_profile(desk: Desk, *, name: str, other: str, role: str) -> object:
    """Let another profile see a profile's runs, or run in it."""
    line = (
        f"kubectl create rolebinding allow-{other}-kubeflow-{role} -n {name}"
        f" --clusterrole=kubeflow-{role} --serviceaccount={other}:default-editor"
    )
    _owner(desk, line).ask("PUT", "profiles", name, "contributors", other, body={"role": role})
    done = {"namespace": name, "contributor": other, "role": role}
    return done if desk.terminal.json else Text(f"{other} may {role} in {name}.")


@command("profiles remove", _PROFILE, _YES)
def remove_profile(desk: Desk, *, name: str, yes: bool) -> object:
    """Remove a profile with its runs, secrets and rights."""
    if not yes:
        raise usage_error(
            f"Remove {name}? Nothing was done.",
            why="Its runs, files and secrets are removed. This cannot be undone.",
            next_step="add --yes",
        )
    _owner(desk, f"kubectl delete profile {name}").ask("DELETE", "profiles", name)
    return {"removed": name} if desk.terminal.json else Text(f"Profile {name} is gone.")


def _data_commands(kind: str, thing: str) -> tuple[Command, ...]:
    """set, list and remove of secrets or config maps: the same verbs for both."""
    created = {"secrets": "secret generic", "configmaps": "configmap"}[kind]
    named: Argument = argument("name", metavar="NAME", help=f"the {thing}")

    @command(
        f"{kind} set",
        named,
        argument("keys", metavar="KEY=-", nargs="+", help="the value is read from the terminal or stdin"),
    )
    def set_data(desk: Desk, *, name: str, keys: Sequence[str]) -> object:
        owner = _owner(desk, f"kubectl create {created} {name} -n {_told(desk)} --from-literal=…")
        data = _values(keys, f"{kind} set", secret=kind == "secrets")
        owner.ask("PUT", "profiles", _namespace(desk), kind, name, body={"data": data})
        done = {"name": name, "keys": sorted(data)}
        return (
            done
            if desk.terminal.json
            else Text(f"{thing.capitalize()} {name} has {format_count(len(data), 'key')}.")
        )

    @command(f"{kind} list")
    def list_data(desk: Desk) -> object:
        owner = _owner(desk, f"kubectl get {kind} -n {_told(desk)}")
        found = owner.ask("GET", "profiles", _namespace(desk), kind)[kind]
        if desk.terminal.json:
            return {kind: found}
        return Text(
            "\n".join(f"{name:<24}{', '.join(keys)}" for name, keys in found.items()) or f"No {kind}."
        )

    @command(f"{kind} remove", named, argument("--yes", action="store_true", help="nothing is asked anyway"))
    def remove_data(desk: Desk, *, name: str, yes: bool) -> object:
        owner = _owner(desk, f"kubectl delete {kind[:-1]} {name} -n {_told(desk)}")
        owner.ask("DELETE", "profiles", _namespace(desk), kind, name)
        return {"removed": name} if desk.terminal.json else Text(f"{thing.capitalize()} {name} is gone.")

    set_data.function.__doc__ = f"Set keys of a {thing} of the namespace; a value is never an argument."
    list_data.function.__doc__ = f"List the {kind} of the namespace with their keys; never a value."
    remove_data.function.__doc__ = f"Remove a {thing} of the namespace."
    return set_data, list_data, remove_data


def _values(keys: Sequence[str], verb: str, *, secret: bool) -> dict[str, str]:
    """Values for `KEY=-` words: typed on a terminal, else from stdin, one a line; one takes all."""
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
                "No value was given. Nothing was done.", next_step=f"%kfp help {verb}"
            ) from None
    if len(names) == 1:
        return {names[0]: sys.stdin.read().rstrip("\n")}
    lines = sys.stdin.read().splitlines()
    if len(lines) != len(names):
        needed = (
            f"{format_count(len(names), 'value')} are needed on stdin, one a line; there are {len(lines)}."
        )
        raise usage_error(needed, next_step=f"%kfp help {verb}")
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
        type=seconds("--duration"),
        default=7200.0,
        help="how long it is good (2h)",
    ),
)
def token(desk: Desk, *, namespace: str, account: str, duration: float) -> object:
    """Print a token for a profile of the embedded server, and nothing else."""
    line = (
        f"kubectl create token {account} -n {namespace}"
        f" --audience=pipelines.kubeflow.org --duration={duration:.0f}s"
    )
    made = _owner(desk, line).ask(
        "POST", "profiles", namespace, "tokens", body={"account": account, "seconds": int(duration)}
    )
    return made if desk.terminal.json else Text(made["token"])


COMMANDS: tuple[Command, ...] = (
    list_profiles,
    add_profile,
    share_profile,
    remove_profile,
    *_data_commands("secrets", "secret"),
    *_data_commands("configmaps", "config map"),
    token,
)
