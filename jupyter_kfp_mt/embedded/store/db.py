"""Opens one SQLite file: a single writer behind a lock, a reader per thread, migrations by `user_version`.

Each change is flushed to the disk before `write()` returns, but outside the lock: on a slow disk nobody waits
for the change of somebody else.
"""

from __future__ import annotations

import contextlib
import os
import re
import sqlite3
import threading
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

_PAGE = 4096  # bytes, SQLite's default
_ROOM = 256  # free pages that are kept in the file
_LOG = 1200 * (_PAGE + 24)  # bytes of the write-ahead log, which starts again after 1000 pages
_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=NORMAL",  # `write` flushes the log
    "PRAGMA busy_timeout=10000",
    "PRAGMA cache_size=-4096",
    "PRAGMA temp_store=MEMORY",
)


flush_file: Callable[[int], None] = getattr(os, "fdatasync", os.fsync)  # macOS has only the latter


class StoreError(Exception):
    """The file cannot be used: it is no database, its version is newer, or the disk is full."""


class Database:
    """The store's connections. `write()` nests: an inner block joins the transaction of the outer one.

    Raises OSError, StoreError when it cannot be opened.
    """

    def __init__(
        self, path: Path, migrations: Sequence[str], flush: Callable[[int], None] = flush_file
    ) -> None:
        self._path = path
        self._log_path = path.with_name(f"{path.name}-wal")
        self._log: int | None = None
        self._flush = flush
        self._lock = threading.RLock()
        self._depth = 0
        self._owner = 0
        self._readers: list[sqlite3.Connection] = []
        self._local = threading.local()
        path.touch(mode=0o600)
        try:
            self._writer = connect(path)
            _check(self._writer)
            self._migrate(migrations)
        except sqlite3.OperationalError as error:
            raise StoreError(f"{path.name}: {error}") from error
        except sqlite3.DatabaseError as error:
            raise StoreError(_describe_damage(path, error)) from error
        self.keep_room()

    def keep_room(self) -> None:
        """Reserve disk space for the next changes, so that a full disk fails tasks, not the store."""
        with contextlib.suppress(sqlite3.OperationalError, OSError):  # it is full already
            with self._lock:
                (free,) = self._writer.execute("PRAGMA freelist_count").fetchone()
            if free < _ROOM / 2:
                with self.write() as sql:
                    sql.execute("CREATE TABLE IF NOT EXISTS room (pages)")
                    sql.execute("INSERT INTO room VALUES (zeroblob(?))", (_ROOM * _PAGE,))
                with self.write() as sql:
                    sql.execute("DROP TABLE room")
            log = self._log_path
            if log.exists() and log.stat().st_size < _LOG and hasattr(os, "posix_fallocate"):
                with log.open("r+b") as file:
                    os.posix_fallocate(file.fileno(), 0, _LOG)

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """Run the block in one transaction: committed and flushed at its end, rolled back when it raises.

        A power cut loses nothing after this has returned. Others may read the change a moment before.
        """
        with self._lock:
            outermost, before = self._depth == 0, self._writer.total_changes
            if outermost:
                self._writer.execute("BEGIN IMMEDIATE")
            self._depth += 1
            self._owner = threading.get_ident()
            try:
                yield self._writer
            except BaseException:
                self._leave("ROLLBACK")
                raise
            self._leave("COMMIT")
            changed = outermost and self._writer.total_changes > before
            log = self._open_log() if changed else None
        if log is not None:
            try:
                self._flush(log)
            except OSError as error:
                raise sqlite3.OperationalError(f"the log cannot be flushed: {error.strerror}") from error

    def _open_log(self) -> int:
        """Return a descriptor of the write-ahead log, which is the same file until the store is closed."""
        if self._log is None:
            self._log = os.open(self._log_path, os.O_RDWR)
        return self._log

    def _leave(self, outcome: str) -> None:
        self._depth -= 1
        if self._depth == 0:
            self._owner = 0
            try:
                self._writer.execute(outcome)
            finally:
                if self._writer.in_transaction:  # the commit failed: a full disk
                    self._writer.execute("ROLLBACK")

    @property
    def read(self) -> sqlite3.Connection:
        """The reading connection of this thread; within `write()` it also sees what is not committed yet."""
        if self._owner == threading.get_ident():
            return self._writer
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = connect(self._path)
            connection.execute("PRAGMA query_only=ON")
            with self._lock:
                self._readers.append(connection)
        return connection

    def close(self) -> None:
        """Close every connection; the reading threads must have ended."""
        with self._lock:
            for connection in self._readers:
                connection.close()
            self._readers.clear()
            self._writer.close()
            if self._log is not None:
                os.close(self._log)
                self._log = None

    def _migrate(self, migrations: Sequence[str]) -> None:
        (version,) = self._writer.execute("PRAGMA user_version").fetchone()
        if version > len(migrations):
            raise StoreError(f"the store has a newer version ({version} > {len(migrations)})")
        for number, script in enumerate(migrations[version:], version + 1):
            self._writer.executescript(f"BEGIN;\n{script};\nPRAGMA user_version={number};\nCOMMIT;")


