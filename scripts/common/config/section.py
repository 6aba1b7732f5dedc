"""What all sections of a study file have in common: strict types, marks of fields, and errors that name the key."""

from __future__ import annotations

import difflib
import re
from typing import Annotated, Any, Literal, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError


class ConfigError(Exception):
    """A study file that cannot be used; the message names the key, what was found and what to do."""


class Section(BaseModel):
    """Strict base: no unknown keys, no silent conversion of one type into another."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    def result_settings(self) -> dict[str, Any]:
        """The settings a result depends on.

        All but those marked ``execution`` (limits, batch sizes), and those that the chosen backend does not look at.
        """
        values = self.model_dump(mode="json")
        backend = values.get("backend")
        found = {}
        for name, field in type(self).model_fields.items():
            marks: Any = field.json_schema_extra or {}
            if not marks.get("execution") and backend in marks.get("backends", [backend]):
                value = getattr(self, name)
                found[name] = value.result_settings() if isinstance(value, Section) else values[name]
        return found

    @property
    def weights(self) -> list[str]:
        """Names of the models that the section asks for, as in config/models.yaml."""
        return []


def execution(default: Any, description: str, **limits: Any) -> Any:
    """A field that decides how something is computed, never what comes out: it is no part of a store key."""
    return Field(default, description=description, json_schema_extra={"execution": True}, **limits)


def setting_of(backends: str | tuple[str, ...], default: Any, description: str, **limits: Any) -> Any:
    """A field that only these backends look at: results of the others do not depend on it."""
    names: list[Any] = [backends] if isinstance(backends, str) else list(backends)
    return Field(default, description=description, json_schema_extra={"backends": names}, **limits)


AnySection = TypeVar("AnySection", bound=Section)
Share = Annotated[float, Field(ge=0, le=1)]
AUTO = "auto"
Auto = Literal["auto"]
AtLeastOne = Annotated[int, Field(ge=1)]
AtLeastTwo = Annotated[int, Field(ge=2)]
Places = dict[tuple[str, ...], tuple[int, str]]
EXPONENT = re.compile(r"[0-9]+(\.[0-9]*)?e[-+]?[0-9]+", re.IGNORECASE)


def parse_section(model: type[AnySection], data: Any, name: str, places: Places | None = None) -> AnySection:
    """Check the content of one section as `parse_config` checks a file; programs check their options by it."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        # Where a number or `auto` may stand, pydantic says of each why it does not fit: the first says enough.
        problems = [problem for problem in error.errors() if problem["loc"][-1:] != ("literal['auto']",)]
        raise ConfigError(
            "\n".join(f"{name}: {_explain(problem, model)}{_where(problem, places or {})}" for problem in problems)
        ) from None


def _where(problem: Any, places: Places) -> str:
    """The line of a problem, and what is written there where YAML took a text for something else."""
    path = tuple(str(part) for part in problem["loc"] if part != "constrained-int")
    if path not in places or not path:
        return ""
    line, written = places[path]
    if problem["type"] == "string_type" and written:
        return f" (line {line}: {written}); put it in quotes if a text is meant"
    return f" (line {line})"


def _explain(problem: Any, model: type[Section]) -> str:
    """One problem found by pydantic, in words that name the key, what was found and the remedy."""
    path = [str(part) for part in problem["loc"] if part != "constrained-int"]
    key = ".".join(path)
    found = problem["input"]
    if problem["type"] == "extra_forbidden":
        valid = _fields_at(model, path[:-1])
        near = difflib.get_close_matches(path[-1], valid, n=1, cutoff=0.5)
        hint = f"did you mean `{near[0]}`?" if near else f"valid keys here: {', '.join(valid)}"
        return f"unknown key `{key}`: {hint}"
    if problem["type"] == "value_error":
        return str(problem["ctx"]["error"])
    if problem["type"] == "missing":
        return f"`{key}` is missing"
    message = problem["msg"][0].lower() + problem["msg"][1:]
    message += " or `auto`" if problem["loc"][-1] == "constrained-int" else ""
    remedy = " (in YAML a text: write 1.0e-5)" if isinstance(found, str) and EXPONENT.fullmatch(found) else ""
    return f"`{key}`: {message.removeprefix('input ')}, found {found!r}{remedy}"


def _fields_at(model: type[BaseModel], path: list[str]) -> list[str]:
    """Names of the keys that are valid under a path of section names."""
    for name in path:
        field = model.model_fields.get(name)
        kinds = [field.annotation, *get_args(field.annotation)] if field else []
        inner = [kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)]
        if inner:
            model = inner[0]
    return list(model.model_fields)
