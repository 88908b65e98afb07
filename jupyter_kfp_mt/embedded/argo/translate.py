"""Translates an Argo Workflow into a package (IR 2.1.0); pure, but for looking up programs on this machine.

A DAG template becomes a component with a DAG, a container template one with an executor; the DAG of the
entrypoint is the root. `engine/plan/` knows a few fields that IR lacks: files with a given text, the
packages that a function of the 1.8 SDK asks for, a value that is read from an artifact.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from ...pipeline_spec import Package
from . import tags
from .containers import TranslatedTemplate, translate_container, translate_retry
from .run_tags import make_workflow_tags
from .tags import placeholder, whole_tag
from .workflow import ArgoTask, ArgoTemplate, File, Spec, Unfit, UnfitTemplate, Values, check_name, read_part

Json = dict[str, Any]
_MOST_TASKS = 10_000
_DEEPEST = 30  # nested DAGs
_CACHED = "pipelines.kubeflow.org/enable_caching"
_STALENESS = "pipelines.kubeflow.org/max_cache_staleness"
_DISPLAY_NAME = "pipelines.kubeflow.org/task_display_name"


def host_path() -> str:
    """Return the PATH for programs; `python3` is the server's own."""
    return os.pathsep.join([os.path.dirname(sys.executable), os.environ.get("PATH", os.defpath)])


def translate(
    workflow: Mapping[str, Any],
    path: str = "",
    which: Callable[[str, str], str | None] = lambda program, path: shutil.which(program, path=path),
) -> tuple[Package, list[UnfitTemplate]]:
    """Return the IR of `workflow`, and the templates that cannot run here; with any, it must not run."""
    translation = _Translation(path or host_path(), which)
    return translation.translate(workflow), translation.problems


class _Scope(msgspec.Struct, frozen=True, kw_only=True):
    """The values that the tasks of a DAG can refer to."""

    template: ArgoTemplate
    texts: Mapping[str, str | None]  # artifacts that are texts; at the root, with their text
    root: bool
    above: tuple[str, ...]
    tasks: Mapping[str, ArgoTask]