def connect(path: Path) -> sqlite3.Connection:
    """Open the file as every connection of the store does."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.row_factory = sqlite3.Row
    connection.create_function("fold", 1, fold, deterministic=True)
    for pragma in _PRAGMAS:
        connection.execute(pragma)
    return connection


def back_up(path: Path, target: Path) -> None:
    """Copy the file with what its write-ahead log holds into a new file, also while a server uses it.

    Raises FileExistsError, OSError, StoreError.
    """
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        with contextlib.closing(connect(path)) as connection:
            connection.execute("VACUUM INTO ?", (str(target),))
        with contextlib.closing(connect(target)) as copy:
            copy.execute("PRAGMA journal_mode=DELETE")  # one file, without a log beside it
            _check(copy)
    except sqlite3.Error as error:
        target.unlink(missing_ok=True)
        raise StoreError(f"{path.name}: {error}") from error


def _check(connection: sqlite3.Connection) -> None:
    """Raise sqlite3.DatabaseError for a damaged file: what is read there may be wrong."""
    (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        raise sqlite3.DatabaseError(verdict)


def _describe_damage(path: Path, error: sqlite3.DatabaseError) -> str:
    reason = " ".join(str(error).split())
    return (
        f"{path.name} is damaged ({reason}). Put a backup in its place, or move {path.name}, {path.name}-wal"
        f" and {path.name}-shm away to start with an empty store: the files of runs are kept in removed/"
        " until their runs are known again."
    )


# The order of `utf8mb4_0900_ai_ci`, MySQL 8's default: signs, then digits, then letters.
_SIGNS = "\t\n\v\f\r _-,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~$"
_FREE = [rank for rank in range(1, 0x2F) if rank != ord("%")]
_RANKS = {ord(sign): rank for sign, rank in zip(_SIGNS, _FREE, strict=False)}
_AFTER_SIGNS = "\x2f"  # before a sign that ASCII lacks


def fold(text: str | None) -> str:
    """Return `text` as KFP's database compares and sorts it: without case, accents and trailing blanks.

    Each sign becomes a character below the digits, so that the texts sort by their bytes as in MySQL 8, and
    none is one that LIKE takes for a wildcard.
    """
    if not text:
        return ""
    if text.isascii():
        return text.lower().rstrip(" ").translate(_RANKS)
    plain = (char for char in unicodedata.normalize("NFKD", text) if not unicodedata.combining(char))
    folded = "".join(plain).casefold().rstrip(" ").translate(_RANKS)
    return "".join(f"{_AFTER_SIGNS}{char}" if _is_other_sign(char) else char for char in folded)


def fold_pattern(text: str) -> str:
    """Return the pattern of LIKE that finds `text` in folded texts.

    As in KFP, `%` and `_` in it are wildcards, and a backslash takes that meaning from the next character.
    """
    parts = _PATTERN.findall(f"%{text}%")
    return "".join(part if part in {"%", "_"} else _fold_part(part) for part in parts)


_PATTERN = re.compile(r"\\.|[%_]|[^%_\\]+", re.DOTALL)


def _fold_part(part: str) -> str:
    return fold(f"{part.removeprefix(_BACKSLASH)}x")[:-1]  # `fold` drops trailing blanks, which count here


_BACKSLASH = "\\"


def _is_other_sign(char: str) -> bool:
    return not char.isascii() and unicodedata.category(char)[0] in "PSZ"
