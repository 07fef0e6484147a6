"""What a result was made with: a digest of the code behind it, versions of the packages that matter."""

import ast
import hashlib
import platform
import subprocess
from functools import cache
from importlib.metadata import PackageNotFoundError, version

from linguist.files import ROOT

SCRIPTS = ROOT / "scripts"
PACKAGES = ("torch", "transformers", "tokenizers", "accelerate", "numpy")


def code_digest(script, *modules):
    """Hex digest of a script (by its name in scripts/) and all that it imports from the library.

    `modules` ("linguist.pairs.homologs") are what it loads by name besides. The digest changes when their code changes, not
    when a comment, a docstring, the layout, a file's time or the Python version does, so that a rule with it in its
    params reruns exactly when what it runs has changed.
    """
    seen, waiting = {}, [script, *modules]
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen[name], found = read_code(name)
            waiting.extend(found)
    return hashlib.sha256(repr(sorted(seen.items())).encode()).hexdigest()[:16]


@cache
def read_code(name):
    """The code of a script or module without comments, layout and docstrings, and the library's modules it imports."""
    path = file_of(name)
    tree = ast.parse(path.read_text(encoding="utf-8"))
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    found = {name.rpartition(".")[0]} - {""}  # a module's packages run before it
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef)
            and ast.get_docstring(node, clean=False) is not None
        ):
            node.body = node.body[1:]
        elif isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            module = ".".join([*above, *filter(None, [node.module])])
            found.update([module, *(f"{module}.{alias.name}" for alias in node.names)])
    return shape(tree), {module for module in found if module.partition(".")[0] == "linguist" and file_of(module)}


def file_of(name):
    """The file of a script, library module or package (its __init__.py); None for what is none of them, such as a function."""
    path = SCRIPTS.joinpath(*name.split("."))
    return next((file for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()), None)


def shape(node):
    """A syntax tree as plain lists; empty fields are left out, since Python versions differ in which ones there are."""
    if isinstance(node, list):
        return [shape(item) for item in node]
    if not isinstance(node, ast.AST):
        return repr(node)
    fields = [(name, shape(value)) for name, value in ast.iter_fields(node) if value not in (None, [])]
    return [type(node).__name__, *fields]


def versions():
    """{package: version} of the packages that shape numbers; a package that is not installed is left out."""
    found = {}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def versions_here(packages):
    """{package: version} of this environment: Python, of `packages` those installed, and BLAST where it is on the path."""
    found = {"python": platform.python_version()}
    for package in packages:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    said = run_quietly("blastn", "-version")
    return found | ({"blast": said.split()[1]} if said else {})


def workflow_version():
    """What the workflow is: its git commit, whether files differ from that (both None where git cannot tell), and a digest
    of its code, which is the same wherever the code is."""
    root, digest = SCRIPTS.parent, hashlib.sha256()
    for path in sorted([root / "Snakefile", *root.glob("rules/*.smk"), *SCRIPTS.rglob("*.py")]):
        digest.update(path.relative_to(root).as_posix().encode() + path.read_bytes())
    commit = run_quietly("git", "-C", root, "rev-parse", "HEAD")
    status = run_quietly("git", "-C", root, "status", "--porcelain", "--untracked-files=no")
    changed = None if commit is None or status is None else bool(status)
    return {"commit": commit, "changed": changed, "digest": digest.hexdigest()[:16]}


def run_quietly(*command):
    """What a command says, or None if it is not there or fails."""
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return None
