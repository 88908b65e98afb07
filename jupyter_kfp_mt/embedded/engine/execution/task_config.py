"""Builds the value of a `dsl.TaskConfig`: the settings of a task in the form of Kubernetes' pods.

A component that starts a workload elsewhere passes them on to it. Which of them it is given, and which hold
for the task itself, its `task_config_passthroughs` say (backend/src/v2/driver/driver.go, k8s.go).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction
from typing import Any

from ..plan.executors import Container
from ..plan.ir import ENV, VOLUMES, Component, InputParameter
from ..plan.kubernetes import (
    ClaimMount,
    KubernetesExecutor,
    NodeAffinityTerm,
    SourceAsEnv,
    SourceAsFiles,
    Toleration,
)
from ..plan.values import render_text
from .folders import WORKSPACE

Resolve = Callable[[InputParameter], Any]  # the value of a setting; None without one
Fill = Callable[[str], str]  # fills placeholders

TASK_CONFIG = "TASK_CONFIG"  # the type of such a parameter
_WORKSPACE = "kfp-workspace"  # the name of the volume; that of its claim ends so
_QUANTITY = re.compile(r"([+-]?\d+(?:\.\d*)?|[+-]?\.\d+)(Ki|Mi|Gi|Ti|Pi|Ei|[numkMGTPE]?)")
_DECIMAL = {"n": -3, "u": -2, "m": -1, "": 0, "k": 1, "M": 2, "G": 3, "T": 4, "P": 5, "E": 6}
_BINARY = {"": 0, "Ki": 1, "Mi": 2, "Gi": 3, "Ti": 4, "Pi": 5, "Ei": 6}


def make_workspace_claim(workflow: str) -> ClaimMount:
    """Return the mount of the workspace in the pods of a run whose Workflow has this name."""
    return ClaimMount(mount_path=WORKSPACE, constant=f"{workflow}-{_WORKSPACE}")


def build_task_config(
    component: Component,
    container: Container,
    platform: KubernetesExecutor,
    resolve: Resolve,
    fill: Fill,
    *,
    workspace: ClaimMount | None = None,
) -> dict[str, Any]:
    """Return the value of a `dsl.TaskConfig`; settings that are not passed on are empty.

    `workspace` is that of the run, if the task uses it.
    """
    passes_on = component.passes_on
    affinity = _make_affinity(platform.node_affinity, resolve)
    selector = platform.node_selector
    labels: Any = selector.labels if selector is not None else None
    if selector is not None and selector.node_selector_json is not None:
        labels = resolve(selector.node_selector_json)
    claims = [*([workspace] if workspace is not None else []), *platform.pvc_mount]
    volumes, mounts = _make_volumes(platform, claims, resolve)
    return {
        "affinity": affinity if passes_on("KUBERNETES_AFFINITY") else None,
        "tolerations": (
            _make_tolerations(platform.tolerations, resolve) if passes_on("KUBERNETES_TOLERATIONS") else None
        ),
        "nodeSelector": labels if passes_on("KUBERNETES_NODE_SELECTOR") else None,
        "env": _make_env(container, platform, resolve, fill) if passes_on(ENV) else None,
        "volumes": (volumes or None) if passes_on(VOLUMES) else None,
        "volumeMounts": (mounts or None) if passes_on(VOLUMES) else None,
        "resources": _make_resources(container, fill) if passes_on("RESOURCES") else {},
    }


def _make_resources(container: Container, fill: Fill) -> dict[str, Any]:
    wanted = container.resources
    limits = {
        "cpu": wanted.resource_cpu_limit or _number(wanted.cpu_limit),
        "memory": wanted.resource_memory_limit or _number(wanted.memory_limit, "G"),
    }
    requests = {
        "cpu": wanted.resource_cpu_request or _number(wanted.cpu_request),
        "memory": wanted.resource_memory_request or _number(wanted.memory_request, "G"),
    }
    kind = fill(wanted.accelerator.resource_type or wanted.accelerator.type)
    if kind:
        limits[kind] = wanted.accelerator.resource_count or _number(wanted.accelerator.count)
    both = {
        side: {name: _normalize(fill(text)) for name, text in values.items() if text}
        for side, values in (("limits", limits), ("requests", requests))
    }
    return {side: values for side, values in both.items() if values}


def _number(value: float, unit: str = "") -> str:
    return f"{render_text(value)}{unit}" if value else ""


def _normalize(text: str) -> str:
    """Return a quantity as Kubernetes writes it: `0.5` is `500m`, `1024Mi` is `1Gi`."""
    match = _QUANTITY.fullmatch(text)
    if match is None:
        return text
    unit = match[2]
    base, powers = (1024, _BINARY) if unit.endswith("i") else (1000, _DECIMAL)
    value = Fraction(match[1]) * Fraction(base) ** powers[unit]
    if base == 1024 and (abs(value) < 1024 or value.denominator != 1):
        base, powers = 1000, _DECIMAL
    for unit, power in sorted(powers.items(), key=lambda each: -each[1]):
        scaled = value / Fraction(base) ** power
        if scaled.denominator == 1 and (scaled or not unit):
            return f"{scaled.numerator}{unit}"
    return text


def _make_env(
    container: Container, platform: KubernetesExecutor, resolve: Resolve, fill: Fill
) -> list[dict[str, Any]]:
    env: list[dict[str, Any]] = [
        {"name": each.name, **({"value": fill(each.value)} if each.value else {})} for each in container.env
    ]
    for source in platform.secret_as_env:
        env += _make_references(source, "secretKeyRef", _name_of(source, source.secret_name, resolve))
    for source in platform.config_map_as_env:
        env += _make_references(source, "configMapKeyRef", _name_of(source, source.config_map_name, resolve))
    for field in platform.field_path_as_env:
        env.append({"name": field.name, "valueFrom": {"fieldRef": {"fieldPath": field.field_path}}})
    return env


def _make_references(source: SourceAsEnv, kind: str, name: Any) -> list[dict[str, Any]]:
    if name is None:
        return []
    return [
        {
            "name": key.env_var,
            "valueFrom": {
                kind: {
                    "name": name,
                    "key": key.secret_key or key.config_map_key,
                    "optional": source.optional,
                }
            },
        }
        for key in source.key_to_env
    ]


def _name_of(source: SourceAsEnv | SourceAsFiles, written: str, resolve: Resolve) -> Any:
    parameter = source.secret_name_parameter or source.config_map_name_parameter
    return written if parameter is None else resolve(parameter)


def _make_volumes(
    platform: KubernetesExecutor, claims: list[ClaimMount], resolve: Resolve
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the volumes of claims, secrets and config maps, and their mounts."""
    volumes, mounts = [], []
    for claim in claims:
        name = resolve(claim.name)
        volume = _WORKSPACE if claim.mount_path == WORKSPACE else name
        volumes.append({"name": volume, "persistentVolumeClaim": {"claimName": name}})
        mounts.append(_make_mount(volume, claim))
    for source in platform.secret_as_volume:
        name = _name_of(source, source.secret_name, resolve)
        if name is not None:
            volumes.append({"name": name, "secret": {"secretName": name, "optional": source.optional}})
            mounts.append({"name": name, "mountPath": source.mount_path})
    for source in platform.config_map_as_volume:
        name = _name_of(source, source.config_map_name, resolve)
        if name is not None:
            volumes.append({"name": name, "configMap": {"name": name, "optional": source.optional}})
            mounts.append({"name": name, "mountPath": source.mount_path})
    return volumes, mounts


