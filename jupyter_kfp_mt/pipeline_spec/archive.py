"""Reads the pipeline out of a zip or tar.gz file, as KFP does (`backend/src/apiserver/server/util.go`)."""

from __future__ import annotations

import gzip
import io
import lzma
import tarfile
import zipfile
import zlib

from .reading import MAX_BYTES, Unreadable

MAX_ENTRIES = 1000


def is_archive(data: bytes) -> bool:
    """Whether `data` is a zip or gzip file by its first bytes, which no YAML or JSON has."""
    return data[:2] == b"PK" or data[:2] == b"\x1f\x8b"


def unpack(data: bytes) -> bytes:
    """Return the text of the pipeline in an archive; raises `Unreadable`."""
    try:
        return _from_zip(data) if data[:2] == b"PK" else _from_tar(data)
    except (
        zipfile.BadZipFile,
        tarfile.TarError,
        OSError,
        EOFError,
        ValueError,
        zlib.error,
        lzma.LZMAError,
        NotImplementedError,
        RuntimeError,
    ) as error:
        raise Unreadable(
            1, f"the archive is broken ({str(error).rstrip('.') or type(error).__name__})"
        ) from None


def _from_zip(data: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        entries = archive.infolist()
        if len(entries) > MAX_ENTRIES:
            raise Unreadable(1, f"it has more than {MAX_ENTRIES} entries")
        name = _choose([each.filename for each in entries])
        with archive.open(name) as entry:
            return _check_size(entry.read(MAX_BYTES + 1))


def _from_tar(data: bytes) -> bytes:
    with gzip.GzipFile(fileobj=io.BytesIO(data)) as unzipped:
        plain = unzipped.read(MAX_BYTES + 1024 * 1024)
    _check_size(plain)
    with tarfile.open(fileobj=io.BytesIO(plain), mode="r:") as archive:
        names: dict[str, tarfile.TarInfo] = {}
        for each in archive:
            names.setdefault(each.name, each)
            if len(names) > MAX_ENTRIES:
                raise Unreadable(1, f"it has more than {MAX_ENTRIES} entries")
        chosen = names[_choose(list(names))]
        entry = archive.extractfile(chosen) if chosen.isreg() else None  # a link may lead nowhere
        if entry is None:
            raise Unreadable(1, "its entry is not a file")
        return _check_size(entry.read(MAX_BYTES + 1))


def _choose(names: list[str]) -> str:
    if "pipeline.yaml" in names:
        return "pipeline.yaml"
    if names and names[0].endswith((".yaml", ".yml")):
        return names[0]
    raise Unreadable(1, "it holds no pipeline.yaml, and its first entry is no YAML file")


def _check_size(text: bytes) -> bytes:
    if len(text) > MAX_BYTES:
        raise Unreadable(1, f"it unpacks to more than {MAX_BYTES >> 20} MiB")
    return text
