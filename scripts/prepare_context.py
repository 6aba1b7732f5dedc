"""Prepare what is known of each reel beside its pictures: caption, speech and music, in English, and not too long.

Captions are cleaned, their language is identified, and they are translated; texts of more than `--max-words` words are
condensed by a language model. Makes one JSON file per reel; its `context` is what a description model is told. What is
missing, and what was not translated or condensed, is said.
"""

from __future__ import annotations

import argparse
import functools
import json
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from common.batch import run_stage, server_log, stage_parser
from common.config import ContextSection
from common.manifest import Row
from common.models import Model, read_weights
from common.options import read_section
from common.program import log, run
from common.prompts import read_prompt
from common.stage import Stage, Work
from common.states import OK, Outcome, ReelError
from common.store import digest

if TYPE_CHECKING:
    from generation.requests import Answer, Generator
    from texts.argos import ArgosTranslator
    from texts.languages import LanguageDetector

VERSION = "4"
# Tokens of a summary, or of a caption's translation: Instagram's captions have 2,200 characters at most.
MAX_NEW_TOKENS = 768
# Reels are finished in groups of so many times what the language model takes at a time: batches are full, and a kill
# costs one group.
GROUP = 4


def read_caption(row: Row) -> str:
    """A reel's caption as its creator wrote it."""
    return json.loads(row.file().read_text(encoding="ascii")).get("caption") or ""


def read_music(row: Row | None) -> str | None:
    """What is known of a reel's sound, in words; None where nothing is."""
    if row is None or row.state != "ok":
        return None
    music = json.loads(row.file().read_text(encoding="utf-8"))
    piece = music.get("identified")
    if piece:
        by = f" by {piece['artist']}" if piece.get("artist") else ""
        genres = f" ({', '.join(piece['genres'])})" if piece.get("genres") else ""
        return f"{piece['title'] or 'a piece without a title'}{by}{genres}."
    return f"not identified; the sound is {music['sound']}." if music.get("sound") else None


def what_is_told(inputs: dict[str, Row], _: ContextSection) -> dict[str, Any]:
    """What a context depends on: caption, transcript and music, not plays or file names."""
    transcript = inputs.get("transcript")
    heard = None
    if transcript:
        heard = transcript.sha256 if transcript.state == "ok" else f"{transcript.state}: {transcript.reason}"
    return {"caption": read_caption(inputs["creators"]), "transcript": heard, "music": read_music(inputs.get("music"))}


def prompts_and_endpoint(settings: ContextSection) -> dict[str, str]:
    """The prompts, by their digest, and the model that an endpoint serves."""
    if settings.backend == "none":
        return {}
    prompts = digest([read_prompt(None, name) for name in ("condense", "translate")])[:12]
    return {"prompts": prompts} | ({"endpoint": str(settings.endpoint.model)} if settings.backend == "openai" else {})


STAGE = Stage(
    "context",
    "prepare_context",
    VERSION,
    ".json",
    inputs=("creators",),
    optional=("transcript", "music"),
    depends_on=what_is_told,
    made_with=prompts_and_endpoint,
)


@dataclass
class Text:
    """A text of a reel on its way into the context.

    Attributes:
        now: as it is by now.
        condensed: how it was shortened, in words; None where it was short enough.
        words: of the text before it was shortened.
    """

    now: str = ""
    condensed: str | None = None
    words: int = 0


@dataclass
class Draft:
    """A reel's context in the making."""

    work: Work
    caption: str
    language: str | None
    transcript: dict[str, Any]
    music: str | None
    translation: str | None = None
    caption_en: str | None = None
    texts: dict[str, Text] = field(default_factory=dict)
    problem: ReelError | None = None


