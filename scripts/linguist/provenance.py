"""What a result was made with: digests of the code and commands behind it, and versions of software."""

import ast
import hashlib
import re
import subprocess
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.util import resolve_name

from linguist.files import ROOT, read_lines

SCRIPTS = ROOT / "scripts"
PACKAGES = ("torch", "transformers", "tokenizers", "accelerate", "numpy")  # those that can change a number
DIGITS = 16  # hex digits of a digest of code


def code_digest(script, *modules):
    """Hex digest of a script (its name in scripts/) and of all library modules that it imports, directly or not.

    `modules` ("linguist.pairs.homologs") are further modules, which the script loads by name. The digest changes with the code, not
    with comments, docstrings, layout, time stamps or the Python version. A rule has it among its params, so that its jobs
    rerun exactly when their code changes.
    """
    seen, waiting = {}, [script, *modules]
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen[name], imported = read_code(name)
            waiting.extend(imported)
    return text_digest(repr(sorted(seen.items())))


def text_digest(text):
    """Hex digest of a text, such as a shell command."""
    return hashlib.sha256(text.encode()).hexdigest()[:DIGITS]


@cache
def read_code(name):
    """The code of a script or module as text, without comments, layout and docstrings; and the names of the library's modules
    and packages that it imports, also within functions."""
    path = file_of(name)
    parent = name.rpartition(".")[0]
    package = name if path.name == "__init__.py" else parent
    tree = ast.parse(path.read_text(encoding="utf-8"))
    imported = {parent}  # Python runs a module's package before the module
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imported.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = resolve_name("." * node.level + (node.module or ""), package)
            imported.update([module, *(f"{module}.{alias.name}" for alias in node.names)])
        elif isinstance(node, documented) and ast.get_docstring(node, clean=False) is not None:
            del node.body[0]
    return repr(shape(tree)), sorted(module for module in imported if is_library(module))


def is_library(name):
    """Whether a name is one of the library's modules or packages; an imported function or another package is not."""
    return name.partition(".")[0] == "linguist" and file_of(name) is not None


def file_of(name):
    """The file of a script, module or package (its __init__.py); None if there is none."""
    path = SCRIPTS.joinpath(*name.split("."))
    return next((file for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()), None)


def shape(node):
    """A syntax tree as plain lists, without empty fields: Python versions differ in which ones there are."""
    if isinstance(node, list):
        return [shape(item) for item in node]
    if not isinstance(node, ast.AST):
        return repr(node)
    fields = [(name, shape(value)) for name, value in ast.iter_fields(node) if value not in (None, [])]
    return [type(node).__name__, *fields]


def versions(packages=PACKAGES):
    """{package: version} of those packages that are installed here."""
    found = {}
    for package in packages:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def read_tool_versions(paths):
    """{program: its versions, in the order seen} from files that hold what BLAST's programs print for `-version`,
    and END.

    The version is the BLAST+ package's: WindowMasker's own number is 1.0.0 in all packages.
    """
    found = {}
    for path in paths:
        first, *rest = read_lines(path)
        program, _, number = first.partition(": ")
        package = "".join(rest).partition("Package: blast ")[2].partition(",")[0]
        found.setdefault(program, {})[package or number.rstrip("+")] = None
    return {program: list(numbers) for program, numbers in sorted(found.items())}


def workflow_version():
    """The workflow's git commit, whether files differ from it (both None if unknown), and a digest of its code, which is the
    same in every copy."""
    root, digest = SCRIPTS.parent, hashlib.sha256()
    for path in sorted([root / "Snakefile", *root.glob("rules/*.smk"), *SCRIPTS.rglob("*.py")]):
        digest.update(path.relative_to(root).as_posix().encode() + path.read_bytes())
    if (root / ".git").exists():  # else git would tell of a repository that the workflow's folder happens to lie in
        commit = run_quietly("git", "-C", root, "rev-parse", "HEAD")
        status = run_quietly("git", "-C", root, "status", "--porcelain", "--untracked-files=no")
    else:
        commit, status = archived_commit(root), None
    changed = None if commit is None or status is None else bool(status)
    return {"commit": commit, "changed": changed, "digest": digest.hexdigest()[:DIGITS]}


def archived_commit(root):
    """The commit of a folder that comes from `git archive`, as releases do: git then writes it to a file; None elsewhere."""
    path = root / ".git-archive"
    found = re.search(r"[0-9a-f]{40}", path.read_text(encoding="utf-8")) if path.is_file() else None
    return found and found[0]


def run_quietly(*command):
    """What a command prints, or None if it does not exist or fails."""
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return None