def _make_mount(name: Any, claim: ClaimMount) -> dict[str, Any]:
    below = {"subPath": claim.sub_path} if claim.sub_path else {}
    return {"name": name, "mountPath": claim.mount_path, **below}


def _make_tolerations(tolerations: list[Toleration], resolve: Resolve) -> list[dict[str, Any]] | None:
    made: list[dict[str, Any]] = []
    for each in tolerations:
        if each.toleration_json is not None:
            resolved = resolve(each.toleration_json)
            made += resolved if isinstance(resolved, list) else [resolved] if resolved else []
            continue
        fields = {
            "key": each.key,
            "operator": each.operator,
            "value": each.value,
            "effect": each.effect,
            "tolerationSeconds": each.toleration_seconds,
        }
        made.append({name: value for name, value in fields.items() if value not in ("", None)})
    return made or None


def _make_affinity(terms: list[NodeAffinityTerm], resolve: Resolve) -> dict[str, Any] | None:
    required: list[Any] = []
    preferred: list[Any] = []
    for each in terms:
        if each.node_affinity_json is not None:
            resolved = resolve(each.node_affinity_json)
            resolved = resolved if isinstance(resolved, dict) else {}
            needed = resolved.get("requiredDuringSchedulingIgnoredDuringExecution") or {}
            required += needed.get("nodeSelectorTerms") or []
            preferred += resolved.get("preferredDuringSchedulingIgnoredDuringExecution") or []
            continue
        term = {"matchExpressions": each.match_expressions, "matchFields": each.match_fields}
        term = {name: value for name, value in term.items() if value}
        if term and each.weight is not None:
            preferred.append({"weight": each.weight, "preference": term})
        elif term:
            required.append(term)
    node: dict[str, Any] = {}
    if required:
        node["requiredDuringSchedulingIgnoredDuringExecution"] = {"nodeSelectorTerms": required}
    if preferred:
        node["preferredDuringSchedulingIgnoredDuringExecution"] = preferred
    return {"nodeAffinity": node} if node else None
