"""Write the resolved configuration: what was given, the defaults, and a number for each `auto`."""

from __future__ import annotations

import argparse
import environment  # noqa: F401 (before all packages)
import json
from pathlib import Path

import yaml

from common import program
from common.files import replace_file

VERSION = "1"


def main(arguments: argparse.Namespace) -> None:
    config = yaml.safe_load(arguments.config)
    decided = json.loads(arguments.settings.read_text(encoding="utf-8"))["automatic"]
    config["cluster"] |= decided
    replace_file(arguments.output, yaml.safe_dump(config, sort_keys=False, allow_unicode=True).encode())
    program.log.info("%s: decided by the size of the cohort: %s", arguments.output, ", ".join(decided) or "nothing")


def parse() -> argparse.Namespace:
    parser = program.parser(__doc__)
    parser.add_argument("--config", required=True, metavar="YAML", help="the configuration with its defaults")
    parser.add_argument("--settings", type=Path, required=True, metavar="FILE", help="settings.json of the clusters")
    parser.add_argument("--output", type=Path, required=True, metavar="FILE", help="config.yaml to write")
    return parser.parse_args()


if __name__ == "__main__":
    program.run(main, parse())
