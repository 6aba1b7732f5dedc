"""The interactive atlas: one page that opens from disk."""
