"""A container template as a component with its executor."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from typing import Any

import msgspec

from .tags import Words, placeholder
from .workflow import ArgoContainer, ArgoEnvVar, ArgoTemplate, File, Retry, Unfit, check_name

Json = dict[str, Any]
_MOST_FILES = 100
_LONGEST_PIP = 4000  # characters
# What the compiler of the 1.8 SDK puts before a function that asks for packages.
_PIP = re.compile(
    r"\(PIP_DISABLE_PIP_VERSION_CHECK=1 python3 -m pip install (.*?) \|\| .* --user\) && \"\$0\" \"\$@\"",
    re.DOTALL,
)
_PIP_OPTIONS = frozenset({"--quiet", "--no-warn-script-location"})
_DURATION = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """A component, and what else a template became."""

    label: str
    template: ArgoTemplate
    component: Json
    executor: Json = {}
    platform: Json = {}
    of_workflow: frozenset[str] = frozenset()  # parameters of the workflow that it needs as inputs
    size: int = 1  # how many tasks it is, all told


def of_container(
    template: ArgoTemplate,
    label: str,
    texts: frozenset[str],
    path: str,
    which: Callable[[str, str], str | None],
) -> Made:
    """Return the component of a container template; raises Unfit.

    `texts` are its input artifacts that are handed over as texts, `path` is where its program is looked for.
    """
    container = template.container or ArgoContainer()
    inputs, outputs = template.inputs, template.outputs
    for values in (inputs, outputs):
        for name in [each.name for each in values.parameters] + [each.name for each in values.artifacts]:
            check_name(name)
    requirements, command = _without_pip(container.command)
    if not command:
        raise Unfit(f"the program of its image {container.image}")
    paths = _places(template)
    words = Words(frozenset(each.name for each in inputs.parameters), paths)
    executor: Json = {
        "image": container.image,
        "command": [words.rewrite(word) for word in command],
        "args": [words.rewrite(word) for word in container.args],
        "env": [{"name": "PATH", "value": path}]
        + [{"name": each.name, "value": words.value(each.value)} for each in container.env if _plain(each)],
        "requirements": requirements,
        "files": _files(inputs.artifacts, texts, words),
    }
    if not which(command[0], path):
        raise Unfit(f"the program {command[0]} of its image {container.image}")
    optional = {each.path for each in (*inputs.artifacts, *outputs.artifacts) if each.optional}
    lost = paths.keys() - words.found - optional
    if lost:
        raise Unfit(f"its file {min(lost)}, which its command does not name")
    return Made(
        label=label,
        template=template,
        component=_component(template, label, texts, words.of_workflow),
        executor={"container": executor},
        platform=_platform(template, container),
        of_workflow=frozenset(words.of_workflow),
    )


def _component(template: ArgoTemplate, label: str, texts: frozenset[str], of_workflow: set[str]) -> Json:
    text: Json = {"parameterType": "STRING"}
    parameters = {
        each.name: text if each.text is None else {**text, "defaultValue": each.text}
        for each in template.inputs.parameters
    }
    parameters |= {f"inputs.artifacts.{name}": text for name in texts}
    parameters |= {f"workflow.parameters.{name}": text for name in of_workflow}
    made: Json = {
        each.name: {} for each in template.inputs.artifacts if each.name not in texts and each.raw is None
    }
    files = {each.path: each.name for each in template.outputs.artifacts}
    values = {
        each.name: {**text, "readFrom": files.get(each.value_from.path, ""), "trimmed": True}
        for each in template.outputs.parameters
    }
    return {
        "executorLabel": label,
        "inputDefinitions": {"parameters": parameters, "artifacts": made},
        "outputDefinitions": {
            "parameters": values,
            "artifacts": {each.name: {} for each in template.outputs.artifacts},
        },
    }


def _places(template: ArgoTemplate) -> dict[str, str]:
    """The files of a container and the placeholders for them; raises Unfit."""
    places = {
        each.value_from.path: f"{{{{$.outputs.parameters['{each.name}'].output_file}}}}"
        for each in template.outputs.parameters
    }
    if len(places) < len(template.outputs.parameters):
        raise Unfit("two outputs in one file")
    for side, files in (("inputs", template.inputs.artifacts), ("outputs", template.outputs.artifacts)):
        for each in files:
            places[each.path] = f"{{{{$.{side}.artifacts['{each.name}'].path}}}}"
    if len(places) > _MOST_FILES:
        raise Unfit(f"more than {_MOST_FILES} files")
    if "" in places:
        raise Unfit("the path of each of its files")
    if any(not path.startswith("/") for path in places):
        raise Unfit("paths of files that begin at /")
    return places


def _files(files: list[File], texts: frozenset[str], words: Words) -> dict[str, str]:
    """The input artifacts that are written from texts before the command runs."""
    handed = {each.name: placeholder(f"inputs.artifacts.{each.name}") for each in files if each.name in texts}
    own = {each.name: words.value(each.raw.data) for each in files if each.raw and each.name not in texts}
    return {**handed, **own}


def _without_pip(command: list[str]) -> tuple[list[str], list[str]]:
    """The packages that a function asks for, and its command without asking for them."""
    has_line = command[:2] == ["sh", "-c"] and len(command) > 3 and len(command[2]) <= _LONGEST_PIP
    found = _PIP.fullmatch(command[2].strip()) if has_line else None
    if found is None:
        return [], command
    return [word for word in shlex.split(found[1]) if word not in _PIP_OPTIONS], command[3:]


def _plain(variable: ArgoEnvVar) -> bool:
    return variable.value_from is None


def _platform(template: ArgoTemplate, container: ArgoContainer) -> Json:
    """What kfp-kubernetes has for it: variables from elsewhere, a time limit."""
    secrets, maps, fields = [], [], []
    for each in container.env:
        source = each.value_from
        if source is None:
            continue
        if (key := source.secret_key_ref) is not None:
            names = [{"secretKey": key.key, "envVar": each.name}]
            secrets.append({"secretName": key.name, "keyToEnv": names, "optional": key.optional})
        elif (key := source.config_map_key_ref) is not None:
            names = [{"configMapKey": key.key, "envVar": each.name}]
            maps.append({"configMapName": key.name, "keyToEnv": names, "optional": key.optional})
        elif source.field_ref is not None:
            fields.append({"name": each.name, "fieldPath": source.field_ref.field_path})
    found = {
        "secretAsEnv": secrets,
        "configMapAsEnv": maps,
        "fieldPathAsEnv": fields,
        "activeDeadlineSeconds": template.active_deadline_seconds,
    }
    return {name: value for name, value in found.items() if value}


def retry_policy(retry: Retry) -> Json:
    """Return a retry strategy as IR has it; raises Unfit."""
    if retry.retry_policy not in ("OnFailure", "Always"):
        raise Unfit(f"retries {retry.retry_policy}")
    pauses = {
        "backoffDuration": _seconds(retry.backoff.duration),
        "backoffMaxDuration": _seconds(retry.backoff.max_duration),
    }
    return {
        "maxRetryCount": retry.limit,
        "backoffFactor": retry.backoff.factor,
        **{name: value for name, value in pauses.items() if value},
    }


def _seconds(duration: object) -> str:
    """A duration of Argo (`"90"`, `"2m"`, `"1h30m"`) as IR has it; empty without one."""
    text = str(duration)
    found = _DURATION.fullmatch(text)
    if text.isdigit():
        return f"{text}s"
    if found is None:
        raise Unfit(f"a pause of {text}")
    hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return f"{hours * 3600 + minutes * 60 + seconds}s" if text else ""
