"""Captions and descriptions as text: cleaning and languages."""
