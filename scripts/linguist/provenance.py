"""What a result was made with: a digest of the code behind it, versions of the packages that matter."""

import ast
import hashlib
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

LIBRARY = Path(__file__).parent
PACKAGES = ("torch", "transformers", "tokenizers", "accelerate", "numpy")


@cache
def imports(module):
    """Names of the library's modules that a module imports, and its source without comments, layout and docstrings."""
    tree = ast.parse((LIBRARY / f"{module}.py").read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef)
            and ast.get_docstring(node, clean=False) is not None
        ):
            node.body = node.body[1:]
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "linguist":
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("linguist."):
            found.add(node.module.removeprefix("linguist."))
    return found, ast.dump(tree)


def code_digest(*modules):
    """Hex digest of the given library modules and all they import from the library.

    It changes when their code changes, not when a comment, a docstring or a file's time does, so that a rule with it
    in its params reruns exactly when what it uses has changed.
    """
    seen, waiting = {}, list(modules)
    while waiting:
        module = waiting.pop()
        if module not in seen:
            found, seen[module] = imports(module)
            waiting.extend(found)
    return hashlib.sha256(repr(sorted(seen.items())).encode()).hexdigest()[:16]


def versions():
    """{package: version} of the packages that shape numbers; a package that is not installed is left out."""
    found = {}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
