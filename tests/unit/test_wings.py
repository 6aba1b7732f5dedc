"""The house: what imports what, as docs/development.md draws it."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

from study import CHECKOUT

SCRIPTS = CHECKOUT / "scripts"
GUIDE = (CHECKOUT / "docs/development.md").read_text(encoding="utf-8")
CODE = ["Snakefile", "rules/*.smk", "scripts/**/*.py", "scripts/**/*.html", "atlas/src/*"]
MODULES = {
    ".".join(path.relative_to(SCRIPTS).with_suffix("").parts).removesuffix(".__init__"): path
    for path in SCRIPTS.rglob("*.py")
}
WINGS = {name for name in MODULES if "." not in name and MODULES[name].name == "__init__.py"}
PROGRAMS = set(MODULES) - WINGS - {name for name in MODULES if "." in name}


def imports(path: Path) -> Iterator[str]:
    """Modules of this project that a file imports, at its beginning or later."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in MODULES)
        elif isinstance(node, ast.ImportFrom) and node.module in MODULES:
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            yield from inner & MODULES.keys() or {node.module}


def drawn() -> dict[str, set[str]]:
    rows = re.findall(r"^\| `(\w+)` \| .* \| (.*?) ?\|$", GUIDE.split("\n## The wings\n")[1], re.MULTILINE)
    return {wing: set(re.findall(r"`(\w+)`", cell)) for wing, cell in rows}


def test_wings_import_each_other_as_drawn_and_no_program() -> None:
    found: dict[str, set[str]] = {wing: set() for wing in WINGS}
    for name, path in MODULES.items():
        wing = name.partition(".")[0]
        if wing in WINGS:
            found[wing] |= {module.partition(".")[0] for module in imports(path)} - {wing}
    assert not {wing: met for wing, others in found.items() if (met := others & PROGRAMS)}
    assert found == drawn()


def test_the_ground_floor_knows_no_wing_and_nothing_goes_in_a_circle() -> None:
    assert drawn()["common"] == {"environment"}
    assert drawn()["environment"] == set()
    TopologicalSorter(drawn()).prepare()  # raises CycleError
    TopologicalSorter({name: set(imports(path)) - {name} for name, path in MODULES.items()}).prepare()


def test_no_file_of_code_is_long_except_those_that_the_guide_names() -> None:
    text = GUIDE.split("\nNo file of code is longer than ")[1].split("\n## ")[0]
    limit, named = int(text.split()[0]), set(re.findall(r"`(scripts/[\w/]+\.py)`", text))
    lines: dict[str, int] = defaultdict(int)
    for pattern in CODE:
        for path in CHECKOUT.glob(pattern):
            lines[str(path.relative_to(CHECKOUT))] = path.read_text(encoding="utf-8").count("\n")
    assert len(lines) > 200
    assert {name for name, number in lines.items() if number > limit} == named
