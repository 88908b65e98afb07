"""Turns a container template into a component with its executor."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from typing import Any

import msgspec

from .run_tags import WorkflowTags
from .tags import TAG, TagRewriter, placeholder
from .workflow import ArgoContainer, ArgoTemplate, File, Retry, Unfit, check_name

Json = dict[str, Any]
_MOST_FILES = 100
_LONGEST_PIP = 4000  # characters
# The 1.8 SDK puts this line before a function that asks for packages.
_PIP = re.compile(
    r"\(PIP_DISABLE_PIP_VERSION_CHECK=1 python3 -m pip install (.*?) \|\| .* --user\) && \"\$0\" \"\$@\"",
    re.DOTALL,
)
_PIP_OPTIONS = frozenset({"--quiet", "--no-warn-script-location"})
_DURATION = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")


class TranslatedTemplate(msgspec.Struct, frozen=True, kw_only=True):
    """A template as IR: component, executor and platform settings."""

    label: str
    template: ArgoTemplate
    component: Json
    executor: Json = {}
    platform: Json = {}
    of_workflow: frozenset[str] = frozenset()  # parameters of the workflow that it needs as inputs
    size: int = 1  # in tasks, all below it included


def translate_container(
    template: ArgoTemplate,
    label: str,
    texts: frozenset[str],
    path: str,
    *,
    which: Callable[[str, str], str | None],
    workflow: WorkflowTags,
) -> TranslatedTemplate:
    """Return the component of a container template; raises Unfit.

    `texts` are its input artifacts that are passed as texts; its program is searched in `path`.
    """
    container = template.container or ArgoContainer()
    inputs, outputs = template.inputs, template.outputs
    for values in (inputs, outputs):
        for name in [each.name for each in values.parameters] + [each.name for each in values.artifacts]:
            check_name(name)
    requirements, command = _split_pip_line(container.command)
    if not command:
        raise Unfit(f"the program of its image {container.image}")
    paths = _placeholders_of_files(template)
    rewriter = TagRewriter(frozenset(each.name for each in inputs.parameters), paths, workflow)
    executor: Json = {
        "image": container.image,
        "command": [rewriter.rewrite(word) for word in command],
        "args": [rewriter.rewrite(word) for word in container.args],
        "env": [{"name": "PATH", "value": path}]
        + [
            {"name": each.name, "value": rewriter.rewrite_value(each.value)}
            for each in container.env
            if each.value_from is None
        ],
        "requirements": requirements,
        "files": _files_with_text(inputs.artifacts, texts, rewriter),
    }
    if TAG.search(command[0]) is None and not which(command[0], path):
        raise Unfit(f"the program {command[0]} of its image {container.image}")
    optional = {each.path for each in (*inputs.artifacts, *outputs.artifacts) if each.optional}
    unused = paths.keys() - rewriter.used_paths - optional
    if unused:
        raise Unfit(f"its file {min(unused)}, which its command does not name")
    return TranslatedTemplate(
        label=label,
        template=template,
        component=_component(template, label, texts, rewriter.of_workflow),
        executor={"container": executor},
        platform=_platform(template, container),
        of_workflow=frozenset(rewriter.of_workflow),
    )


def _component(template: ArgoTemplate, label: str, texts: frozenset[str], of_workflow: set[str]) -> Json:
    text: Json = {"parameterType": "STRING"}
    parameters = {
        each.name: text if each.text is None else {**text, "defaultValue": each.text}
        for each in template.inputs.parameters
    }
    parameters |= {f"inputs.artifacts.{name}": text for name in texts}
    parameters |= {f"workflow.parameters.{name}": text for name in of_workflow}
    artifacts: Json = {
        each.name: {} for each in template.inputs.artifacts if each.name not in texts and each.raw is None
    }
    files = {each.path: each.name for each in template.outputs.artifacts}
    values = {
        each.name: {**text, "readFrom": files.get(each.value_from.path, ""), "trimmed": True}
        for each in template.outputs.parameters
    }
    return {
        "executorLabel": label,
        "inputDefinitions": {"parameters": parameters, "artifacts": artifacts},
        "outputDefinitions": {
            "parameters": values,
            "artifacts": {each.name: {} for each in template.outputs.artifacts},
        },
    }


def _placeholders_of_files(template: ArgoTemplate) -> dict[str, str]:
    """Map the fixed paths of a container to placeholders; raises Unfit."""
    paths = {
        each.value_from.path: f"{{{{$.outputs.parameters['{each.name}'].output_file}}}}"
        for each in template.outputs.parameters
    }
    if len(paths) < len(template.outputs.parameters):
        raise Unfit("two outputs in one file")
    for side, files in (("inputs", template.inputs.artifacts), ("outputs", template.outputs.artifacts)):
        for each in files:
            paths[each.path] = f"{{{{$.{side}.artifacts['{each.name}'].path}}}}"
    if len(paths) > _MOST_FILES:
        raise Unfit(f"more than {_MOST_FILES} files")
    if "" in paths:
        raise Unfit("the path of each of its files")
    if any(not path.startswith("/") for path in paths):
        raise Unfit("paths of files that begin at /")
    return paths


def _files_with_text(files: list[File], texts: frozenset[str], rewriter: TagRewriter) -> dict[str, str]:
    """Return the texts of the input artifacts that are written before the command runs."""
    passed = {each.name: placeholder(f"inputs.artifacts.{each.name}") for each in files if each.name in texts}
    own = {
        each.name: rewriter.rewrite_value(each.raw.data)
        for each in files
        if each.raw and each.name not in texts
    }
    return {**passed, **own}


def _split_pip_line(command: list[str]) -> tuple[list[str], list[str]]:
    """Return the packages that a function asks for, and its command without the line that installs them."""
    has_line = command[:2] == ["sh", "-c"] and len(command) > 3 and len(command[2]) <= _LONGEST_PIP
    match = _PIP.fullmatch(command[2].strip()) if has_line else None
    if match is None:
        return [], command
    return [word for word in shlex.split(match[1]) if word not in _PIP_OPTIONS], command[3:]


def _platform(template: ArgoTemplate, container: ArgoContainer) -> Json:
    """Return the settings of kfp-kubernetes: variables from secrets, config maps and fields; a time limit."""
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
    settings = {
        "secretAsEnv": secrets,
        "configMapAsEnv": maps,
        "fieldPathAsEnv": fields,
        "activeDeadlineSeconds": template.active_deadline_seconds,
    }
    return {name: value for name, value in settings.items() if value}


def translate_retry(retry: Retry) -> Json:
    """Return a retry strategy as IR's retry policy; raises Unfit."""
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
    """Return a duration of Argo (`"90"`, `"2m"`, `"1h30m"`) as IR's; "" without one."""
    text = str(duration)
    match = _DURATION.fullmatch(text)
    if text.isdigit():
        return f"{text}s"
    if match is None:
        raise Unfit(f"a pause of {text}")
    hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return f"{hours * 3600 + minutes * 60 + seconds}s" if text else ""
