"""YAML without surprises: what a person reads in a file is what is in force.

YAML lets a later key replace an earlier one, and reads 010 as 8, 1:30 as 90 and `no` as false, all without a word. Here
that is an error which names file, line and key. JSON files are read alike.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

DEEPEST = 50  # levels; a study file has some five
MOST = 100_000  # values, likewise
KIND = "tag:yaml.org,2002:"
# Numbers that YAML reads otherwise than people do, by what they are called.
TRAPS = (
    (r"[-+]?0[0-7_]+", "an octal number"),
    (r"[-+]?0[bx][0-9a-f_]+", "a number that is not decimal"),
    (r"[-+]?[0-9_.]+(:[0-9_.]+)+", "a number of base 60"),
    (r"[-+]?[0-9._]*_[0-9._]*", "a number with _ in it"),
    (r"[-+]?\.?(inf|nan|infinity)", "no number to compute with"),
    (r"[-+]?[1-9][0-9]{0,2}\.[0-9]{2}0", "a decimal number, and may stand for one of thousands"),  # 1.500
)
# In `name: study #2` YAML takes #2 for a comment.
NUMBER_SIGN = re.compile(r" +(#[0-9]\S*)")


class StrictError(Exception):
    """A YAML file that can be misunderstood; the message names the line, the key and the remedy."""


@dataclass
class Content:
    """What a YAML or JSON file says.

    Attributes:
        data: the value.
        places: of every key and value, by its path: the line, and the text that stands there ("" for no scalar).
    """

    data: Any
    places: dict[tuple[str, ...], tuple[int, str]] = field(default_factory=dict)


def read_strictly(path: Path) -> Content:
    """The content of a YAML or JSON file.

    Raises:
        OSError: the file cannot be read.
        StrictError: it is not YAML, or can be misunderstood.
    """
    try:
        return load_strictly(path.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError as error:
        raise StrictError(f"not YAML: not UTF-8 text ({error.reason} at byte {error.start})") from None


def load_strictly(text: str) -> Content:
    """The content of a YAML or JSON text; see `read_strictly`."""
    try:
        text = _without_tabs(text)
        loader = yaml.SafeLoader(text)
        node = loader.get_single_node()
        if node is None:
            return Content(None)
        found = Content(None)
        _check(node, (), found.places, text.splitlines())
        found.data = loader.construct_document(node)
    except RecursionError:
        raise StrictError(f"not YAML: more than {DEEPEST} levels") from None
    except (yaml.YAMLError, ValueError) as error:
        raise StrictError(f"not YAML: {error}") from None
    return found


def differences(first: Any, second: Any, path: str = "") -> list[str]:
    """Paths of the keys in which two mappings differ."""
    if isinstance(first, Mapping) and isinstance(second, Mapping):
        keys = [*first, *(key for key in second if key not in first)]
        return [
            where
            for key in keys
            for where in (
                differences(first[key], second[key], f"{path}.{key}".lstrip("."))
                if key in first and key in second
                else [f"{path}.{key}".lstrip(".")]
            )
        ]
    return [] if first == second else [path]


def _without_tabs(text: str) -> str:
    """JSON may be indented by tabs, which YAML does not allow."""
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return text
    return text.replace("\t", " ")


def _check(
    node: yaml.Node, path: tuple[str, ...], places: dict[tuple[str, ...], tuple[int, str]], text: list[str]
) -> None:
    line = node.start_mark.line + 1
    if len(path) > DEEPEST:
        raise StrictError(f"line {line}: more than {DEEPEST} levels")
    if len(places) > MOST:  # a few lines that refer to each other can stand for billions of values
        raise StrictError(f"line {line}: more than {MOST:,} values")
    places.setdefault(path, (line, node.value if isinstance(node, yaml.ScalarNode) else ""))
    if isinstance(node, yaml.ScalarNode):
        _check_scalar(node, path, text)
    elif isinstance(node, yaml.SequenceNode):
        for number, one in enumerate(node.value):
            _check(one, (*path, str(number)), places, text)
    elif isinstance(node, yaml.MappingNode):
        lines: dict[str, int] = {}
        for key, value in node.value:
            name = _key(key, path)
            if name in lines:
                shown = ".".join((*path, name))
                raise StrictError(
                    f"line {key.start_mark.line + 1}: `{shown}` is already in line {lines[name]}, and YAML would take "
                    "one of the two; put them together"
                )
            lines[name] = key.start_mark.line + 1
            _check(value, (*path, name), places, text)


def _key(node: yaml.Node, path: tuple[str, ...]) -> str:
    line = node.start_mark.line + 1
    shown = ".".join((*path, str(node.value)))
    if node.tag == f"{KIND}merge":
        raise StrictError(f"line {line}: `{shown}` takes over keys from elsewhere; write them out")
    if node.tag != f"{KIND}str":
        raise StrictError(f"line {line}: the key `{shown}` is read as {_kind(node)}; put it in quotes")
    return str(node.value)


def _check_scalar(node: yaml.ScalarNode, path: tuple[str, ...], text: list[str]) -> None:
    where = f"line {node.start_mark.line + 1}: `{'.'.join(path)}`: " if path else ""
    resolver: Any = yaml.resolver.Resolver()
    usual = resolver.resolve(yaml.ScalarNode, node.value, (node.style is None, True))
    if node.tag not in (usual, f"{KIND}str") and node.tag.startswith(KIND):  # !!int "010" is 8
        raise StrictError(f"{where}!! makes {_kind(node)} of the text {node.value!r}; write the value without it")
    if node.tag == f"{KIND}timestamp":
        _check_time(node, where)
    if node.style is not None or node.tag not in (f"{KIND}int", f"{KIND}float", f"{KIND}str"):
        return
    comment = _after(node, text) if node.tag == f"{KIND}str" else None
    if comment:
        raise StrictError(
            f"{where}{comment[1]} is read as a comment; put {node.value} {comment[1]} in quotes if it belongs to the "
            "text, or write a space after the # if it is a comment"
        )
    if node.tag == f"{KIND}str" and not re.fullmatch(r"[-+]?(inf(inity)?|nan)", node.value, re.IGNORECASE):
        return
    for pattern, meaning in TRAPS:
        if re.fullmatch(pattern, node.value, re.IGNORECASE):
            raise StrictError(
                f"{where}{node.value} is read as {meaning}; write a decimal number, or put it in quotes "
                "if a text is meant"
            )
    if node.tag == f"{KIND}float" and abs(float(node.value)) == float("inf"):
        raise StrictError(f"{where}{node.value} is larger than any number that can be computed with")
    if len(node.value) > 400:
        raise StrictError(f"{where}a number of {len(node.value)} digits")


def _check_time(node: yaml.ScalarNode, where: str) -> None:
    """Raise StrictError for a date that no calendar has; PyYAML's own error names no place."""
    try:
        yaml.constructor.SafeConstructor().construct_yaml_timestamp(node)
    except (ValueError, OverflowError) as error:
        raise StrictError(
            f"{where}{node.value} is read as a date, and there is no such day or hour ({error}); write a date as in "
            "2024-05-31, or put it in quotes if a text is meant"
        ) from None


def _after(node: yaml.Node, text: list[str]) -> re.Match[str] | None:
    end = node.end_mark
    return NUMBER_SIGN.match(text[end.line], end.column) if end.line < len(text) else None


def _kind(node: yaml.Node) -> str:
    return {"bool": "true or false", "null": "nothing", "int": "a number", "float": "a number"}.get(
        node.tag.removeprefix(KIND), node.tag.removeprefix(KIND)
    )
