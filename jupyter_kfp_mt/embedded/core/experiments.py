"""The rules of experiments: names, and what archiving or deleting one means for its runs."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable

from ..errors import already_exists, bad_request, invalid_input
from ..store import ExperimentRow, Store
from .checks import check_name, check_text

DEFAULT = "Default"


class Experiments:
    """Creates, archives and deletes experiments."""

    def __init__(self, store: Store, *, multi_user: bool, now: Callable[[], float] = time.time) -> None:
        self._store = store
        self._multi_user = multi_user
        self._now = now

    @staticmethod
    def check(namespace: str, name: str) -> None:
        """Reject an unusable name or namespace; KFP checks them before authorization."""
        if not name:
            raise invalid_input("Experiment must have a non-empty name")
        check_name("Experiment.Name", name, most_bytes=128)
        check_name("Experiment.Namespace", namespace, most_bytes=63)

    def create(self, namespace: str, name: str, description: str) -> ExperimentRow:
        """Create an experiment; 409 when the namespace has one of that name, archived or not."""
        check_text("Experiment.Description", description)
        row = ExperimentRow(
            experiment_id=str(uuid.uuid4()),
            namespace=namespace,
            display_name=name,
            description=description,
            created_at=int(self._now()),
        )
        if not self._store.experiments.add(row):
            raise already_exists(
                f"Failed to create a new experiment. The name {name} already exists. Please specify a"
                " new name"
            )
        return row

    def ensure_default(self) -> ExperimentRow:
        """Return the experiment of runs that name none, in single-user mode; creates it if needed."""
        row = self._store.experiments.find_by_name("", DEFAULT)
        return row or self.create(
            "", DEFAULT, "All runs created without specifying an experiment will be grouped here."
        )

    def archive(self, row: ExperimentRow) -> None:
        """Archive an experiment with its runs, and disable its recurring runs."""
        self._store.experiments.archive(row.experiment_id)

    def unarchive(self, row: ExperimentRow) -> None:
        """Make an experiment available again; its runs stay archived."""
        self._store.experiments.unarchive(row.experiment_id)

    def delete(self, row: ExperimentRow) -> None:
        """Delete an experiment; its runs and recurring runs keep its id."""
        if not self._multi_user and row.experiment_id == self.ensure_default().experiment_id:
            raise bad_request(
                f"Failed to delete experiment {row.experiment_id}. The default experiment cannot be deleted",
                f"Invalid input error: Experiment id cannot be equal to the default id {row.experiment_id}",
            )
        self._store.experiments.remove(row.experiment_id)
