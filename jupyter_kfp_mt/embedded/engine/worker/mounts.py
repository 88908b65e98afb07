"""Mounts folders that only one process and its children see: secrets and config maps as files, and volumes.

Standard library only. The files are in memory, in a mount namespace of the process: nothing is written to the
host, nobody else sees them, and they vanish with the last process; volumes are folders of the host. A path
that does not exist is made in an overlay over the folder around it, or in a root of the process's own; what
the process writes there stays there.

`python mounts.py OWN PLACE…` tries it with empty folders; it exits with 0, or prints why it failed.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Mapping

_NEWNS, _NEWUSER = 0x00020000, 0x10000000
_RDONLY, _NOSUID, _NODEV, _REMOUNT, _BIND = 1, 2, 4, 32, 4096
_REC, _PRIVATE = 16384, 1 << 18
_DETACH = 2  # of umount2(2)


class MountError(Exception):
    """A folder cannot be mounted at its path; the text is for users."""


def mount_folders(
    folders: Mapping[str, Mapping[str, str]], own: str, volumes: Mapping[str, str] | None = None
) -> None:
    """Mount `folders` (path → file name → text) and `volumes` (path → folder) for this process.

    The process must have a single thread: others would keep the old namespace. `own` is an empty folder to
    work in. Raises MountError, also for a path that would hide `own`, Python, the home folder or the
    temporary folder.
    """
    if sys.platform != "linux":
        raise MountError("only Linux can mount files for one process alone")
    temporary = os.environ.get("TMPDIR", "/tmp")  # noqa: S108 - nothing is written there
    needed = [own, sys.prefix, sys.base_prefix, os.path.expanduser("~"), temporary, "/proc/self", "/dev/null"]
    kept = [os.path.realpath(path) for path in needed]
    if not all(os.path.isabs(place) for place in (*folders, *(volumes or {}))):
        raise MountError("its path does not begin with /")
    real = {os.path.realpath(place): files for place, files in folders.items()}
    mounted: list[str] = []
    try:
        _leave_the_host()
        # Opened before a mount can hide them.
        opened = {
            os.path.realpath(place): os.open(path, os.O_PATH) for place, path in (volumes or {}).items()
        }
        _mount("tmpfs", own, "tmpfs", _NOSUID | _NODEV, "mode=0755")
        _add_below_the_root([place for place in sorted({*real, *opened}) if not _top_exists(place)], own)
        for place in sorted({*real, *opened}):
            if any(_is_within(place, outer) for outer in mounted):
                os.makedirs(place, exist_ok=True)
            else:
                _make_place(place, own, kept)
            mounted.append(place)
            if place in opened:
                _mount(f"/proc/self/fd/{opened[place]}", place, "", _BIND)
                os.close(opened[place])
                continue
            _mount("tmpfs", place, "tmpfs", _NOSUID | _NODEV, "mode=0755")
            for name, text in real[place].items():
                _write(place, name, text)
        for place in real:
            _mount("", place, "", _REMOUNT | _BIND | _RDONLY | _NOSUID | _NODEV)
        _unmount(own)
    except OSError as error:
        raise MountError(f"{error.strerror} ({error.filename})") from error


def _leave_the_host() -> None:
    """Enter a new mount namespace, and a new user namespace unless this is root."""
    user, group = os.geteuid(), os.getegid()
    _unshare(_NEWNS if user == 0 else _NEWNS | _NEWUSER)
    if user != 0:
        for file, text in (
            ("setgroups", "deny"),
            ("uid_map", f"{user} {user} 1"),
            ("gid_map", f"{group} {group} 1"),
        ):
            with open(f"/proc/self/{file}", "w", encoding="ascii") as target:
                target.write(text)
    _mount("", "/", "", _REC | _PRIVATE)


def _top_exists(place: str) -> bool:
    return os.path.lexists("/" + place.split("/")[1])


def _add_below_the_root(places: list[str], own: str) -> None:
    """Make paths whose first folder does not exist, in a new root that binds everything of the host's."""
    if not places:
        return
    root = os.path.join(own, "root")
    os.mkdir(root)
    entries = sorted(os.listdir("/"), key=lambda name: not _is_within(own, f"/{name}"))  # before `root` grows
    for name in entries:
        source, target = f"/{name}", os.path.join(root, name)
        if os.path.islink(source):
            os.symlink(os.readlink(source), target)
            continue
        if os.path.isdir(source):
            os.mkdir(target)
        else:
            os.close(os.open(target, os.O_WRONLY | os.O_CREAT, 0o600))
        _mount(source, target, "", _BIND | _REC)
    for place in places:
        os.makedirs(root + place, exist_ok=True)
    os.chroot(root)
    os.chdir("/")


def _make_place(place: str, own: str, kept: list[str]) -> None:
    around = place
    while not os.path.lexists(around):
        around = os.path.dirname(around)
    if any(_is_within(path, around) for path in kept):
        raise MountError(f"{around} contains files that a task needs")
    if around == place:
        return
    upper, work = (os.path.join(own, f"{kind}{len(os.listdir(own))}") for kind in ("upper", "work"))
    os.mkdir(upper)
    os.mkdir(work)
    inner = [(path, os.open(path, os.O_PATH)) for path in _find_mounts(around)]
    _mount("overlay", around, "overlay", 0, f"lowerdir={around},upperdir={upper},workdir={work}")
    for path, descriptor in inner:  # the overlay hides what is mounted in the folder
        _mount(f"/proc/self/fd/{descriptor}", path, "", _BIND | _REC)
        os.close(descriptor)
    os.makedirs(place)


def _find_mounts(folder: str) -> list[str]:
    """Return the mount points below `folder`, without those inside another one."""
    points: list[str] = []
    with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as lines:
        for line in lines:
            place = line.split(" ")[4].encode().decode("unicode_escape")
            if (
                place != folder
                and _is_within(place, folder)
                and not any(_is_within(place, one) for one in points)
            ):
                points.append(place)
    return points


def _is_within(path: str, folder: str) -> bool:
    return os.path.commonpath([path, folder]) == folder


def _write(place: str, name: str, text: str) -> None:
    if not name or "/" in name or "\0" in name or name in {".", ".."}:
        raise MountError(f"“{name}” is not a file name")
    descriptor = os.open(os.path.join(place, name), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    with open(descriptor, "w", encoding="utf-8", errors="surrogatepass", newline="") as file:
        file.write(text)


def _unshare(flags: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(flags) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), "a mount namespace")


def _mount(source: str, target: str, kind: str, flags: int, data: str = "") -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    words = [os.fsencode(word) or None for word in (source, target, kind)]
    if libc.mount(*words, ctypes.c_ulong(flags), os.fsencode(data) or None) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), target)


def _unmount(place: str) -> None:
    """Detach the mount at `place`; mounts that use it stay."""
    if ctypes.CDLL(None, use_errno=True).umount2(os.fsencode(place), _DETACH) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), place)


if __name__ == "__main__":
    try:
        mount_folders({place: {} for place in sys.argv[2:]}, sys.argv[1])
    except MountError as error:
        sys.exit(str(error))
