"""Translation into English with the models of Argos Translate.

Its packages are read as they are: a CTranslate2 model, a SentencePiece tokenizer, and metadata. The library itself is
not used: it brings two further libraries for finding sentences, one of which loads pickled models, and downloads at run
time. Search and penalties are those of its version 1.11 (`apply_packaged_translation`).
"""

from __future__ import annotations

import json
import re
from pathlib import Path

from common.program import UserError

SENTENCE_END = re.compile(r"(?<=[.!?…。！？])\s+")
BEAM_SIZE, LENGTH_PENALTY = 4, 0.2
# Longer sentences (captions without any full stop) are handed over in pieces: the models know sentences.
LONGEST = 60


class ArgosTranslator:
    """One package: from one language into another.

    Args:
        folder: of the package: metadata.json, sentencepiece.model, model/.
        threads: texts translated at a time, by one thread each.

    Raises:
        UserError: the folder holds no such package.
    """

    def __init__(self, folder: Path, threads: int) -> None:
        import ctranslate2
        import sentencepiece

        try:
            metadata = json.loads((folder / "metadata.json").read_text(encoding="utf-8"))
            self.prefix: str = metadata.get("target_prefix") or ""
            self.tokenizer = sentencepiece.SentencePieceProcessor(model_file=str(folder / "sentencepiece.model"))
            self.model = ctranslate2.Translator(
                str(folder / "model"), device="cpu", inter_threads=threads, intra_threads=1
            )
        except (OSError, ValueError, RuntimeError) as error:
            raise UserError(f"{folder}: not a translation package of Argos Translate: {error}") from None

    def translate(self, text: str) -> str:
        """A text, sentence by sentence."""
        sentences = []
        for sentence in SENTENCE_END.split(text):
            words = sentence.split()
            sentences += [" ".join(words[start : start + LONGEST]) for start in range(0, len(words), LONGEST)]
        tokens = [self.tokenizer.encode(sentence, out_type=str) for sentence in sentences]
        found = self.model.translate_batch(
            tokens,
            target_prefix=[[self.prefix]] * len(tokens) if self.prefix else None,
            beam_size=BEAM_SIZE,
            length_penalty=LENGTH_PENALTY,
            replace_unknowns=True,
        )
        return " ".join(filter(None, (self._text(result.hypotheses[0]) for result in found)))

    def _text(self, tokens: list[str]) -> str:
        text = str(self.tokenizer.decode_pieces(tokens)).replace("▁", " ")
        return " ".join(text.removeprefix(self.prefix).split())
