"""Bundles: a study's tables in a folder of their own, for colleagues, reviewers and the public."""
