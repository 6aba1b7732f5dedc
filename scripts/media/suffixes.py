"""The kinds of video files."""

VIDEO_SUFFIXES = (".mp4", ".mov", ".webm", ".mkv")
