"""The settings: one set of traits for server, kernel and command line.

They are set as `c.KfpSettings.endpoint = …` in `jupyter_kfp_mt_config.py` or `.json` on the Jupyter config
path, or as `JUPYTER_KFP_MT_ENDPOINT=…`. A value given to the Jupyter server itself wins over the environment,
which wins over the files; among the files, the one in the earlier folder of the path wins.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from jupyter_core.paths import jupyter_config_path, jupyter_data_dir
from traitlets import Bool, Enum, Float, Integer, TraitError, TraitType, Unicode, default, validate
from traitlets.config import Config, Configurable
from traitlets.config.loader import ConfigFileNotFound, JSONFileConfigLoader, PyFileConfigLoader
from traitlets.utils.bunch import Bunch

from .bounds import HELP, RunBounds
from .errors import kfp_error
from .polling import ACTIVE_S, IDLE_S

PREFIX = "JUPYTER_KFP_MT_"
FILE = "jupyter_kfp_mt_config"


class KfpSettings(Configurable):
    """What an administrator or a user may decide; everything else is detected."""

    endpoint = Unicode("", help="Address of the KFP API; empty: detected.").tag(config=True)
    kfp_namespace = Unicode("kubeflow", help="Namespace that KFP is installed in.").tag(config=True)
    namespace = Unicode("", help="Namespace to work in; empty: detected.").tag(config=True)
    token_path = Unicode("", help="File with a bearer token for KFP, read at each use.").tag(config=True)
    cookie_path = Unicode(
        "", help="File with the `Cookie` header of a gateway's log-in, read at each use."
    ).tag(config=True)
    ca_file = Unicode("", help="File with the CA certificates to trust; empty: the usual ones.").tag(
        config=True
    )
    kube_context = Unicode(
        "",
        help="Context of the kubeconfig whose API server leads to a KFP without users; “current” for the one"
        " it has chosen; empty: do not read the kubeconfig.",
    ).tag(config=True)
    gateway_m2m = Bool(
        False,
        help="Whether a notebook without a KFP token may use the gateway with its cluster token; for clusters"
        " whose gateway accepts the tokens of service accounts.",
    ).tag(config=True)
    embedded = Enum(
        ("ask", "auto", "off"),
        "ask",
        help="Start the embedded server when the user asks for it, automatically, or never.",
    ).tag(config=True)
    data_dir = Unicode(help="Folder of the embedded server.").tag(config=True)
    poll_active_s = Float(
        ACTIVE_S, min=0.01, max=3600.0, help="Seconds between polls while runs are active."
    ).tag(config=True)
    poll_idle_s = Float(IDLE_S, min=0.01, max=3600.0, help="Seconds between polls while nothing runs.").tag(
        config=True
    )
    request_timeout_s = Float(10.0, min=0.1, max=600.0, help="Seconds to wait for a response of KFP.").tag(
        config=True
    )
    max_upload_mib = Integer(32, min=1, help="Largest pipeline accepted, in MiB.").tag(config=True)
    max_steps = Integer(RunBounds().max_steps, min=1, help=HELP["max_steps"]).tag(config=True)
    max_values_mib = Integer(RunBounds().max_values_mib, min=1, help=HELP["max_values_mib"]).tag(config=True)
    max_copy_mib = Integer(RunBounds().max_copy_mib, min=1, help=HELP["max_copy_mib"]).tag(config=True)
    allow_doctor_changes = Bool(
        True, help="Whether users may create the access option and restart their notebook from here."
    ).tag(config=True)
    allow_namespace_switch = Bool(True, help="Whether users may choose another namespace.").tag(config=True)

    @default("data_dir")
    def _default_data_dir(self) -> str:
        return _data_dir()

    @validate("data_dir", "kfp_namespace")
    def _replace_empty(self, proposal: Bunch) -> str:
        return str(proposal.value or (_data_dir() if proposal.trait.name == "data_dir" else "kubeflow"))

    @validate("poll_active_s", "poll_idle_s", "request_timeout_s")
    def _require_number(self, proposal: Bunch) -> float:
        if math.isnan(proposal.value):  # neither below a minimum nor above a maximum
            raise TraitError(f"The '{proposal.trait.name}' trait is not a number")
        return float(proposal.value)

    @property
    def run_bounds(self) -> RunBounds:
        """The bounds of a run on the embedded server."""
        return RunBounds(*(getattr(self, name) for name in RunBounds._fields))

    def replace(self, **values: object) -> KfpSettings:
        """Return a copy with other `values`."""
        copy = KfpSettings(config=self.config)
        for name in self.trait_names(config=True):
            setattr(copy, name, values.get(name, getattr(self, name)))
        return copy


def _data_dir() -> str:
    return str(Path(jupyter_data_dir()) / "kfp")


def load_settings(
    environ: Mapping[str, str] | None = None,
    *,
    config: Config | None = None,
    path: Iterable[str] | None = None,
) -> KfpSettings:
    """Read the settings; raises `bad-input` naming the file or variable that is invalid.

    `environ` and `path` default to those of the process; `config` is that of the Jupyter server.
    """
    merged = _read_files(jupyter_config_path() if path is None else path)
    merged.merge(_read_environment(os.environ if environ is None else environ))
    merged.merge(Config({"KfpSettings": dict(config.KfpSettings)} if config is not None else {}))
    try:
        return KfpSettings(config=merged)
    except TraitError as error:
        raise kfp_error(
            "bad-input", field="KfpSettings", problem=str(error).splitlines()[0].rstrip(".")
        ) from None


def _read_files(path: Iterable[str]) -> Config:
    merged = Config()
    for folder in reversed(list(path)):
        for loader in (
            PyFileConfigLoader(FILE + ".py", folder),
            JSONFileConfigLoader(FILE + ".json", folder),
        ):
            try:
                merged.merge(loader.load_config())
            except ConfigFileNotFound:
                continue
            except (Exception, SystemExit) as error:  # it is a program, so anything may be raised
                raise kfp_error(
                    "bad-input",
                    field=loader.full_filename,
                    problem=f"it cannot be read: {type(error).__name__}: {error}",
                ) from error
    return merged


def _read_environment(environ: Mapping[str, str]) -> Config:
    values: dict[str, object] = {}
    for name, trait in KfpSettings.class_traits(config=True).items():
        text = environ.get(PREFIX + name.upper())
        if text:  # an empty variable counts as unset: pod templates often leave some
            values[name] = _parse(trait, PREFIX + name.upper(), text)
    return Config({"KfpSettings": values})


def _parse(trait: TraitType[object, object], variable: str, text: str) -> object:
    try:
        return trait.from_string(text)
    except (TraitError, ValueError) as error:
        problem = f"“{text}” cannot be used"
        raise kfp_error("bad-input", field=variable, problem=problem, why=str(error)) from None
