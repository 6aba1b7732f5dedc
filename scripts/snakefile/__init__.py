"""What the Snakefile needs. Imports stay light: every cluster job parses the Snakefile again."""
