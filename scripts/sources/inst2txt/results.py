"""What the first study made of a reel, from music to embedding, in the form of results that another program made."""

from __future__ import annotations

import io
import json
import re
from dataclasses import dataclass, field
from typing import Any

from common.states import Outcome
from sources.inst2txt.values import Values, flag, shown, text
from sources.source import Imported

DIMENSIONS = 768  # of all-mpnet-base-v2


@dataclass(frozen=True)
class Sound:
    """What the first study heard in a reel: speech or music, never both.

    Attributes:
        silent: the video has no audio track.
        speech: what is said, in English.
        speech_short: the same, condensed.
        music: title, artist and genres, named like the columns of the reels table.
        music_text: the three in one text.
    """

    silent: bool = False
    speech: str | None = None
    speech_short: str | None = None
    music: dict[str, str | None] = field(default_factory=dict)
    music_text: str | None = None


def take_sound(values: Values) -> Sound:
    """What `no_audio`, `audio_type` and the texts that belong to them say."""
    kind = (values.take("audio_type", text) or "").strip().lower()
    content, short = values.take("audio_content", text), values.take("audio_content_short", text)
    if values.take("no_audio", flag):
        return Sound(silent=True)
    if kind == "speech":
        if content is None:
            # The first study also filed failures of its music service as speech.
            values.notes.append("transcript not imported: audio_type is speech, but there is no text")
        return Sound(speech=content, speech_short=short)
    if kind == "music" and content:
        return Sound(music=parse_music(content), music_text=content)
    if kind or content or short:
        values.notes.append(f"audio_content not imported: audio_type is {kind or 'not given'}")
    return Sound()


def parse_music(content: str) -> dict[str, str | None]:
    """Title, artist and genres of "title - artist (genre: ...)"."""
    parts = re.fullmatch(r"(.*?)(?:\(genres?:(.*)\))?", content.strip(), re.DOTALL | re.IGNORECASE)
    named, genres = parts.groups() if parts else (content, None)
    title, dash, artist = named.rpartition(" - ")  # titles have dashes in them, artists rarely
    if not dash:
        title, artist = named, ""
    found = {"music_title": title, "music_artist": artist, "music_genres": genres or ""}
    # Where the service gave no genre, the first study's text says "None".
    return {name: None if value.strip() in ("", "None") else value.strip() for name, value in found.items()}


def transcript_of(sound: Sound) -> Imported | None:
    """The transcript as transcribe_speech writes it; what the first study did not keep is null."""
    if sound.silent:
        return Imported({}, Outcome("skipped", "no_audio"))
    if sound.speech is None:
        return None
    unknown = ("duration_s", "speech_s", "language", "language_probability", "dropped", "text")
    content = {"state": "ok", **dict.fromkeys(unknown), "text_en": sound.speech.strip(), "segments": None}
    return Imported({".json": _json(content)})


def context_of(values: Values, sound: Sound) -> Imported | None:
    """The context as prepare_context writes it, its lines made of the condensed texts where there are any."""
    from texts.captions import clean_caption

    caption, english, short = (
        clean_caption(values.take(name, text) or "") or None
        for name in ("caption", "caption_english", "caption_english_short")
    )
    if not (english or short or sound.speech or sound.speech_short or sound.music_text):
        return None
    told = short or english or caption
    speech = sound.speech_short or sound.speech
    missing = "no audio" if sound.silent else "music" if sound.music_text else "no text"
    lines = [
        f"Caption: {told}" if told else "Caption: none.",
        f"Speech: {' '.join(speech.split())}" if speech else f"Speech: none ({missing}).",
    ]
    if sound.music_text:
        lines.append(f"Music: {' '.join(sound.music_text.split())}")
    condensed = {
        "caption": short not in (None, english),
        "speech": sound.speech_short not in (None, sound.speech),
    }
    content = {
        "state": "ok",
        "caption": caption,
        "caption_language": None,
        "caption_en": english,
        "caption_translation": None if english == caption else "imported" if english else "not translated",
        "speech_language": None,
        "speech_text": None,
        "speech_en": sound.speech,
        "condensed": ", ".join(name for name, is_so in condensed.items() if is_so) or "none",
        "context": "\n".join(lines),
    }
    return Imported({".json": _json(content)})


def _json(content: dict[str, Any]) -> bytes:
    return (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode()


def description_of(values: Values) -> Imported | None:
    """The description as the first study's model gave it."""
    description = values.take("model_description_text", text)
    return Imported({".txt": f"{description.strip()}\n".encode()}) if description else None


def embedding_of(values: Values) -> Imported | None:
    """The embedding as embed_descriptions writes it, with the text it was made of; None where it is no unit vector."""
    import numpy as np

    given = values.row.get("model_description_embeddings")
    if given is None or given == b"":
        return None
    try:
        vector = unit_vector(given)
    except ValueError as error:
        values.notes.append(f"embedding not imported: {error}")
        return None
    buffer = io.BytesIO()
    np.save(buffer, vector)
    embedded = values.take("model_description_processed", text) or values.take("model_description_text", text)
    if embedded is None:
        values.notes.append("embedding imported without the text it was made of")
    return Imported({".npy": buffer.getvalue(), ".txt": f"{embedded.strip()}\n".encode() if embedded else b""})


def unit_vector(given: Any) -> Any:
    """Bytes as a float32 vector of unit length; raises ValueError where they are none."""
    import numpy as np

    if not isinstance(given, bytes) or len(given) != 4 * DIMENSIONS:
        found = f"{len(given)} bytes are" if isinstance(given, bytes) else f"{shown(given)} is"
        raise ValueError(f"{found} no float32 vector of {DIMENSIONS}")
    vector = np.frombuffer(given, "<f4").astype(np.float32)
    if not np.isfinite(vector).all():
        raise ValueError("some of its numbers are not finite")
    length = float(np.linalg.norm(vector.astype(np.float64)))
    if abs(length - 1) > 1e-3:
        raise ValueError(f"its length is {length:.3g}, not 1")
    return vector
