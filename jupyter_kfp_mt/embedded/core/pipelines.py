"""The rules of registered pipelines and their versions: names and tags."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping
from typing import TypeVar

import msgspec

from ..errors import already_exists, invalid_input
from ..store import PipelineRow, Store, VersionRow
from .checks import check_name, check_text
from .packages import Template

MAX_TAGS, LONGEST_TAG = 20, 63


Row = TypeVar("Row", PipelineRow, VersionRow)


class PipelineNames(msgspec.Struct, frozen=True, kw_only=True):
    """The names of a new pipeline or version; `name` and `display_name` stand in for each other."""

    name: str = ""
    display_name: str = ""
    description: str = ""
    tags: Mapping[str, str] = {}

    def fill(self, otherwise: str = "") -> PipelineNames:
        """Return both names, each taken from the other or from `otherwise` where it is empty."""
        name = self.name or self.display_name or otherwise
        return msgspec.structs.replace(self, name=name, display_name=self.display_name or name)


class Pipelines:
    """Registers, updates and deletes pipelines and versions."""

    def __init__(self, store: Store, *, now: Callable[[], float] = time.time) -> None:
        self._store = store
        self._now = now

    @staticmethod
    def check(namespace: str, names: PipelineNames) -> None:
        """Reject unusable names; KFP checks them before authorization."""
        check_name("Pipeline.Name", names.name, most_bytes=128)
        check_name("Pipeline.DisplayName", names.display_name)
        check_text("Pipeline.Description", names.description)
        check_name("Pipeline.Namespace", namespace, most_bytes=63)

    @staticmethod
    def check_version(names: PipelineNames) -> None:
        """Reject unusable names of a version."""
        check_name("PipelineVersion.Name", names.name, most_bytes=127)
        check_name("PipelineVersion.DisplayName", names.display_name)
        check_text("PipelineVersion.Description", names.description)

    def create(
        self,
        namespace: str,
        names: PipelineNames,
        template: Template | None = None,
        *,
        package_url: str = "",
        code_source_url: str = "",
        version_tags: Mapping[str, str] | None = None,
        creator: str = "",
    ) -> tuple[PipelineRow, VersionRow | None]:
        """Register a pipeline, with a first version if there is a template; 409 for a taken name."""
        if not names.name:
            raise invalid_input("name is required")
        check_tags(names.tags)
        row = PipelineRow(
            pipeline_id=str(uuid.uuid4()),
            namespace=namespace,
            name=names.name,
            display_name=names.display_name,
            description=names.description,
            created_at=int(self._now()),
            tags=msgspec.json.encode(names.tags),
            creator=creator,
        )
        version = None
        if template is not None:
            self.check_version(names)
            version = self._version(row.pipeline_id, names, template, package_url, code_source_url)
            if version_tags is not None:
                check_tags(version_tags)
                version = msgspec.structs.replace(version, tags=msgspec.json.encode(version_tags))
        if not self._store.pipelines.add(row, version):
            word = "exist" if template is None else "exists"  # KFP's two ways to create one differ
            raise already_exists(
                f"Failed to create a new pipeline. The name {names.name} already {word}."
                " Please specify a new name"
            )
        return row, version

    def create_version(
        self,
        pipeline: PipelineRow,
        names: PipelineNames,
        template: Template,
        *,
        package_url: str = "",
        code_source_url: str = "",
    ) -> VersionRow:
        """Register a version; 409 when the pipeline has one of that name."""
        check_tags(names.tags)
        version = self._version(pipeline.pipeline_id, names, template, package_url, code_source_url)
        if not self._store.pipelines.add_version(version):
            raise already_exists(
                f"Failed to create a new pipeline version. The name {names.name} already exist."
                " Specify a new name"
            )
        return version

    def update(self, row: Row, display_name: str, tags: Mapping[str, str] | None) -> Row:
        """Change the display name unless it is empty, and the tags unless they are None."""
        check_name("Pipeline.DisplayName", display_name)
        if tags is not None:
            check_tags(tags)
        changed = msgspec.structs.replace(
            row,
            display_name=display_name or row.display_name,
            tags=row.tags if tags is None else msgspec.json.encode(tags),
        )
        self._store.pipelines.update(row, changed.display_name, changed.tags)
        return changed

    def delete(self, row: PipelineRow, *, cascade: bool) -> None:
        """Delete a pipeline; one with versions only by `cascade`."""
        latest = self._store.pipelines.get_latest_version(row.pipeline_id)
        if latest is not None and not cascade:
            raise invalid_input(
                f"Failed to delete pipeline with id {row.pipeline_id} as it has existing pipeline versions"
                f" (e.g. {latest.pipeline_version_id}). Set cascade=true to delete all versions"
            )
        self._store.pipelines.remove(row.pipeline_id)

    def delete_version(self, row: VersionRow) -> None:
        """Delete a version; runs that came from it stay readable."""
        self._store.pipelines.remove_version(row.pipeline_version_id)

    def _version(
        self,
        pipeline_id: str,
        names: PipelineNames,
        template: Template,
        package_url: str,
        code_source_url: str,
    ) -> VersionRow:
        check_text("PipelineVersion.CodeSourceUrl", code_source_url)
        return VersionRow(
            pipeline_version_id=str(uuid.uuid4()),
            pipeline_id=pipeline_id,
            name=names.name,
            display_name=names.display_name,
            description=names.description,
            created_at=int(self._now()),
            spec=template.wire,
            template=template.text,
            parameters=msgspec.json.encode(template.parameters),
            package_url=package_url,
            code_source_url=code_source_url,
            tags=msgspec.json.encode(names.tags),
        )


def check_tags(tags: Mapping[str, str]) -> None:
    """Reject more than 20 tags, keys that are not 1–63 characters without a dot, and values longer than 63.

    Source: KFP's `backend/src/apiserver/model/pipeline_tags.go`.
    """
    if len(tags) > MAX_TAGS:
        raise invalid_input(f"number of tags ({len(tags)}) exceeds maximum of {MAX_TAGS} per entity")
    for key, value in tags.items():
        if not key:
            raise invalid_input("tag key cannot be empty")
        if "." in key:
            raise invalid_input(f"tag key \"{key}\" must not contain '.' character")
        if len(key) > LONGEST_TAG:
            raise invalid_input(f'tag key "{key}" exceeds maximum length of {LONGEST_TAG} characters')
        if len(value) > LONGEST_TAG:
            raise invalid_input(
                f'tag value "{value}" for key "{key}" exceeds maximum length of {LONGEST_TAG} characters'
            )
        check_text("tag", key)
        check_text("tag", value)
