"""Claims on volumes as folders: `kubernetes.CreatePVC`, `mount_pvc`, `DeletePVC`.

```text
volumes/<namespace>/<claim>/       a claim with a fixed name: the tenant's, until it is deleted
runs/<run id>/volumes/<claim>/     a claim with a generated name (`pvc_name_suffix`): deleted with its run
```
The rules are those of KFP's driver (kubeflow/pipelines, backend/src/v2/driver/k8s.go), with one exception: a
claim that no pipeline created is created when it is first mounted, as nobody else could provide it here.
Beside each folder, `.<claim>` says which task created or deleted it last, so that no task does it twice after
a crash.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec

from ....models import TaskValues
from ....names import OBJECT_NAME
from ..plan.inputs import InputError

CREATE, DELETE = "argostub/createpvc", "argostub/deletepvc"  # images that stand for actions of the driver


class VolumeClaims(msgspec.Struct, frozen=True, kw_only=True):
    """The claims that the tasks of one run can use."""

    tenant: Path
    run: Path
    remove: Callable[[Path], None]  # deletes a folder

    def operate(self, image: str, values: Mapping[str, Any], task_id: str) -> TaskValues:
        """Create or delete a claim as the inputs `values` of the task request; raises InputError."""
        if image == DELETE:
            self._delete(_check_name(values.get("pvc_name")), task_id)
            return TaskValues()
        own, suffix = values.get("pvc_name"), values.get("pvc_name_suffix")
        if own and suffix:
            raise InputError("A claim takes either pvc_name or pvc_name_suffix, not both.")
        name = _check_name(own or f"{task_id}{suffix or ''}")
        self._create(self.tenant if own else self.run, name, task_id)
        return TaskValues(parameters={"name": name})

    def make_folder(self, name: object, sub_path: str) -> Path:
        """Return the folder of a claim or of a part of it, creating it if needed; raises InputError."""
        part = self.find_folder(name, sub_path)
        part.mkdir(parents=True, exist_ok=True, mode=0o700)
        return part

    def find_folder(self, name: object, sub_path: str) -> Path:
        """Return the folder of a claim or of a part of it, which need not exist; raises InputError."""
        name = _check_name(name)
        folder = self._find_home(name) / name
        part = (folder / sub_path).resolve()
        if ".." in Path(sub_path).parts or not part.is_relative_to(folder.resolve()):
            raise InputError(f"“{sub_path}” is not a path in the claim {name}.")
        return part

    def _find_home(self, name: str) -> Path:
        own = any((self.run / entry).exists() for entry in (name, f".{name}"))
        return self.run if own else self.tenant

    def _create(self, home: Path, name: str, task_id: str) -> None:
        last, folder = home / f".{name}", home / name
        if folder.exists() and _read_text(last) != f"created by {task_id}":
            raise InputError(f"The claim {name} already exists.")
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        last.write_text(f"created by {task_id}")
        folder.mkdir(exist_ok=True, mode=0o700)

    def _delete(self, name: str, task_id: str) -> None:
        home = self._find_home(name)
        last, folder = home / f".{name}", home / name
        if not folder.exists() and _read_text(last) != f"deleted by {task_id}":
            raise InputError(f"There is no claim {name}.")
        last.write_text(f"deleted by {task_id}")
        self.remove(folder)


def find_claims_folder(volumes: Path, namespace: str) -> Path:
    """Return the folder of a tenant's claims.

    Single-user mode accepts any text as a namespace, `../..` too, so what is not a plain name is quoted.
    """
    plain = namespace if OBJECT_NAME.fullmatch(namespace) else f"-{quote(namespace, safe='')}"
    return volumes / plain


def _check_name(name: object) -> str:
    if not isinstance(name, str) or not OBJECT_NAME.fullmatch(name):
        raise InputError(f"“{name}” is not a valid name of a claim.")
    return name


def _read_text(path: Path) -> str:
    with contextlib.suppress(FileNotFoundError):
        return path.read_text()
    return ""
