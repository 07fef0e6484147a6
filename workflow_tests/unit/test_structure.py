"""The structure that the project keeps: rules, scripts and library belong together and stay apart."""

import ast
import re
import textwrap

import pytest

from helpers.data import ROOT

RULE = re.compile(r"^(?:rule (?P<name>\w+)|use rule (?P<base>\w+) as \w+ with):\n(?P<body>(?:(?:    .*)?\n)+)", re.M)
# The rules of jobs that make one run or several: the same rule for each list of seeds.
LOOP = re.compile(r'^for job in jobs_of\("(?P<name>\w+)",.*\):\n\n    rule:\n(?P<body>(?:(?:        .*)?\n)+)', re.M)
RULE_FILES = [ROOT / "Snakefile", *sorted(ROOT.glob("rules/*.smk"))]
FOUND = [match for path in RULE_FILES for match in RULE.finditer(path.read_text())]
TARGETS = ("all", "fetch")  # rules that only ask for files
RULES = {match["name"]: match["body"] for match in FOUND if match["name"] and match["name"] not in TARGETS}
for path in RULE_FILES:
    for match in LOOP.finditer(path.read_text()):
        body = textwrap.indent(textwrap.dedent(match["body"]), "    ").replace("{job.runs}", "{runs}")
        RULES[match["name"]] = re.sub(r'f(".*")', lambda text: text[1].replace("{{", "{").replace("}}", "}"), body)
SCRIPTS = {path.stem: path.read_text() for path in ROOT.glob("scripts/*.py")}
LIBRARY = {path.relative_to(ROOT / "scripts").as_posix(): path for path in ROOT.glob("scripts/linguist/**/*.py")}
REGISTRIES = ("linguist.pairs.recipes", "linguist.tasks.recipes", "linguist.tokenizers.types")


def imported_names(source):
    """The modules that Python code imports, anywhere in it."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_has_an_environment_and_a_log_of_its_name(rule):
    assert re.search(r'^    conda:\n        "\.\./envs/\w+\.yaml"$', RULES[rule], re.M), "name an environment of envs/"
    assert re.search(rf'^    log:\n        "<logs>/{rule}/', RULES[rule], re.M), f"write its log to <logs>/{rule}/"
    benchmark = re.search(r'^    benchmark:\n        "(.*)"$', RULES[rule], re.M)
    assert benchmark is None or benchmark[1].startswith(f"<benchmarks>/{rule}/")


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_says_in_its_docstring_what_a_job_does(rule):
    """`snakemake --list-rules` and the summary of a failed run show it, with the job's wildcards."""
    docstring = re.match(r'    """(.+)"""\n', RULES[rule])
    assert docstring, "begin the rule with a docstring: what a job does, with its wildcards in braces"
    log = re.search(r'^    log:\n        "(.*)",$', RULES[rule], re.M)[1]
    assert set(re.findall(r"{\w*}", docstring[1])) == set(re.findall(r"{\w*}", log)), "name the wildcards of the log"


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_has_a_digest_of_what_it_runs(rule):
    """Snakemake does not watch scripts and commands here: a rule reruns because of its params."""
    kind = "shell_digest" if re.search(r"^    shell:$", RULES[rule], re.M) else "code_digest"
    digest = rf'^        code=(?:lambda wildcards: )?{kind}\(\s*"{rule}"'
    assert re.search(digest, RULES[rule], re.M), f'add code={kind}("{rule}") to the params of rule {rule}'


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_is_local_or_says_what_its_job_needs(rule):
    """A cluster kills a job that needs more than it asked for."""
    needed = dict(re.findall(r"^        (\w+)=(.*),$", RULES[rule].partition("    resources:\n")[2], re.M))
    local = re.search(r"^    localrule: True$", RULES[rule], re.M)
    assert local or all(needed.get(name, "").startswith("growing(") for name in ("mem", "runtime")), (
        "give mem and runtime with growing(), or make it a local rule if it takes seconds at any size"
    )


@pytest.mark.parametrize("rule", [rule for rule, body in RULES.items() if "        gpu=" in body])
def test_a_job_with_a_gpu_is_in_no_group(rule):
    """A failed group runs again as a whole, so that a finished training in it would be lost."""
    assert not re.search(r"^    group:$", RULES[rule], re.M)


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_runs_a_command_or_the_script_of_its_name(rule):
    assert not re.search(r"^    run:$", RULES[rule], re.M), "move the code to a script"
    script = re.search(r'^    script:\n        "(.*)"$', RULES[rule], re.M)
    assert script is None or script[1] == f"../scripts/{rule}.py"


@pytest.mark.parametrize("script", sorted(SCRIPTS.keys() & RULES.keys()))
def test_the_script_of_a_rule_is_short(script):
    assert len(SCRIPTS[script].splitlines()) < 40, "move the logic to the library"


@pytest.mark.parametrize("module", LIBRARY)
def test_the_library_does_not_know_snakemake(module):
    assert "snakemake" not in {name.partition(".")[0] for name in imported_names(LIBRARY[module].read_text())}


@pytest.mark.parametrize("module", LIBRARY)
def test_entries_of_a_registry_are_imported_by_the_registry_alone(module):
    """`code_digest` follows imports: one of a recipe would rerun whatever imports it when the recipe's code changes."""
    for name in imported_names(LIBRARY[module].read_text()):
        for registry in REGISTRIES:
            outside = not module.startswith(registry.replace(".", "/"))
            assert not (outside and name.startswith(f"{registry}.")), f"import {name} through {registry}"


def test_a_public_name_is_defined_in_one_module():
    """A name with two meanings misleads; functions of recipes become records, which their package finds."""
    modules = {}
    for module, path in LIBRARY.items():
        public = [node for node in ast.parse(path.read_text()).body if getattr(node, "name", "_")[0] != "_"]
        for node in public:
            if not any(ast.unparse(decorator).startswith("recipe(") for decorator in node.decorator_list):
                modules.setdefault(node.name, []).append(module)
    assert {name: found for name, found in modules.items() if len(found) > 1} == {}


def test_no_test_imports_another_test():
    for path in ROOT.glob("workflow_tests/**/*.py"):
        names = list(imported_names(path.read_text()))
        assert not [name for name in names if re.search(r"(^|\.)(test_|conftest)", name)], path
