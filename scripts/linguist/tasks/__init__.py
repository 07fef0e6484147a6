"""Labelled sequences: building tasks, and classifying them by instruction."""
