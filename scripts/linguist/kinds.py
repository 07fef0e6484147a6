"""The kinds of pairs."""