class ContextMaker:
    """Prepares the contexts of a batch; models are loaded when the first text needs them.

    Args:
        settings: of the stage.
        models: the section's, in its order.
        threads: texts handled at a time, outside of language models.
        server_log: what a server says that is started here.
    """

    def __init__(self, settings: ContextSection, models: list[Model], threads: int, server_log: Path) -> None:
        self.settings, self.threads, self.server_log = settings, threads, server_log
        self.models = {model.name: model for model in models}
        self.translators: dict[str, ArgosTranslator] = {}

    @functools.cached_property
    def detector(self) -> LanguageDetector:
        """Tells languages apart."""
        from texts.languages import LanguageDetector

        return LanguageDetector(self.settings.languages, self.settings.min_language_lead)

    @functools.cached_property
    def generator(self) -> Generator:
        """The language model: here, or behind an endpoint."""
        settings = self.settings
        if settings.backend == "openai":
            from generation.endpoint import EndpointGenerator

            return EndpointGenerator(settings.endpoint, max_new_tokens=MAX_NEW_TOKENS)
        model = self.models[settings.model]
        if settings.backend == "vllm":
            from generation.vllm import VllmGenerator

            return VllmGenerator(model, settings.vllm, self.server_log, max_new_tokens=MAX_NEW_TOKENS)
        from generation.local import LocalGenerator

        log.info("context: loading %s", model.name)
        names = ("quantization", "dtype", "attention", "device", "batch_size")
        options: dict[str, Any] = {name: getattr(settings, name) for name in names}
        return LocalGenerator(model.folder, max_new_tokens=MAX_NEW_TOKENS, **options)

    def make(self, works: list[Work]) -> Iterator[tuple[Work, Outcome]]:
        """The core: captions, transcripts and music of a batch to contexts, group by group."""
        settings = self.settings
        together = {"openai": settings.endpoint.connections, "vllm": settings.vllm.connections}
        size = GROUP * together.get(settings.backend, settings.batch_size)
        for first in range(0, len(works), size):
            yield from self._make_group(works[first : first + size])

    def _make_group(self, works: list[Work]) -> Iterator[tuple[Work, Outcome]]:
        drafts = [self._draft(work) for work in works]
        self._translate(drafts)
        for draft in drafts:
            speech = draft.transcript.get("text_en") or draft.transcript.get("text") or ""
            draft.texts = {"caption": Text(draft.caption_en or draft.caption), "speech": Text(speech)}
        if self.settings.backend != "none":
            self._condense([draft for draft in drafts if draft.problem is None])
        for draft in drafts:
            if draft.problem:
                yield draft.work, Outcome("failed", draft.problem.reason, draft.problem.detail or None)
            else:
                yield draft.work, self._write(draft)

    def _draft(self, work: Work) -> Draft:
        from texts.captions import clean_caption

        caption = clean_caption(read_caption(work.inputs["creators"]))
        transcript = work.input("transcript")
        return Draft(
            work,
            caption,
            self.detector.detect(caption),
            json.loads(transcript.read_text(encoding="utf-8")) if transcript else {},
            read_music(work.inputs.get("music")),
        )

    # --- into English -------------------------------------------------------------------------------------------

    def _translate(self, drafts: list[Draft]) -> None:
        """Captions into English, as far as their language is known."""
        foreign = []
        for draft in drafts:
            if draft.language == "en":
                draft.caption_en = draft.caption
            elif draft.caption and draft.language:
                draft.translation = "not translated"
                foreign.append(draft)
        if self.settings.translate == "argos":
            mine = [draft for draft in foreign if draft.language in self.settings.argos_languages]
            for language in {str(draft.language) for draft in mine}:
                self._load_argos(language)
            with ThreadPoolExecutor(self.threads) as pool:
                list(pool.map(self._translate_by_argos, mine))
        elif self.settings.translate == "llm" and foreign:
            answers = self._ask(read_prompt(None, "translate"), [draft.caption for draft in foreign])
            for draft, answer in zip(foreign, answers, strict=True):
                if isinstance(answer, ReelError):
                    draft.problem = answer
                else:
                    draft.caption_en = answer.text
                    draft.translation = "language model" if answer.complete else "language model, cut off"

    def _load_argos(self, language: str) -> None:
        from texts.argos import ArgosTranslator

        if language not in self.translators:
            model = self.models[f"argos-{language}-en"]
            self.translators[language] = ArgosTranslator(model.folder, self.threads)

    def _translate_by_argos(self, draft: Draft) -> None:
        language = str(draft.language)
        draft.caption_en = self.translators[language].translate(draft.caption)
        draft.translation = f"argos-{language}-en"

    # --- not too long -------------------------------------------------------------------------------------------

    def _condense(self, drafts: list[Draft]) -> None:
        """Texts above the limit: asked for twice, then cut."""
        from generation.requests import Answer
        from texts.shorten import cut_at_sentence, n_words

        most = self.settings.max_words
        long = [(draft, text) for draft in drafts for text in draft.texts.values() if n_words(text.now) > most]
        prompt = read_prompt(None, "condense").replace("{max_words}", str(most))
        firmer = f"{prompt}\n\nThis is the second attempt: fewer than {most} words, however much is left out."
        found: dict[int, str] = {}
        for _, text in long:
            text.words = n_words(text.now)
        waiting = long
        for attempt, asked in (("model", prompt), ("model, second attempt", firmer)):
            answers = self._ask(asked, [text.now for _, text in waiting])
            left = []
            for (draft, text), answer in zip(waiting, answers, strict=True):
                if isinstance(answer, ReelError) and answer.reason != "empty_answer":
                    draft.problem = answer
                elif isinstance(answer, Answer) and answer.complete and n_words(answer.text) <= most:
                    text.now, text.condensed = answer.text, attempt
                else:
                    if isinstance(answer, Answer):
                        found[id(text)] = answer.text
                    left.append((draft, text))
            waiting = [(draft, text) for draft, text in left if draft.problem is None]
        for _, text in waiting:
            text.condensed = "cut" if id(text) in found else "cut from the text itself"
            text.now = cut_at_sentence(found.get(id(text), text.now), most)

    def _ask(self, prompt: str, texts: list[str]) -> list[Answer | ReelError]:
        """Answers about texts, each in one line, in their order."""
        from generation.checks import checked
        from generation.requests import Request

        requests = [
            Request(str(number), prompt, text, seed=int(digest(text)[:8], 16)) for number, text in enumerate(texts)
        ]
        found: dict[str, Answer | ReelError] = {}
        answers: Iterable[tuple[Any, Any]] = self.generator.generate(requests) if requests else ()
        for request, answer in answers:
            if isinstance(answer, ReelError):
                found[request.name] = answer
            elif answer.context_words < len(request.context.split()):
                found[request.name] = ReelError("refused", "a text longer than the model's context window")
            else:
                try:
                    found[request.name] = checked(request, answer)
                except ReelError as problem:
                    found[request.name] = problem
        return [found[request.name] for request in requests]

    # --- the file -----------------------------------------------------------------------------------------------

    def _write(self, draft: Draft) -> Outcome:
        transcript, caption, speech = draft.transcript, draft.texts["caption"], draft.texts["speech"]
        row = draft.work.inputs.get("transcript")
        missing = str((row and row.reason) or "no text").replace("_", " ")
        lines = [
            f"Caption: {caption.now}" if caption.now else "Caption: none.",
            f"Speech: {' '.join(speech.now.split())}" if speech.now else f"Speech: none ({missing}).",
            f"Music: {' '.join((draft.music or 'unknown.').split())}",
        ]  # one line each: a title of two lines could pass for speech
        content = {
            "state": "ok",
            "caption": draft.caption or None,
            "caption_language": draft.language,
            "caption_en": draft.caption_en,
            "caption_translation": draft.translation,
            "speech_language": transcript.get("language"),
            "speech_text": transcript.get("text"),
            "speech_en": transcript.get("text_en"),
            "condensed": "none"
            if self.settings.backend == "none"
            else {
                name: {"how": text.condensed, "words_before": text.words, "text": text.now}
                for name, text in draft.texts.items()
                if text.condensed
            },
            "context": "\n".join(lines),
        }
        target = draft.work.artifact(".json")
        target.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        cut = [name for name, text in draft.texts.items() if (text.condensed or "").startswith("cut")]
        return Outcome("ok", detail=f"{' and '.join(cut)}: cut, as the model did not keep to the limit") if cut else OK


def main(arguments: argparse.Namespace) -> None:
    settings = read_section(arguments, ContextSection)
    models = read_weights(arguments, settings.weights)

    def compute(works: list[Work]) -> Iterator[tuple[Work, Outcome]]:
        yield from ContextMaker(settings, models, arguments.workers, server_log(arguments)).make(works)

    run_stage(STAGE, arguments, settings, compute, models)


def parse(argv: list[str] | None = None) -> argparse.Namespace:
    return stage_parser(STAGE, ContextSection, __doc__, weights=True).parse_args(argv)


if __name__ == "__main__":
    run(main, parse())
