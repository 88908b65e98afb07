"""Mounts folders that only one process and its children see.

```text
enter_namespace    a mount namespace of its own, which ends with the last process in it
hide_places        own folders in place of /tmp and the like
protect_folders    what every task shares becomes read-only
mount_folders      secrets and config maps as files, and volumes
```
Standard library only. The files of secrets are in memory: nothing is written to the host, and nobody else
sees them; volumes are folders of the host. A path that does not exist is made in an overlay over the folder
around it, or in a root of the process's own; what the process writes there stays there.

The process must have a single thread: others would keep the old namespace.

`python mounts.py OWN PLACE…` tries it with empty folders; it exits with 0, or prints why it failed.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import os
import sys
from collections.abc import Collection, Iterable, Mapping

_LIBC = ctypes.CDLL(None, use_errno=True)
_NEWNS, _NEWUSER = 0x00020000, 0x10000000
_RDONLY, _NOSUID, _NODEV, _REMOUNT, _BIND = 1, 2, 4, 32, 4096
_REC, _PRIVATE = 16384, 1 << 18
_DETACH = 2  # of umount2(2)
_KEPT_FLAGS = 2 | 4 | 8 | 1024 | 2048  # nosuid, nodev, noexec, noatime, nodiratime: as in statvfs(3)
_STAT_RELATIME, _RELATIME = 4096, 1 << 21

PLACES = ("/tmp", "/var/tmp", "/dev/shm")  # noqa: S108 - where a task sees its own folders
_HERE = os.path.dirname(os.path.abspath(__file__))


class MountError(Exception):
    """A folder cannot be mounted at its path; the text is for users."""


@functools.cache
def works() -> bool:
    """Whether this machine lets a process have mounts of its own; tried once, in a child."""
    if sys.platform != "linux":
        return False
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            enter_namespace()
            _mount(_HERE, _HERE, "", _BIND)
            _mount("tmpfs", _HERE, "tmpfs", _NOSUID | _NODEV)
            code = 0
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def enter_namespace() -> None:
    """Enter a new mount namespace, and a new user namespace unless root can do without; raises MountError."""
    if sys.platform != "linux":
        raise MountError("only Linux can mount files for one process alone")
    try:
        try:
            _unshare(_NEWNS)
        except PermissionError:
            user, group = os.geteuid(), os.getegid()
            _unshare(_NEWNS | _NEWUSER)
            for file, text in (
                ("setgroups", "deny"),
                ("uid_map", f"{user} {user} 1"),
                ("gid_map", f"{group} {group} 1"),
            ):
                with open(f"/proc/self/{file}", "w", encoding="ascii") as target:
                    target.write(text)
        _mount("", "/", "", _REC | _PRIVATE)
    except OSError as error:
        raise _make_error(error) from error


def hide_places(places: Mapping[str, str], shown: Iterable[str]) -> None:
    """Mount folders over `places` (place → folder, "" for memory), but go on showing `shown`.

    The paths of `shown` are resolved. Raises MountError.
    """
    hidden = {os.path.realpath(place): folder for place, folder in places.items() if os.path.isdir(place)}
    try:
        # Opened before a mount can hide them.
        kept = _open_inner(shown, hidden)
        folders = {place: os.open(folder, os.O_PATH) for place, folder in hidden.items() if folder}
        for place in hidden:
            if place in folders:
                _mount_opened(folders[place], place)
            else:
                _mount("tmpfs", place, "tmpfs", _NOSUID | _NODEV, "mode=1777")
        for path, descriptor in kept.items():
            if os.path.isdir(f"/proc/self/fd/{descriptor}"):
                os.makedirs(path, exist_ok=True)
            else:
                os.makedirs(os.path.dirname(path), exist_ok=True)
                os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))
            _mount_opened(descriptor, path)
    except OSError as error:
        raise _make_error(error) from error


def protect_folders(folders: Iterable[str], writable: Collection[str]) -> None:
    """Make `folders` read-only, without `writable` inside them; leave out what cannot be protected.

    All paths are resolved.
    """
    protected: list[str] = []
    for folder in sorted(set(folders)):
        if folder in writable or any(_is_within(folder, outer) for outer in protected):
            continue
        with contextlib.suppress(OSError):
            inner = _open_inner(writable, [folder])
            _mount(folder, folder, "", _BIND | _REC)
            _mount("", folder, "", _REMOUNT | _BIND | _RDONLY | _read_flags(folder))
            protected.append(folder)
            for path, descriptor in inner.items():
                _mount_opened(descriptor, path)


def mount_folders(
    folders: Mapping[str, Mapping[str, str]],
    own: str,
    volumes: Mapping[str, str] | None = None,
    hidden: Iterable[str] = (),
) -> None:
    """Mount `folders` (path → file name → text) and `volumes` (path → folder) in the namespace entered.

    `own` is an empty folder to work in; `hidden` are the places whose folders are the process's own. Raises
    MountError, also for a path that would hide `own`, Python or the home folder.
    """
    temporary = os.environ.get("TMPDIR", "/tmp")  # noqa: S108 - nothing is written there
    needed = [own, sys.prefix, sys.base_prefix, os.path.expanduser("~"), temporary, "/proc/self", "/dev/null"]
    free = [os.path.realpath(place) for place in hidden]
    kept = [os.path.realpath(path) for path in needed if os.path.realpath(path) not in free]
    if not all(os.path.isabs(place) for place in (*folders, *(volumes or {}))):
        raise MountError("its path does not begin with /")
    real = {os.path.realpath(place): files for place, files in folders.items()}
    mounted: list[str] = []
    try:
        # Opened before a mount can hide them.
        opened = {
            os.path.realpath(place): os.open(path, os.O_PATH) for place, path in (volumes or {}).items()
        }
        _mount("tmpfs", own, "tmpfs", _NOSUID | _NODEV, "mode=0755")
        _add_below_the_root([place for place in sorted({*real, *opened}) if not _top_exists(place)], own)
        for place in sorted({*real, *opened}):
            if any(_is_within(place, outer) for outer in mounted) or any(
                _is_within(place, outer) and place != outer and not _is_any_within(kept, place)
                for outer in free
            ):
                os.makedirs(place, exist_ok=True)
            else:
                _make_place(place, own, kept)
            mounted.append(place)
            if place in opened:
                _mount_opened(opened[place], place, recursive=False)
                continue
            _mount("tmpfs", place, "tmpfs", _NOSUID | _NODEV, "mode=0755")
            for name, text in real[place].items():
                _write(place, name, text)
        for place in real:
            _mount("", place, "", _REMOUNT | _BIND | _RDONLY | _NOSUID | _NODEV)
        _unmount(own)
    except OSError as error:
        raise _make_error(error) from error


def _make_error(error: OSError) -> MountError:
    return MountError(f"{error.strerror} ({error.filename})")


def _open_inner(paths: Iterable[str], folders: Collection[str]) -> dict[str, int]:
    """Open what is inside one of `folders`; without what is inside another of `paths`, or does not exist."""
    opened: dict[str, int] = {}
    for path in sorted(set(paths)):
        inside = any(path != folder and _is_within(path, folder) for folder in folders)
        if inside and not any(_is_within(path, outer) for outer in opened):
            with contextlib.suppress(FileNotFoundError, NotADirectoryError):
                opened[path] = os.open(path, os.O_PATH)
    return opened


def _read_flags(path: str) -> int:
    """Return the flags of the mount of `path`: in a user namespace, none of them may be dropped."""
    flags = os.statvfs(path).f_flag
    return flags & _KEPT_FLAGS | (_RELATIME if flags & _STAT_RELATIME else 0)


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
    if _is_any_within(kept, around):
        raise MountError(f"{around} contains files that a task needs")
    if around == place:
        return
    upper, work = (os.path.join(own, f"{kind}{len(os.listdir(own))}") for kind in ("upper", "work"))
    os.mkdir(upper)
    os.mkdir(work)
    inner = [(path, os.open(path, os.O_PATH)) for path in _find_mounts(around)]
    _mount("overlay", around, "overlay", 0, f"lowerdir={around},upperdir={upper},workdir={work}")
    for path, descriptor in inner:  # the overlay hides what is mounted in the folder
        _mount_opened(descriptor, path)
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
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def _is_any_within(paths: Iterable[str], folder: str) -> bool:
    return any(_is_within(path, folder) for path in paths)


def _write(place: str, name: str, text: str) -> None:
    if not name or "/" in name or "\0" in name or name in {".", ".."}:
        raise MountError(f"“{name}” is not a file name")
    descriptor = os.open(os.path.join(place, name), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    with open(descriptor, "w", encoding="utf-8", errors="surrogatepass", newline="") as file:
        file.write(text)


def _unshare(flags: int) -> None:
    if _LIBC.unshare(flags) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), "a mount namespace")


def _mount(source: str, target: str, kind: str, flags: int, data: str = "") -> None:
    words = [os.fsencode(word) or None for word in (source, target, kind)]
    if _LIBC.mount(*words, ctypes.c_ulong(flags), os.fsencode(data) or None) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), target)


def _mount_opened(descriptor: int, place: str, *, recursive: bool = True) -> None:
    """Mount an opened file or folder at `place`, and close it."""
    _mount(f"/proc/self/fd/{descriptor}", place, "", _BIND | (_REC if recursive else 0))
    os.close(descriptor)


def _unmount(place: str) -> None:
    """Detach the mount at `place`; mounts that use it stay."""
    if _LIBC.umount2(os.fsencode(place), _DETACH) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), place)


if __name__ == "__main__":
    try:
        enter_namespace()
        hide_places(dict.fromkeys(PLACES, sys.argv[1]), [os.path.realpath(sys.argv[1])])
        mount_folders({place: {} for place in sys.argv[2:]}, sys.argv[1], {}, PLACES)
    except MountError as error:
        sys.exit(str(error))
