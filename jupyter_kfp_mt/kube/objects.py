"""What the Kubernetes API answers, as far as this product reads it; decoding leaves out the rest."""

from __future__ import annotations

from datetime import datetime

import msgspec

PROFILE_LABEL = "app.kubernetes.io/part-of"
PROFILE = "kubeflow-profile"
PREPARED_LABEL = "pipelines.kubeflow.org/enabled"
MAIN = "main"  # the container of a KFP step, and of a Workspace


class _Object(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The parent of what is decoded: Kubernetes writes camelCase."""


class Meta(_Object, frozen=True, kw_only=True):
    """Name and marks of an object."""

    name: str = ""
    namespace: str = ""
    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None
    creation_timestamp: datetime | None = None

    def label(self, name: str) -> str:
        """Return a label, empty when it is not set."""
        return (self.labels or {}).get(name, "")

    def annotation(self, name: str) -> str:
        """Return an annotation, empty when it is not set."""
        return (self.annotations or {}).get(name, "")


class Marked(_Object, frozen=True, kw_only=True):
    """An object of which only name and marks matter."""

    metadata: Meta = Meta()


class Namespace(Marked, frozen=True, kw_only=True):
    """A namespace with the marks of a Kubeflow profile (profile controller; kubeflow-environment §1.4)."""

    @property
    def is_profile(self) -> bool:
        """Whether Kubeflow's profile controller owns it; the PodDefault webhook acts in such ones only."""
        return self.metadata.label(PROFILE_LABEL) == PROFILE

    @property
    def is_prepared(self) -> bool:
        """Whether KFP's own controller is told to set it up for runs."""
        return self.metadata.label(PREPARED_LABEL) == "true"

    @property
    def owner(self) -> str:
        """The person the profile belongs to."""
        return self.metadata.annotation("owner")


class Condition(_Object, frozen=True, kw_only=True):
    """One condition of a pod, such as `PodScheduled`."""

    type: str = ""
    status: str = ""
    reason: str = ""
    message: str = ""


class StateDetail(_Object, frozen=True, kw_only=True):
    """Why a container waits or how it ended."""

    reason: str = ""
    message: str = ""
    exit_code: int | None = None
    finished_at: datetime | None = None


class ContainerState(_Object, frozen=True, kw_only=True):
    """Exactly one of the three is set."""

    waiting: StateDetail | None = None
    running: StateDetail | None = None
    terminated: StateDetail | None = None


class ContainerStatus(_Object, frozen=True, kw_only=True):
    """How one container of a pod is."""

    name: str = ""
    image: str = ""
    state: ContainerState = ContainerState()
    last_state: ContainerState = ContainerState()
    restart_count: int = 0


class PodStatus(_Object, frozen=True, kw_only=True):
    """How a pod is."""

    phase: str = ""
    reason: str = ""
    message: str = ""
    conditions: list[Condition] | None = None
    container_statuses: list[ContainerStatus] | None = None
    init_container_statuses: list[ContainerStatus] | None = None


class Pod(Marked, frozen=True, kw_only=True):
    """A pod: a step of a run, or the one this notebook lives in."""

    status: PodStatus = PodStatus()

    @property
    def node_id(self) -> str:
        """The Argo node that it runs."""
        return self.metadata.annotation("workflows.argoproj.io/node-id")

    @property
    def ended(self) -> bool:
        """Whether none of its containers will write any more."""
        return self.status.phase in ("Succeeded", "Failed")

    @property
    def containers(self) -> list[ContainerStatus]:
        """Its containers, those that prepare it first."""
        return [*(self.status.init_container_statuses or []), *(self.status.container_statuses or [])]

    def has_labels(self, labels: dict[str, str]) -> bool:
        """Whether it was started with all of `labels`; none at all is no."""
        return bool(labels) and labels.items() <= (self.metadata.labels or {}).items()


class Event(_Object, frozen=True, kw_only=True):
    """Something that happened to a pod."""

    type: str = ""
    reason: str = ""
    message: str = ""
    count: int | None = None
    first_timestamp: datetime | None = None
    last_timestamp: datetime | None = None
    event_time: datetime | None = None

    @property
    def at(self) -> datetime | None:
        """When it happened last."""
        return self.last_timestamp or self.event_time or self.first_timestamp


class TokenSource(_Object, frozen=True, kw_only=True):
    """A token that the kubelet projects into a pod."""

    audience: str = ""


class VolumeSource(_Object, frozen=True, kw_only=True):
    """One source of a projected volume."""

    service_account_token: TokenSource | None = None


class Projected(_Object, frozen=True, kw_only=True):
    """A volume put together from sources."""

    sources: list[VolumeSource] | None = None


class Volume(_Object, frozen=True, kw_only=True):
    """A volume that an option adds."""

    projected: Projected | None = None


class Selector(_Object, frozen=True, kw_only=True):
    """The labels that an option asks for."""

    match_labels: dict[str, str] | None = None


class PodDefaultSpec(_Object, frozen=True, kw_only=True):
    """What an option adds, and to which pods."""

    desc: str = ""
    selector: Selector = Selector()
    volumes: list[Volume] | None = None


class PodDefault(Marked, frozen=True, kw_only=True):
    """An option of the notebook spawner (`kubeflow.org/v1alpha1`)."""

    spec: PodDefaultSpec = PodDefaultSpec()

    @property
    def audiences(self) -> list[str]:
        """Whom the tokens are for that it adds; distributions name the option as they like."""
        return [
            source.service_account_token.audience
            for volume in self.spec.volumes or []
            for source in (volume.projected.sources or [] if volume.projected else [])
            if source.service_account_token is not None
        ]

    @property
    def labels(self) -> dict[str, str]:
        """The labels a pod needs to get it."""
        return self.spec.selector.match_labels or {}


class Review(_Object, frozen=True, kw_only=True):
    """The outcome of an access review."""

    allowed: bool = False
    reason: str = ""


class Reviewed(_Object, frozen=True, kw_only=True):
    """An access review as it comes back."""

    status: Review = Review()


class Refusal(_Object, frozen=True, kw_only=True):
    """The `Status` object that Kubernetes answers with when it does not do something."""

    message: str = ""
    reason: str = ""


class PodList(_Object, frozen=True, kw_only=True):
    """A list of pods; an empty one may be `null`."""

    items: list[Pod] | None = None


class EventList(_Object, frozen=True, kw_only=True):
    """A list of events."""

    items: list[Event] | None = None


class PodDefaultList(_Object, frozen=True, kw_only=True):
    """A list of options."""

    items: list[PodDefault] | None = None


class RawList(_Object, frozen=True, kw_only=True):
    """A list whose objects are searched as text."""

    items: list[msgspec.Raw] | None = None
