"""Make a folder in which one works on a study: settings, a place for videos, a Snakefile that uses this workflow.

    python scripts/begin_study.py ../mystudy

Files that are there already are left as they are. `make study DIR=../mystudy` does the same.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

from common.program import UserError, parser, run

CHECKOUT = Path(__file__).resolve().parent.parent
TEMPLATES = Path(__file__).resolve().parent / "study_folder"
# Inside the checkout a study is none of the checkout's business.
IGNORE_ALL = "# A study inside the folder of Reel Atlas: git is to leave it alone.\n*\n"
ALL_CORES = "cores: all                # where --cores N is not given; a cluster's profile has its own limits\n"


def main(arguments: argparse.Namespace) -> None:
    folder = arguments.folder.expanduser().absolute()
    if ".." in folder.parts:
        folder = folder.resolve()
    if folder.resolve() == CHECKOUT:
        raise UserError(f"{folder} is the folder of Reel Atlas itself: name another one, as in ../mystudy")
    if folder.exists() and not folder.is_dir():
        raise UserError(f"{folder} is a file: name a folder")
    written, left = [], []
    for name, text in contents(folder):
        path = folder / name
        # Also a link that leads nowhere is somebody's.
        if os.path.lexists(path):
            left.append(name)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        written.append(name)
    if not os.path.lexists(folder / "videos"):
        (folder / "videos").mkdir()
    if not os.path.lexists(folder / "slurm"):  # `--profile slurm` looks in this folder, not in profiles
        (folder / "slurm").symlink_to("profiles/slurm")
    print(f"The study's folder is {folder}")
    print(f"  written: {', '.join(written) or 'nothing'}")
    if left:
        print(f"  were there already, and are left as they are: {', '.join(left)}")
    print("Put your videos into its folder videos, one folder for each creator (videos/<handle>/<any name>.mp4). Then:")
    print(f"  . {shlex.quote(str(environment_folder()))}/bin/activate")
    print(f"  cd {shlex.quote(str(folder))}")
    print("  snakemake")


def contents(folder: Path) -> Iterator[tuple[str, str]]:
    """The files of a study's folder: their names and what is in them.

    Args:
        folder: absolute path of the study's folder.
    """
    inside = folder.resolve().is_relative_to(CHECKOUT)
    example = (CHECKOUT / "config" / "study.example.yaml").read_text(encoding="utf-8")
    schema = (CHECKOUT / "config" / "schema.json").as_uri()
    name = json.dumps(folder.name.encode(errors="replace").decode(), ensure_ascii=False)
    example = example.replace("$schema=schema.json", f"$schema={schema}")
    yield "study.yaml", example.replace("name: My study", f"name: {name}")
    snakefile = (TEMPLATES / "Snakefile").read_text(encoding="utf-8")
    yield "Snakefile", snakefile.replace('"ATLAS_FOLDER"', json.dumps(in_home(CHECKOUT), ensure_ascii=False))
    readme = (TEMPLATES / "README.md").read_text(encoding="utf-8")
    for mark, place in {"ATLAS_FOLDER": CHECKOUT, "ATLAS_ENVIRONMENT": environment_folder()}.items():
        readme = readme.replace(mark, shlex.quote(str(place)))
    yield "README.md", readme
    yield ".gitignore", IGNORE_ALL if inside else (TEMPLATES / "gitignore").read_text(encoding="utf-8")
    profiles = CHECKOUT / "profiles"
    yield "profiles/default/config.yaml", (profiles / "default/config.yaml").read_text(encoding="utf-8") + ALL_CORES
    yield "profiles/slurm/config.yaml", (profiles / "slurm/config.yaml").read_text(encoding="utf-8")


def environment_folder() -> Path:
    """Folder of the environment that has the packages: of the Python that runs this."""
    return Path(sys.prefix)


def in_home(path: Path) -> str:
    """A path as one types it: from `~` on where it lies at home, so that it holds on a machine with another home."""
    home = Path.home().resolve()
    return f"~/{path.relative_to(home)}" if path.is_relative_to(home) and path != home else str(path)


def parse(argv: list[str] | None = None) -> argparse.Namespace:
    options = parser(__doc__)
    options.add_argument("folder", type=Path, metavar="FOLDER", help="the study's folder; made where it is missing")
    return options.parse_args(argv)


if __name__ == "__main__":
    run(main, parse())
