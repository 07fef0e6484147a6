"""The recipes of tasks: one file each, found here by itself. Light to import.

A recipe makes the rows (id, sequence, label) of a task's three splits; `linguist.recipe` says how it is written. The
configuration, the rules and the report know a recipe from its record alone.
"""

from linguist.recipe import find_recipes

RECIPES = find_recipes(__name__)
