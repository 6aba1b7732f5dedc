"""What the names of files say: which are videos, and why others are not taken for one."""

import re

# Of the containers that can be read, see container.py. The usual ones come first: of several files, they are preferred.
VIDEO_SUFFIXES = (
    ".mp4", ".mov", ".webm", ".mkv", ".m4v", ".avi", ".3gp", ".3g2", ".ts", ".mts", ".m2ts", ".mpg", ".mpeg", ".flv",
    ".f4v", ".ogv", ".wmv", ".asf", ".qt",
)  # fmt: skip
# What often lies beside videos and is none: pictures, texts, tables, and what computers put into every folder.
BESIDE_VIDEOS = (
    ".jpg", ".jpeg", ".png", ".webp", ".gif", ".heic", ".avif", ".bmp", ".tif", ".tiff", ".image", ".txt", ".md",
    ".json", ".json.xz", ".jsonl", ".ndjson", ".csv", ".tsv", ".xlsx", ".xls", ".ods", ".srt", ".vtt", ".ass", ".lrc",
    ".xml", ".nfo", ".description", ".html", ".htm", ".pdf", ".doc", ".docx", ".rtf", ".ini", ".db", ".log", ".url",
    ".lnk", ".aae", ".thm",
)  # fmt: skip
# yt-dlp, browsers, aria2 and others call files so while they download.
UNFINISHED = re.compile(
    r"\.(part|ytdl|crdownload|download|partial|aria2|tmp|temp)$|\.part-frag\d+(\.part)?$|\.temp\.\w+$"
)
# What stands in for a file that a Mac keeps in the cloud only.
NOT_HERE = re.compile(r"\..+\.icloud$")
# yt-dlp and youtube-dl: picture and sound come as two files (`name.f137.mp4`), which ffmpeg joins at the end.
UNMERGED = re.compile(r"\.f(\d+|(dash|hls|http)[-_])[\w-]*\.\w+$")


def why_passed_over(name: str) -> str | None:
    """Why a file is not taken for a video, by its name.

    Returns:
        Words; "" where nobody would expect a video (hidden files, too), None where it is one.
    """
    lower = name.lower()
    if NOT_HERE.match(lower):
        return "not on this machine yet; let iCloud download it"
    if lower.startswith("."):
        return ""
    if UNFINISHED.search(lower):
        return "a download that was not finished; download it again"
    if UNMERGED.search(lower):
        return "picture or sound alone, of a download whose parts were not merged; merge them with ffmpeg"
    if lower.endswith(VIDEO_SUFFIXES):
        return None
    return "" if lower.endswith(BESIDE_VIDEOS) else "no suffix of a video; rename the file if it is one"
