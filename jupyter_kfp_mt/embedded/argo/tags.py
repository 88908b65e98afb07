"""Rewrites the tags of Argo (`{{…}}`) and the fixed paths of a container as placeholders of the IR.

Argo's tags: https://argo-workflows.readthedocs.io/en/latest/variables/
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from itertools import groupby

from .run_tags import RETRIES, WorkflowTags
from .workflow import Unfit

TAG = re.compile(r"\{\{([^{}]*)\}\}")
INPUT = re.compile(r"inputs\.parameters\.([A-Za-z0-9_-]+)")
INPUT_FILE = re.compile(r"inputs\.artifacts\.([A-Za-z0-9_-]+)")
OF_TASK = re.compile(r"tasks\.([A-Za-z0-9_-]+)\.outputs\.(parameters|artifacts)\.([A-Za-z0-9_-]+)")
OF_WORKFLOW = re.compile(r"workflow\.parameters\.([A-Za-z0-9_-]+)")
_PATH = re.compile(r"(inputs|outputs)\.(parameters|artifacts)\.([A-Za-z0-9_-]+)\.path")


def whole_tag(text: str) -> str:
    """Return the tag that `text` consists of; "" when there is anything else in it."""
    match = TAG.fullmatch(text)
    return match[1].strip() if match is not None else ""


def keep_tag_of_run(tag: str, workflow: WorkflowTags) -> str:
    """Return what stands in the IR for a tag that a run replaces; raises Unfit for an unknown tag."""
    if tag == "pod.name":
        return "{{$.pipeline_task_uuid}}"
    if tag != RETRIES and workflow.find(tag) is None:
        raise Unfit(f"a value for {{{{{_short(tag)}}}}}")
    return f"{{{{{tag}}}}}"


def placeholder(name: str) -> str:
    """Return the placeholder of an input parameter."""
    return f"{{{{$.inputs.parameters['{name}']}}}}"


class TagRewriter:
    """Rewrites the command of one container; `paths` maps its files to placeholders."""

    def __init__(self, known: frozenset[str], paths: Mapping[str, str], workflow: WorkflowTags) -> None:
        self._known = known
        self._workflow = workflow
        self._paths = paths
        self.of_workflow: set[str] = set()  # parameters of the workflow that were used
        self.used_paths: set[str] = set()
        either = [TAG.pattern, *([rf"(?<![\w.-]){_match_any(sorted(paths))}"] if paths else [])]
        self._either = re.compile("|".join(either))

    def rewrite(self, text: str) -> str:
        """Return `text` for the IR; raises Unfit for an unknown tag."""
        return self._either.sub(self._one, text)

    def rewrite_value(self, text: str) -> str:
        """Return `text` for the IR where only values can occur, no paths."""
        return TAG.sub(self._one, text)

    def _one(self, match: re.Match[str]) -> str:
        if match[1] is None:
            self.used_paths.add(match[0])
            return self._paths[match[0]]
        tag = match[1].strip()
        if (path := _PATH.fullmatch(tag)) is not None:
            return self._path(path)
        if (source := INPUT.fullmatch(tag)) is not None and source[1] in self._known:
            return placeholder(source[1])
        if (source := OF_WORKFLOW.fullmatch(tag)) is not None:
            self.of_workflow.add(source[1])
            return placeholder(tag)
        return keep_tag_of_run(tag, self._workflow)

    def _path(self, match: re.Match[str]) -> str:
        side, kind, name = match.groups()
        if kind == "parameters" and side == "inputs":
            raise Unfit(f"a value for {{{{{match[0]}}}}}")
        wanted = {f"{{{{$.{side}.artifacts['{name}'].path}}}}"}
        wanted.add(f"{{{{$.{side}.parameters['{name}'].output_file}}}}")
        for path, known in self._paths.items():
            if known in wanted:
                self.used_paths.add(path)
                return known
        raise Unfit(f"a value for {{{{{match[0]}}}}}")


def _match_any(paths: Sequence[str]) -> str:
    """Return a pattern for whole paths, the longest that fits, in which no two alternatives begin alike.

    A text is read once for all paths, not once for each. `paths` are sorted.
    """
    first, last = paths[0], paths[-1]
    shared = next(
        (at for at, (one, two) in enumerate(zip(first, last, strict=False)) if one != two), len(first)
    )
    common = first[:shared]  # of the first and the last, so of all
    rests = [path.removeprefix(common) for path in paths]
    by_first = {first: list(each) for first, each in groupby(filter(None, rests), lambda rest: rest[0])}
    alternatives = [_match_any(each) for each in by_first.values()]
    end = r"(?![\w-]|\.\w)"
    if not alternatives:
        return re.escape(common) + end
    firsts = "".join(map(re.escape, by_first))
    longer = f"(?=[{firsts}])(?:{'|'.join(alternatives)})"
    return re.escape(common) + (f"(?:{longer}|{end})" if "" in rests else longer)


def read_depends(depends: str, tasks: Callable[[str], bool]) -> list[str]:
    """Return the tasks in a `depends` of the form `a && b`; raises Unfit for other expressions."""
    names = [name.strip().removesuffix(".Succeeded") for name in depends.split("&&")] if depends else []
    if not all(tasks(name) for name in names):
        raise Unfit(f"the condition “{_short(depends)}” between its tasks (depends)")
    return names


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:59] + "…"
