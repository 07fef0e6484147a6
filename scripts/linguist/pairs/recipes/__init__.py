"""The recipes of pair sets: one file each, found here by itself. Light to import.

A recipe makes the rows (id, sentence1, sentence2, label) of a pair set's three splits; `linguist.recipe` says how it is
written. The configuration, the rules and the report know a recipe from its record alone.
"""

from linguist.recipe import find_recipes

RECIPES = find_recipes(__name__)
