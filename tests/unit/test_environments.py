"""envs/*.yaml: the versions of requirements.lock, and all that the rules' programs import."""

from __future__ import annotations

import ast
import re
import sys
from functools import cache
from importlib.metadata import packages_distributions, requires
from pathlib import Path

import pytest
import yaml
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from study import CHECKOUT

SCRIPTS = CHECKOUT / "scripts"
ENVIRONMENTS = sorted((CHECKOUT / "envs").glob("*.yaml"))
PYTHON = {"python_version": "3.11", "python_full_version": "3.11.9", "sys_platform": "linux", "extra": ""}
RULE = re.compile(r"^ *rule (\w+):$(.*?)(?=^ *rule |\Z)", re.MULTILINE | re.DOTALL)


def locked() -> dict[str, str]:
    """The version of each package that the lock file gives to Python 3.11 on Linux."""
    versions: dict[str, str] = {}
    for line in (CHECKOUT / "requirements.lock").read_text().splitlines():
        if re.match(r"[A-Za-z0-9]", line):
            requirement = Requirement(line.removesuffix("\\").strip())
            if requirement.marker is None or requirement.marker.evaluate({**default_environment(), **PYTHON}):
                name = canonicalize_name(requirement.name)
                assert name not in versions, f"{name} is locked twice for Python 3.11"
                versions[name] = str(requirement.specifier).removeprefix("==")
    return versions


def packages(environment: Path) -> dict[str, str]:
    """The packages that an environment installs with pip, and their versions."""
    (listed,) = [entry["pip"] for entry in dependencies(environment) if isinstance(entry, dict)]
    pinned = dict(requirement.split("==") for requirement in listed)
    return {canonicalize_name(name): version for name, version in pinned.items()}


def dependencies(environment: Path) -> list:
    return yaml.safe_load(environment.read_text())["dependencies"]


@pytest.mark.parametrize("environment", ENVIRONMENTS, ids=lambda path: path.stem)
def test_the_versions_are_those_of_the_lock(environment):
    versions = locked()
    assert packages(environment)
    for name, version in packages(environment).items():
        assert versions[name] == version, f"{environment.name}: {name}"


@pytest.mark.parametrize("environment", ENVIRONMENTS, ids=lambda path: path.stem)
def test_the_python_is_the_one_the_project_supports(environment):
    assert "python=3.11" in dependencies(environment)


def imports(program: Path) -> set[str]:
    """Third-party modules that a program imports, anywhere in it or in the project's modules that it imports."""
    found: set[str] = set()
    seen: set[Path] = set()
    left = [program]
    while left:
        module = left.pop()
        seen.add(module)
        for name in imported_names(module):
            path = SCRIPTS / name.replace(".", "/")
            own = [file for file in (path.with_suffix(".py"), path / "__init__.py") if file.exists()]
            left += [file for file in own if file not in seen]
            top = name.split(".")[0]
            ours = (SCRIPTS / top).is_dir() or (SCRIPTS / f"{top}.py").exists()
            if not ours and top not in sys.stdlib_module_names:
                found.add(top)
    return found


@cache
def imported_names(module: Path) -> list[str]:
    """The names that a file imports, of modules and (as it may be one) of what is taken from them."""
    names: list[str] = []
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            package = module.parent.relative_to(SCRIPTS).parts if node.level else ()
            source = ".".join([*package[: len(package) + 1 - node.level], *filter(None, [node.module])])
            names += [source, *(f"{source}.{alias.name}" for alias in node.names)]
    return names


def installed_with(names: set[str]) -> set[str]:
    """Packages and all that they bring along."""
    found: set[str] = set()
    while names:
        name = names.pop()
        found.add(name)
        for text in requires(name) or []:
            requirement = Requirement(text)
            if requirement.marker is None or requirement.marker.evaluate({**default_environment(), **PYTHON}):
                names |= {canonicalize_name(requirement.name)} - found
    return found


def rules() -> list[tuple[str, str, str]]:
    """Rule, program and environment."""
    found = []
    for path in sorted((CHECKOUT / "rules").glob("*.smk")):
        for name, body in RULE.findall(path.read_text()):
            program, environment = re.search(r"\$ATLAS/(\w+)\.py", body), re.search(r'"\.\./envs/(\w+)\.yaml"', body)
            if program and environment:
                found.append((name, program[1], environment[1]))
    return found


@pytest.mark.parametrize(("rule", "program", "environment"), rules())
def test_an_environment_has_all_that_its_programs_import(rule, program, environment):
    available = installed_with(set(packages(CHECKOUT / "envs" / f"{environment}.yaml")))
    distributions = packages_distributions()
    for module in imports(SCRIPTS / f"{program}.py"):
        names = {canonicalize_name(name) for name in distributions[module]}
        assert names & available, f"rule {rule}: {program}.py imports {module}, which envs/{environment}.yaml lacks"


def test_every_environment_is_used_and_every_program_of_a_rule_has_one():
    found = rules()
    assert {environment for _, _, environment in found} == {path.stem for path in ENVIRONMENTS}
    assert {program for _, program, _ in found} <= {path.stem for path in SCRIPTS.glob("*.py")}
    assert len(found) >= 15
