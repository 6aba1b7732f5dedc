"""Rows of the tables."""
