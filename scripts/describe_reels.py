"""Describe what each reel shows, in the words of a model that looks at its frames.

The model runs on this machine's GPU (`--backend transformers`: any image or video chat model that transformers knows;
`--backend vllm`: on a vLLM server that this program starts and stops) or behind an OpenAI-compatible endpoint
(`--backend openai`). Of each reel: the description as text, and beside it a
JSON file that says how it was made: frames shown, what had to be cut, tokens, precision, attention.

Alone, on a GPU machine that has the folder of frames:

    python scripts/fetch_model.py llava-next-video-7b-dpo --marker llava.json
    python scripts/describe_reels.py --frames results/frames/0.parquet --manifest results/description/0.parquet \\
        --weights llava.json
"""

from __future__ import annotations

import argparse
import functools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from common.batch import run_stage, server_log, stage_parser
from common.config import DescriptionSection
from common.manifest import Row
from common.models import Model, read_weights
from common.options import read_section
from common.program import log, run
from common.prompts import description_prompt
from common.stage import Stage, Work
from common.states import Outcome, ReelError
from common.store import digest

if TYPE_CHECKING:
    from generation.requests import Answer, Generator, Request

VERSION = "2"
NO_CONTEXT = "Nothing."


def frames_and_context(inputs: dict[str, Row], settings: DescriptionSection) -> dict[str, Any]:
    """What a description depends on: the frames, and what the model is told besides."""
    return {"frames": inputs["frames"].sha256, "context": read_context(inputs.get("context"), settings)}


def prompt_and_endpoint(settings: DescriptionSection) -> dict[str, str]:
    """The prompt, by its digest, and the model that an endpoint serves."""
    found = {"prompt": digest(description_prompt(settings))[:12]}
    return found | ({"endpoint": str(settings.endpoint.model)} if settings.backend == "openai" else {})


STAGE = Stage(
    "description",
    "describe_reels",
    VERSION,
    ".txt",
    inputs=("frames",),
    optional=("context",),
    depends_on=frames_and_context,
    made_with=prompt_and_endpoint,
)


def read_context(row: Row | None, settings: DescriptionSection) -> str:
    """What the model is told of a reel beside the pictures."""
    if settings.context == "none" or row is None or row.state != "ok":
        return NO_CONTEXT
    context: str = json.loads(row.file().read_text(encoding="utf-8"))["context"]
    return context


def ask(work: Work, settings: DescriptionSection, prompt: str) -> tuple[Request, dict[str, Any]]:
    """The question about one reel, and what its frames are; raises ReelError where they cannot be read."""
    from generation.requests import Request
    from media.frame_zip import read_facts, read_frames

    path = work.needed("frames")
    facts = read_facts(path)
    names = [frame["file"] for frame in facts["frames"]]
    request = Request(
        work.reel_id,
        prompt,
        read_context(work.inputs.get("context"), settings),
        functools.partial(read_frames, path, names),
        len(names),
        seed=int(str(work.inputs["frames"].sha256)[:8], 16),
        times=tuple(frame["time_s"] for frame in facts["frames"]),
        duration=facts.get("duration_s", 0.0),
        size=(facts["width"], facts["height"]) if "width" in facts else None,
    )
    return request, facts


def write(
    work: Work,
    settings: DescriptionSection,
    request: Request,
    answer: Answer,
    facts: dict[str, Any],
    made: dict[str, Any],
) -> Outcome:
    """Write a description, and how it was made."""
    times = [frame["time_s"] for frame in facts["frames"]]
    n_words = len(request.context.split())
    record = {
        "state": "ok",
        **made,
        "frames": len(times),
        "frames_shown_s": [times[index] for index in answer.pictures],
        "context_words": n_words,
        "context_words_shown": answer.context_words,
        "complete": answer.complete,
        "input_tokens": answer.input_tokens,
        "output_tokens": answer.output_tokens,
        "cost_usd": answer.cost_usd,
    }
    work.artifact(".txt").write_text(answer.text + "\n", encoding="utf-8")
    work.artifact(".json").write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    cut = []
    if settings.context == "all" and request.context == NO_CONTEXT:
        cut.append("no context was there to be told")
    if len(answer.pictures) < len(times):
        cut.append(f"{len(times)} frames thinned to {len(answer.pictures)}")
    if answer.context_words < n_words:
        cut.append(f"context cut from {n_words} to {answer.context_words} words")
    detail = "; ".join(cut) or None
    return Outcome("ok", detail=detail) if answer.complete else Outcome("ok", "cut_off", detail)


def describe(works: list[Work], settings: DescriptionSection, generator: Generator) -> Iterator[tuple[Work, Outcome]]:
    """The core: frames and contexts to descriptions, as soon as each is there."""
    from generation.checks import checked

    prompt = description_prompt(settings)
    made = {**generator.facts, "prompt_sha256": digest(prompt)}
    asked: dict[str, tuple[Work, dict[str, Any]]] = {}
    requests = []
    for work in works:
        try:
            request, facts = ask(work, settings, prompt)
        except ReelError as problem:
            yield work, Outcome("failed", problem.reason, problem.detail or None)
            continue
        asked[request.name] = work, facts
        requests.append(request)
    for request, answer in generator.generate(requests):
        work, facts = asked[request.name]
        try:
            if isinstance(answer, ReelError):
                raise answer
            yield work, write(work, settings, request, checked(request, answer), facts, made)
        except ReelError as problem:
            yield work, Outcome("failed", problem.reason, problem.detail or None)


def open_generator(settings: DescriptionSection, models: list[Model], threads: int, server_log: Path) -> Generator:
    """The model that describes: here, or behind an endpoint.

    Args:
        settings: of the stage.
        models: the section's.
        threads: reels whose frames are decoded at a time.
        server_log: what a server says that is started here.
    """
    common: dict[str, Any] = {
        name: getattr(settings, name) for name in ("max_new_tokens", "temperature", "seed", "fit")
    }
    if settings.backend == "openai":
        from generation.endpoint import EndpointGenerator

        send: Any = "images" if settings.send == "auto" else settings.send
        return EndpointGenerator(settings.endpoint, send=send, **common)
    if settings.backend == "vllm":
        from generation.vllm import VllmGenerator

        send = "video" if settings.send == "auto" else settings.send
        return VllmGenerator(models[0], settings.vllm, server_log, send=send, **common)
    from generation.local import LocalGenerator

    log.info("description: loading %s", models[0].name)
    names = ("quantization", "quantize_vision", "dtype", "attention", "device", "batch_size", "context_tokens")
    local: dict[str, Any] = {name: getattr(settings, name) for name in names}
    return LocalGenerator(models[0].folder, threads=threads, **common, **local)


def main(arguments: argparse.Namespace) -> None:
    settings = read_section(arguments, DescriptionSection)
    models = read_weights(arguments, settings.weights)

    def compute(works: list[Work]) -> Iterator[tuple[Work, Outcome]]:
        yield from describe(works, settings, open_generator(settings, models, arguments.workers, server_log(arguments)))

    run_stage(STAGE, arguments, settings, compute, models)


def parse(argv: list[str] | None = None) -> argparse.Namespace:
    return stage_parser(STAGE, DescriptionSection, __doc__, weights=True).parse_args(argv)


if __name__ == "__main__":
    run(main, parse())
