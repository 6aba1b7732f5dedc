"""Errors of the machine or of the way a program was started: what happened, in words, and what to do."""

from __future__ import annotations

import environment
import errno
import os
from pathlib import Path

REMEDIES = {
    errno.ENOSPC: "make room on this disk, and give the same command again",
    errno.EDQUOT: "make room in your quota, and give the same command again",
    errno.EFBIG: "make room, or use another disk, and give the same command again",
    errno.EROFS: "this disk can only be read: use another folder",
    errno.EACCES: "give yourself the right to it, or use another folder",
    errno.EPERM: "give yourself the right to it, or use another folder",
    errno.EIO: "the disk or its connection fails: see to it, and give the same command again",
    errno.ESTALE: "the network disk was away: give the same command again",
    errno.EMFILE: "raise the number of open files (ulimit -n), or use fewer workers",
    errno.ENFILE: "the machine has too many files open: end what is not needed",
    errno.ENAMETOOLONG: "use a shorter name or path",
    errno.ENOMEM: "use fewer workers, or a machine with more memory",
    errno.ENOENT: "give the path that is meant; paths are relative to the folder in which the program is started "
    "(of snakemake: --directory)",
    errno.EEXIST: "give another path, or move away what has this name",
    errno.ENOTDIR: "give the path that is meant; one part of it is a file",
    errno.EISDIR: "give the path that is meant; this is a folder",
}


def tell_place(message: str) -> str:
    """What a message about a file that is not there needs besides: where it was looked for."""
    here = str(Path.cwd())
    if "no such f" not in message.lower() or here in message:
        return ""
    return f" (relative paths begin in {here}, where the program was started)"


def explain_mishap(error: BaseException) -> str | None:
    """What happened and what to do, of an error that is no fault of the program; None of others.

    Args:
        error: what no program foresaw.
    """
    if isinstance(error, OSError) and error.errno in REMEDIES:
        names = [os.fsdecode(name) for name in (error.filename, error.filename2) if isinstance(name, str | bytes)]
        places = " and ".join(str(Path(name).absolute()) for name in names)
        what = f"{places}: {os.strerror(error.errno)}" if places else str(error)
        return f"{what}; {REMEDIES[error.errno]}"
    if isinstance(error, MemoryError):
        return f"the memory is used up{f' ({error})' if str(error) else ''}; {REMEDIES[errno.ENOMEM]}"
    if isinstance(error, ImportError):
        return f"{error}. {environment.remedy()}"
    if "disk is full" in str(error):  # SQLite
        return f"{error}; {REMEDIES[errno.ENOSPC]}"
    if "no locator available" in str(error):  # Numba
        return f"{error}; set NUMBA_CACHE_DIR to a folder that can be written to"
    return None
