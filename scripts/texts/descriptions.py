"""Descriptions made ready for embedding: what all of them say alike would draw them together on the map."""

from __future__ import annotations

import re

VIDEO = r"(?:short |social media |instagram |vertical )?(?:video clip|video|reel|clip)"
VERBS = (
    r"(?:shows?|features?|depicts?|captures?|presents?|showcases?|portrays?|displays?|illustrates?|contains?"
    r"|appears to (?:be|show|depict|feature|capture)|seems to (?:be|show|depict|feature)|is about"
    r"|(?:starts|begins|opens) with|consists of)"
)
OPENINGS = re.compile(
    rf"^(?:\W*(?:(?:in|throughout) (?:the|this) {VIDEO},?\s*(?:we (?:can )?see\s+)?"
    rf"|(?:the|this) {VIDEO} (?:then |also )?{VERBS}\s+"
    rf"|this is a {VIDEO} (?:of|about|showing|featuring)\s+"
    rf"|(?:the )?(?:overall )?(?:visual )?(?:aesthetics?|style|tone) of (?:the|this) {VIDEO} "
    r"(?:is|are|can be described as)\s+))+",
    re.IGNORECASE,
)
OF_THE_VIDEO = re.compile(rf"\s+(?:of|in|throughout|within|for) (?:the|this) {VIDEO}\b", re.IGNORECASE)
MENTION = re.compile(r"\b(?:the |this |a )?videos?\b(?:'s|’s)?\s*", re.IGNORECASE)
MENTIONED = re.compile(rf"\b(?:videos|{VIDEO})\b", re.IGNORECASE)


def clean_description(text: str) -> str:
    """A description without boiler-plate openings of its sentences and without the word "video"."""
    # Until nothing is left to do: what is taken away may bring a further opening to the front.
    while (cleaned := _clean_once(text)) != text:
        text = cleaned
    return cleaned


def _clean_once(text: str) -> str:
    sentences = re.split(r"(?<=[.!?])\s+", " ".join(text.split()))
    cleaned = [_clean_sentence(sentence) for sentence in sentences]
    return " ".join(sentence for sentence in cleaned if re.search(r"\w", sentence))


def _clean_sentence(sentence: str) -> str:
    if not MENTIONED.search(sentence):
        return sentence
    rest = MENTION.sub("", OF_THE_VIDEO.sub("", OPENINGS.sub("", sentence)))
    rest = re.sub(r"\s+([.,;:!?])", r"\1", re.sub(r"\s{2,}", " ", rest)).strip(" ,;:")
    return rest[:1].upper() + rest[1:]
