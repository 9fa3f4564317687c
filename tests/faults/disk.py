"""A small disk that can really be filled, and room made on it again."""

import ctypes
import os
import resource
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

_LIBC = ctypes.CDLL(None, use_errno=True)
_DETACH = 2
_PIECES = (1 << 20, 1 << 12, 1)


class Disk:
    """A file system of its own in memory, mounted over a folder."""

    def __init__(self, folder: Path, megabytes: int) -> None:
        """Mount it. Raises OSError where that is not allowed."""
        self.folder = folder
        folder.mkdir()
        options = f"size={megabytes}m,mode=0711".encode()
        if _LIBC.mount(b"tmpfs", os.fsencode(folder), b"tmpfs", 0, options) != 0:
            raise OSError(ctypes.get_errno(), "no file system may be mounted here")
        self._filler = folder / "filler"

    def fill(self) -> None:
        """Take what room is left, to the last byte; once more when some was given back."""
        with self._filler.open("ab", buffering=0) as filler:
            for size in _PIECES:
                with suppress(OSError):
                    while filler.write(b"\0" * size) == size:
                        pass

    def free(self) -> None:
        """Make room again."""
        self._filler.unlink(missing_ok=True)

    def end(self) -> None:
        """Take it away with all that is on it."""
        _LIBC.umount2(os.fsencode(self.folder), _DETACH)


class Limit:
    """What stands in where nothing may be mounted: the same processes may write to no file.

    The kernel refuses each write with EFBIG (setrlimit); the server fails as on a full disk, its
    own log of changes included.
    """

    def __init__(self, folder: Path, pids: Callable[[], Iterable[int]]) -> None:
        """Bind `pids`, those that write below `folder`."""
        self.folder, self._pids = folder, pids
        folder.mkdir()

    def fill(self) -> None:
        """Let them write nothing more."""
        self._allow(0)

    def free(self) -> None:
        """Let them write again."""
        self._allow(resource.RLIM_INFINITY)

    def end(self) -> None:
        """There is nothing to take away."""

    def _allow(self, size: int) -> None:
        for pid in self._pids():
            with suppress(ProcessLookupError):
                resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
