"""The objects of the Kubernetes API with the fields that we read."""

from __future__ import annotations

from datetime import datetime, timezone

import msgspec

PROFILE_LABEL = "app.kubernetes.io/part-of"
PROFILE = "kubeflow-profile"
PREPARED_LABEL = "pipelines.kubeflow.org/enabled"
MAIN = "main"  # the container of a KFP step, and of a Workspace


class _KubernetesObject(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The base of all objects: Kubernetes writes camelCase."""


class Meta(_KubernetesObject, frozen=True, kw_only=True):
    """The metadata of an object."""

    name: str = ""
    namespace: str = ""
    uid: str = ""
    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None
    creation_timestamp: datetime | None = None

    def label(self, name: str) -> str:
        """Return a label; empty when it is not set."""
        return (self.labels or {}).get(name, "")

    def annotation(self, name: str) -> str:
        """Return an annotation; empty when it is not set."""
        return (self.annotations or {}).get(name, "")


class MetadataOnly(_KubernetesObject, frozen=True, kw_only=True):
    """An object of which we read the metadata only."""

    metadata: Meta = Meta()


class DataObject(_KubernetesObject, frozen=True, kw_only=True):
    """A ConfigMap, or a Secret, whose values are base64."""

    data: dict[str, str] | None = None

    def __repr__(self) -> str:
        return f"DataObject({sorted(self.data or {})})"


class Namespace(MetadataOnly, frozen=True, kw_only=True):
    """A namespace, which the profile controller (kubeflow/dashboard) labels if it belongs to a profile."""

    @property
    def is_profile(self) -> bool:
        """Whether it belongs to a profile; the PodDefault webhook acts only there."""
        return self.metadata.label(PROFILE_LABEL) == PROFILE

    @property
    def is_prepared(self) -> bool:
        """Whether KFP's own controller should prepare it for runs."""
        return self.metadata.label(PREPARED_LABEL) == "true"

    @property
    def owner(self) -> str:
        """The user who owns the profile."""
        return self.metadata.annotation("owner")


class Condition(_KubernetesObject, frozen=True, kw_only=True):
    """One condition of a pod, such as `PodScheduled`."""

    type: str = ""
    status: str = ""
    reason: str = ""
    message: str = ""


class StateDetail(_KubernetesObject, frozen=True, kw_only=True):
    """The reason why a container waits, or how it ended."""

    reason: str = ""
    message: str = ""
    exit_code: int | None = None
    finished_at: datetime | None = None


class ContainerState(_KubernetesObject, frozen=True, kw_only=True):
    """Exactly one of the three is set."""

    waiting: StateDetail | None = None
    running: StateDetail | None = None
    terminated: StateDetail | None = None


class ContainerStatus(_KubernetesObject, frozen=True, kw_only=True):
    """The status of one container of a pod."""

    name: str = ""
    image: str = ""
    state: ContainerState = ContainerState()
    last_state: ContainerState = ContainerState()
    restart_count: int = 0


class PodStatus(_KubernetesObject, frozen=True, kw_only=True):
    """The status of a pod."""

    phase: str = ""
    reason: str = ""
    message: str = ""
    conditions: list[Condition] | None = None
    container_statuses: list[ContainerStatus] | None = None
    init_container_statuses: list[ContainerStatus] | None = None


class Pod(MetadataOnly, frozen=True, kw_only=True):
    """A pod: a step of a run, or the one this notebook lives in."""

    status: PodStatus = PodStatus()

    @property
    def node_id(self) -> str:
        """The id of the Argo node that it runs."""
        return self.metadata.annotation("workflows.argoproj.io/node-id")

    @property
    def ended(self) -> bool:
        """Whether all its containers have ended."""
        return self.status.phase in ("Succeeded", "Failed")

    @property
    def containers(self) -> list[ContainerStatus]:
        """Its containers, init containers first."""
        return [*(self.status.init_container_statuses or []), *(self.status.container_statuses or [])]

    def has_labels(self, labels: dict[str, str]) -> bool:
        """Whether it was started with all of `labels`; false if there are none."""
        return bool(labels) and labels.items() <= (self.metadata.labels or {}).items()


class InvolvedObject(_KubernetesObject, frozen=True, kw_only=True):
    """What an event is about."""

    uid: str = ""
    field_path: str = ""  # `spec.containers{main}` where it is about one container


class EventSeries(_KubernetesObject, frozen=True, kw_only=True):
    """The repeats of an event that has an `eventTime`: such an event has no `count`."""

    count: int = 0
    last_observed_time: datetime | None = None


class KubernetesEvent(MetadataOnly, frozen=True, kw_only=True):
    """An event of a pod."""

    involved_object: InvolvedObject = InvolvedObject()
    type: str = ""
    reason: str = ""
    message: str = ""
    count: int | None = None
    first_timestamp: datetime | None = None
    last_timestamp: datetime | None = None
    event_time: datetime | None = None
    series: EventSeries | None = None

    @property
    def at(self) -> datetime | None:
        """The time when it happened last."""
        repeated = self.series.last_observed_time if self.series is not None else None
        return repeated or self.last_timestamp or self.event_time or self.first_timestamp

    @property
    def times(self) -> int:
        """How often it happened."""
        repeated = self.series.count if self.series is not None else 0
        return repeated or self.count or 1

    @property
    def order(self) -> tuple[datetime, str]:
        """What sorts events by time.

        Some have whole seconds and some microseconds. Within a second the name decides: it ends in the
        nanosecond at which the event was made.
        """
        at = self.at or datetime.min.replace(tzinfo=timezone.utc)
        return at.replace(microsecond=0), self.metadata.name


class TokenSource(_KubernetesObject, frozen=True, kw_only=True):
    """A token that the kubelet projects into a pod."""

    audience: str = ""


class VolumeSource(_KubernetesObject, frozen=True, kw_only=True):
    """One source of a projected volume."""

    service_account_token: TokenSource | None = None


class Projected(_KubernetesObject, frozen=True, kw_only=True):
    """A volume projected from several sources."""

    sources: list[VolumeSource] | None = None


class Volume(_KubernetesObject, frozen=True, kw_only=True):
    """A volume that an option adds."""

    projected: Projected | None = None


class Selector(_KubernetesObject, frozen=True, kw_only=True):
    """The labels that an option selects."""

    match_labels: dict[str, str] | None = None


class PodDefaultSpec(_KubernetesObject, frozen=True, kw_only=True):
    """The volumes that an option adds, and the pods it selects."""

    desc: str = ""
    selector: Selector = Selector()
    volumes: list[Volume] | None = None


class PodDefault(MetadataOnly, frozen=True, kw_only=True):
    """An option of the notebook spawner (`kubeflow.org/v1alpha1`)."""

    spec: PodDefaultSpec = PodDefaultSpec()

    @property
    def audiences(self) -> list[str]:
        """The audiences of the tokens it adds: the name of the option differs between distributions."""
        return [
            source.service_account_token.audience
            for volume in self.spec.volumes or []
            for source in (volume.projected.sources or [] if volume.projected else [])
            if source.service_account_token is not None
        ]

    @property
    def labels(self) -> dict[str, str]:
        """The labels that a pod needs to get it."""
        return self.spec.selector.match_labels or {}


class AccessReview(_KubernetesObject, frozen=True, kw_only=True):
    """The outcome of an access review."""

    allowed: bool = False
    reason: str = ""


class AccessReviewResponse(_KubernetesObject, frozen=True, kw_only=True):
    """The response to an access review."""

    status: AccessReview = AccessReview()


class StatusObject(_KubernetesObject, frozen=True, kw_only=True):
    """The `Status` object by which Kubernetes explains an error."""

    message: str = ""
    reason: str = ""


class PodList(_KubernetesObject, frozen=True, kw_only=True):
    """A list of pods; an empty one may be `null`."""

    items: list[Pod] | None = None


class EventList(_KubernetesObject, frozen=True, kw_only=True):
    """A list of events."""

    items: list[KubernetesEvent] | None = None


class PodDefaultList(_KubernetesObject, frozen=True, kw_only=True):
    """A list of options."""

    items: list[PodDefault] | None = None


class RawList(_KubernetesObject, frozen=True, kw_only=True):
    """A list whose objects are searched as text."""

    items: list[msgspec.Raw] | None = None


class RoleSubject(_KubernetesObject, frozen=True, kw_only=True):
    """Whom a RoleBinding gives a role: a User, a Group or a ServiceAccount."""

    kind: str = ""
    name: str = ""
    namespace: str = ""


class RoleReference(_KubernetesObject, frozen=True, kw_only=True):
    """The Role or ClusterRole of a RoleBinding."""

    kind: str = ""
    name: str = ""


class RoleBinding(MetadataOnly, frozen=True, kw_only=True):
    """Gives subjects a role in a namespace."""

    role_ref: RoleReference = RoleReference()
    subjects: list[RoleSubject] | None = None


class RoleBindingList(_KubernetesObject, frozen=True, kw_only=True):
    """The RoleBindings of a namespace."""

    items: list[RoleBinding] | None = None


class PolicyRule(_KubernetesObject, frozen=True, kw_only=True):
    """One rule of a role."""

    api_groups: list[str] | None = None
    verbs: list[str] | None = None


class RoleObject(_KubernetesObject, frozen=True, kw_only=True):
    """A Role or ClusterRole."""

    rules: list[PolicyRule] | None = None
