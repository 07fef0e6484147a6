"""Pair sets: recipes, families, negatives, baselines, audit."""
