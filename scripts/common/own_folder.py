"""Folders that a program fills, and empties again: it marks them as its own, and takes no others.

The mark, a hidden file, lists the names of what the program wrote there. Only these files are removed again: what
people put into such a folder stays, and a mistyped option costs nobody a file. Snakemake removes the outputs of a job
before the job begins, of a folder all that it contains: so no such folder is an output of a rule (a test looks).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path

from common.files import replace_file
from common.program import UserError

MARKER = ".reel-atlas"
# Snakemake's mark of a folder that was an output of a rule, as those of version 0.1.0 were: gone on with as it is.
OUTPUT = ".snakemake_timestamp"


class OwnFolder:
    """A folder that is made and marked, or gone on with because it has the mark.

    Args:
        folder: where files will be written and removed.
        maker: who marks it, and goes on with it: a stage, a program.
        option: by which the folder was named, for the message.

    Raises:
        UserError: the folder has files that `maker` did not put there.
    """

    def __init__(self, folder: Path, maker: str, option: str) -> None:
        if folder.exists() and not folder.is_dir():
            raise UserError(f"{option}: {folder} is a file; name a folder")
        folder.mkdir(parents=True, exist_ok=True)
        self.path, self.maker = folder, maker
        self._marker = folder / MARKER
        self._current: set[str] = set()
        if not (self._marker.exists() and self._marker.read_text(encoding="utf-8").strip()):
            foreign = sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))
            if foreign and not (folder / OUTPUT).exists():
                raise refusal(folder, foreign, option)
            self._marker.write_text(f"{maker}\n", encoding="utf-8")
        other, *names = self._marker.read_text(encoding="utf-8").splitlines()
        if other != maker:
            raise UserError(f"{option}: {folder} is the folder of another part of the study ({other}); name another")
        self._listed = set(names)

    def announce(self, names: Iterable[str]) -> None:
        """List files that are about to be written, so that they are known as the program's even if it is killed.

        Args:
            names: relative to the folder.
        """
        names = set(names)
        self._current |= names
        new = sorted(names - self._listed)
        if new:
            with self._marker.open("a", encoding="utf-8") as file:
                file.write("".join(f"{name}\n" for name in new))
            self._listed |= names

    def file(self, name: str) -> Path:
        """Announce one file; return its path."""
        self.announce([name])
        return self.path / name

    def tidy(self) -> None:
        """Remove the files that an earlier run made and this one did not announce, and folders that are then empty."""
        for name in sorted(self._listed - self._current):
            path = self.path / name
            path.unlink(missing_ok=True)
            if path.parent != self.path and path.parent.is_dir() and not any(path.parent.iterdir()):
                path.parent.rmdir()
        self._listed = set(self._current)
        replace_file(self._marker, "".join(f"{line}\n" for line in [self.maker, *sorted(self._listed)]).encode())


def refusal(folder: Path, foreign: Collection[str], option: str) -> UserError:
    """The error of a folder with files of somebody else."""
    shown = ", ".join(list(foreign)[:3]) + (", ..." if len(foreign) > 3 else "")
    return UserError(
        f"{option}: {folder} has {len(foreign)} files or folders that this program did not make ({shown}), and the "
        "program would remove or replace files there. Name another folder, or move these away. Nothing was changed"
    )
