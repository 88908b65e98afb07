"""The `{{…}}` of Argo, and the fixed files of a container, as placeholders of the IR."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from .workflow import Unfit

TAG = re.compile(r"\{\{([^{}]*)\}\}")
INPUT = re.compile(r"inputs\.parameters\.([A-Za-z0-9_-]+)")
INPUT_FILE = re.compile(r"inputs\.artifacts\.([A-Za-z0-9_-]+)")
OF_TASK = re.compile(r"tasks\.([A-Za-z0-9_-]+)\.outputs\.(parameters|artifacts)\.([A-Za-z0-9_-]+)")
OF_WORKFLOW = re.compile(r"workflow\.parameters\.([A-Za-z0-9_-]+)")
_PLACE = re.compile(r"(inputs|outputs)\.(parameters|artifacts)\.([A-Za-z0-9_-]+)\.path")
_OF_RUN = {
    "workflow.uid": "{{$.pipeline_job_uuid}}",  # as KFP replaces it, by the run's id
    "workflow.name": "{{$.pipeline_job_resource_name}}",
    "pod.name": "{{$.pipeline_task_uuid}}",
}


def whole(text: str) -> str:
    """Return the one tag that is all of `text`; empty when there is anything else."""
    found = TAG.fullmatch(text)
    return found[1].strip() if found is not None else ""


def of_run(tag: str) -> str:
    """Return the placeholder for a fact about the run; raises Unfit for a tag that is not known."""
    if tag not in _OF_RUN:
        raise Unfit(f"a value for {{{{{_short(tag)}}}}}")
    return _OF_RUN[tag]


def placeholder(name: str) -> str:
    """Return the placeholder of an input parameter."""
    return f"{{{{$.inputs.parameters['{name}']}}}}"


class Words:
    """Rewrites the words of one container; `paths` maps its files to placeholders."""

    def __init__(self, known: frozenset[str], paths: Mapping[str, str]) -> None:
        self._known = known
        self._paths = paths
        self.of_workflow: set[str] = set()  # parameters of the workflow that were used
        self.found: set[str] = set()  # paths that were used
        longest_first = sorted(paths, key=len, reverse=True)
        paths_too = [rf"(?<![\w.-]){re.escape(path)}(?![\w-]|\.\w)" for path in longest_first]
        self._either = re.compile("|".join([TAG.pattern, *paths_too]))

    def rewrite(self, text: str) -> str:
        """Return `text` for the IR; raises Unfit for a tag that is not known."""
        return self._either.sub(self._one, text)

    def value(self, text: str) -> str:
        """The same where only values can stand, no files."""
        return TAG.sub(self._one, text)

    def _one(self, match: re.Match[str]) -> str:
        if match[1] is None:
            self.found.add(match[0])
            return self._paths[match[0]]
        tag = match[1].strip()
        if (place := _PLACE.fullmatch(tag)) is not None:
            return self._place(place)
        if (source := INPUT.fullmatch(tag)) is not None and source[1] in self._known:
            return placeholder(source[1])
        if (source := OF_WORKFLOW.fullmatch(tag)) is not None:
            self.of_workflow.add(source[1])
            return placeholder(tag)
        return of_run(tag)

    def _place(self, place: re.Match[str]) -> str:
        side, kind, name = place.groups()
        if kind == "parameters" and side == "inputs":
            raise Unfit(f"a value for {{{{{place[0]}}}}}")
        wanted = {f"{{{{$.{side}.artifacts['{name}'].path}}}}"}
        wanted.add(f"{{{{$.{side}.parameters['{name}'].output_file}}}}")
        for path, known in self._paths.items():
            if known in wanted:
                self.found.add(path)
                return known
        raise Unfit(f"a value for {{{{{place[0]}}}}}")


def names_of(depends: str, tasks: Callable[[str], bool]) -> list[str]:
    """Return the tasks in `a && b`; raises Unfit for other expressions (`depends`)."""
    names = [name.strip().removesuffix(".Succeeded") for name in depends.split("&&")] if depends else []
    if not all(tasks(name) for name in names):
        raise Unfit(f"the condition “{_short(depends)}” between its tasks (depends)")
    return names


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:59] + "…"