class _Translation:
    def __init__(self, path: str, which: Callable[[str, str], str | None]) -> None:
        self.problems: list[UnfitTemplate] = []
        self._path = path
        self._which = which
        self._templates: dict[str, object] = {}
        self._translated: dict[tuple[str, frozenset[str]], TranslatedTemplate] = {}
        self._sizes: dict[str, int] = {}  # of templates, in tasks
        self._components: Json = {}
        self._executors: Json = {}
        self._platforms: Json = {}
        self._workflow = make_workflow_tags({})

    def translate(self, workflow: Mapping[str, Any]) -> Package:
        metadata = workflow.get("metadata") or {}
        name = str(metadata.get("generateName") or metadata.get("name") or "workflow").rstrip("-")
        self._workflow = make_workflow_tags(metadata)
        root: Json = {}
        settings: Json = {}
        entry = str((workflow.get("spec") or {}).get("entrypoint", ""))
        try:
            spec = read_part(workflow.get("spec"), Spec)
            self._templates = {
                str(each.get("name")): each for each in spec.templates if isinstance(each, dict)
            }
            root = self._root(spec)
            if spec.active_deadline_seconds:
                settings = {"pipelineConfig": {"activeDeadlineSeconds": spec.active_deadline_seconds}}
        except Unfit as error:
            self._add_problem(entry or "(no entrypoint)", str(error))
        deployment = {"deploymentSpec": {"executors": self._platforms}} if self._platforms else {}
        platform = {**settings, **deployment}
        return Package(
            pipeline_spec={
                "pipelineInfo": {"name": re.sub(r"[^a-z0-9-]", "-", name.lower())},
                "schemaVersion": "2.1.0",
                "root": root,
                "components": self._components,
                "deploymentSpec": {"executors": self._executors},
            },
            platform_spec={"platforms": {"kubernetes": platform}} if platform else {},
        )

    def _add_problem(self, template: str, reason: str) -> None:
        problem = UnfitTemplate(template=template, reason=reason)
        if problem not in self.problems:
            self.problems.append(problem)

    def _root(self, spec: Spec) -> Json:
        entry = self._template(spec.entrypoint)
        given = {each.name for each in spec.arguments.parameters}
        if entry.dag is None:
            passed = [each for each in entry.inputs.parameters if each.name in given]
            arguments = Values(
                parameters=[
                    msgspec.structs.replace(each, value=f"{{{{inputs.parameters.{each.name}}}}}")
                    for each in passed
                ]
            )
            only = ArgoTask(name=entry.name, template=entry.name, arguments=arguments)
            # the inputs of the DAG made around it are those of the template
            scope = self._scope(entry, {}, (), [only], root=True)
        else:
            texts = {each.name: each.raw.data for each in spec.arguments.artifacts if each.raw is not None}
            scope = self._scope(entry, texts, (entry.name,), entry.dag.tasks, root=True)
        declared = {each.name: each for each in (*entry.inputs.parameters, *spec.arguments.parameters)}
        dag, used = self._dag(scope)
        lacking = (used | {each.name for each in entry.inputs.parameters}) - declared.keys()
        lacking |= {each.name for each in entry.inputs.artifacts} - set(scope.texts) if entry.dag else set()
        if lacking:
            raise Unfit(f"a value for {min(lacking)}")
        parameters = {each.name: _definition(each.text) for each in declared.values()}
        return {"dag": dag, **_definitions("input", parameters)}

    def _scope(
        self,
        template: ArgoTemplate,
        texts: Mapping[str, str | None],
        above: tuple[str, ...],
        tasks: Iterable[ArgoTask],
        *,
        root: bool = False,
    ) -> _Scope:
        named: dict[str, ArgoTask] = {}
        for each in tasks:
            check_name(each.name)
            if each.name in named:
                raise Unfit(f"one task {each.name} instead of two")
            named[each.name] = each
        return _Scope(template=template, texts=texts, root=root, above=above, tasks=named)

    def _template(self, name: str) -> ArgoTemplate:
        if name not in self._templates:
            raise Unfit(f"a template {name or '(without name)'} that the workflow does not have")
        return read_part(self._templates[name], ArgoTemplate)

    def _component(self, name: str, texts: frozenset[str], above: tuple[str, ...]) -> TranslatedTemplate:
        """Return the component of a template, one for each set of artifacts that are passed as texts."""
        key = (name, texts)
        if key in self._translated:
            return self._translated[key]
        try:
            translated = self._translate_template(name, texts, above)
        except Unfit as error:
            self._add_problem(name, str(error))
            translated = TranslatedTemplate(label=name, template=ArgoTemplate(name=name), component={})
        self._components[translated.label] = translated.component
        self._translated[key] = translated
        self._sizes[name] = translated.size
        return translated

    def _translate_template(
        self, name: str, texts: frozenset[str], above: tuple[str, ...]
    ) -> TranslatedTemplate:
        if name in above:
            raise Unfit("itself as one of its tasks")
        if len(above) >= _DEEPEST:
            raise Unfit(f"more than {_DEEPEST} DAGs in each other")
        template = self._template(name)
        label = " ".join([name, *sorted(texts)])
        if template.dag is not None:
            return self._translate_dag(template, label, texts, above)
        if template.container is None:
            raise Unfit("a command or a DAG")
        translated = translate_container(
            template, label, texts, self._path, which=self._which, workflow=self._workflow
        )
        self._executors[label] = translated.executor
        if translated.platform:
            self._platforms[label] = translated.platform
        return translated

    def _translate_dag(
        self, template: ArgoTemplate, label: str, texts: frozenset[str], above: tuple[str, ...]
    ) -> TranslatedTemplate:
        tasks = template.dag.tasks if template.dag is not None else []
        scope = self._scope(template, dict.fromkeys(texts), (*above, template.name), tasks)
        dag, used = self._dag(scope)
        inputs = {each.name: _definition(each.text) for each in template.inputs.parameters}
        inputs |= {f"inputs.artifacts.{name}": _definition(None) for name in texts}
        inputs |= {f"workflow.parameters.{name}": _definition(None) for name in used}
        files: Json = {each.name: {} for each in template.inputs.artifacts if each.name not in texts}
        outputs = {each.name: _definition(None) for each in template.outputs.parameters}
        component = {
            "dag": dag,
            **_definitions("input", inputs, files),
            **_definitions("output", outputs, {each.name: {} for each in template.outputs.artifacts}),
        }
        return TranslatedTemplate(
            label=label,
            template=template,
            component=component,
            of_workflow=frozenset(used),
            size=self._size(tasks),
        )

    def _dag(self, scope: _Scope) -> tuple[Json, set[str]]:
        """Return the tasks of a DAG, and the parameters of the workflow that they use."""
        whole_dag = scope.template
        if whole_dag.dag and (whole_dag.retry_strategy is not None or whole_dag.active_deadline_seconds):
            raise Unfit("retries or a time limit of a whole DAG")
        used: set[str] = set()
        tasks = {name: self._task(task, scope, used) for name, task in scope.tasks.items()}
        if self._size(scope.tasks.values()) > _MOST_TASKS:
            raise Unfit(f"more than {_MOST_TASKS} tasks")
        dag: Json = {"tasks": tasks}
        if not scope.root:
            outputs = scope.template.outputs
            dag["outputs"] = {
                "parameters": {
                    each.name: {"valueFromParameter": self._output(each.value_from.parameter, scope)}
                    for each in outputs.parameters
                },
                "artifacts": {
                    each.name: {"artifactSelectors": [self._output(each.source, scope)]}
                    for each in outputs.artifacts
                },
            }
        return dag, used

    def _size(self, tasks: Iterable[ArgoTask]) -> int:
        return 1 + sum(self._sizes[each.template] for each in tasks)

    def _output(self, text: str, scope: _Scope) -> Json:
        task, kind, name = self._output_of_task(whole_tag(text), scope)
        key = "outputParameterKey" if kind == "parameters" else "outputArtifactKey"
        return {"producerSubtask": task, key: name}

    def _task(self, task: ArgoTask, scope: _Scope, used: set[str]) -> Json:
        inputs: Json = {}
        files: Json = {}
        texts: set[str] = set()
        for argument in task.arguments.parameters:
            inputs |= self._value(argument.name, argument.text or "", scope, used)
        for file in task.arguments.artifacts:
            text = self._text_of(file, scope)
            if text is None:
                files[file.name] = self._file(file, scope)
            else:
                texts.add(file.name)
                inputs |= self._value(f"inputs.artifacts.{file.name}", text, scope, used)
        translated = self._component(task.template, frozenset(texts), scope.above)
        self._check_arguments(task, translated.template, {*inputs, *files})
        for name in translated.of_workflow:
            key = f"workflow.parameters.{name}"
            inputs |= self._value(key, f"{{{{{key}}}}}", scope, used)
        after = [*task.dependencies, *tags.read_depends(task.depends, scope.tasks.__contains__)]
        metadata = translated.template.metadata
        cached = metadata.labels.get(_CACHED) == "true" and not metadata.annotations.get(_STALENESS)
        retry = translated.template.retry_strategy
        return {
            "componentRef": {"name": translated.label},
            "taskInfo": {"name": str(metadata.annotations.get(_DISPLAY_NAME, task.name))},
            "inputs": {"parameters": inputs, "artifacts": files},
            "dependentTasks": after,
            **({"cachingOptions": {"enableCache": True}} if cached else {}),
            **({"retryPolicy": translate_retry(retry)} if retry is not None else {}),
        }

    def _check_arguments(self, task: ArgoTask, template: ArgoTemplate, names: set[str]) -> None:
        for needed in template.inputs.parameters:
            if needed.name not in names and needed.text is None:
                raise Unfit(f"a value for {needed.name} of its task {task.name}")
        for file in template.inputs.artifacts:
            if not {file.name, f"inputs.artifacts.{file.name}"} & names and not (file.raw or file.optional):
                raise Unfit(f"a file for {file.name} of its task {task.name}")

    def _text_of(self, file: File, scope: _Scope) -> str | None:
        """Return the text of a file that is passed as text; None for one that a task makes."""
        if file.raw is not None:
            return file.raw.data
        source = tags.INPUT_FILE.fullmatch(whole_tag(file.source))
        if source is None or source[1] not in scope.texts:
            return None
        text = scope.texts[source[1]]
        return file.source if text is None else text

    def _file(self, file: File, scope: _Scope) -> Json:
        tag = whole_tag(file.source)
        if (source := tags.INPUT_FILE.fullmatch(tag)) is not None:
            return {"componentInputArtifact": source[1]}
        task, kind, name = self._output_of_task(tag, scope)
        if kind != "artifacts":
            raise Unfit(f"a file for {file.name}")
        return {"taskOutputArtifact": {"producerTask": task, "outputArtifactKey": name}}

    def _output_of_task(self, tag: str, scope: _Scope) -> tuple[str, str, str]:
        """Return task, kind and name of the output that a tag means; raises Unfit."""
        match = tags.OF_TASK.fullmatch(tag)
        task = scope.tasks.get(match[1]) if match is not None else None
        if match is None or task is None:
            raise Unfit(f"a value for {{{{{tag}}}}}")
        try:
            outputs = self._template(task.template).outputs
        except Unfit:  # reported for the task's own template
            return match[1], match[2], match[3]
        declared = outputs.parameters if match[2] == "parameters" else outputs.artifacts
        if match[3] not in [each.name for each in declared]:
            raise Unfit(f"an output {match[3]} of {match[1]}")
        return match[1], match[2], match[3]

    def _value(self, name: str, text: str, scope: _Scope, used: set[str]) -> Json:
        """Return the input `name` of a task, and the further inputs that its placeholders refer to."""
        tag = whole_tag(text)
        if (tag and not tag.startswith("workflow.")) or tags.OF_WORKFLOW.fullmatch(tag):
            return {name: self._source(tag, scope, used)}
        inputs: Json = {}

        def fill(match: re.Match[str]) -> str:
            tag = match[1].strip()
            if tag.startswith("workflow.") and not tags.OF_WORKFLOW.fullmatch(tag):
                return tags.keep_tag_of_run(tag, self._workflow)
            inputs[tag] = self._source(tag, scope, used)
            return placeholder(tag)

        return {name: {"runtimeValue": {"constant": tags.TAG.sub(fill, text)}}, **inputs}

    def _source(self, tag: str, scope: _Scope, used: set[str]) -> Json:
        if (match := tags.INPUT.fullmatch(tag)) is not None:
            if match[1] in [each.name for each in scope.template.inputs.parameters]:
                return {"componentInputParameter": match[1]}
        elif (match := tags.OF_WORKFLOW.fullmatch(tag)) is not None:
            used.add(match[1])
            return {"componentInputParameter": match[1] if scope.root else tag}
        elif (match := tags.INPUT_FILE.fullmatch(tag)) is not None and match[1] in scope.texts:
            return {"componentInputParameter": tag}
        elif (match := tags.OF_TASK.fullmatch(tag)) is not None and match[2] == "parameters":
            task, _, name = self._output_of_task(tag, scope)
            return {"taskOutputParameter": {"producerTask": task, "outputParameterKey": name}}
        raise Unfit(f"a value for {{{{{tag}}}}}")


def _definition(text: str | None) -> Json:
    return {"parameterType": "STRING"} if text is None else {"parameterType": "STRING", "defaultValue": text}


def _definitions(side: str, parameters: Json, artifacts: Json | None = None) -> Json:
    both = {"parameters": parameters, "artifacts": artifacts or {}}
    return {f"{side}Definitions": {kind: declared for kind, declared in both.items() if declared}}
