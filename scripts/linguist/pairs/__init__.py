"""Pair sets: how they are built, stored and audited."""
