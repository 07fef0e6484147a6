"""`snakemake --use-conda`, with a conda channel made on the spot; and that rules and environments agree."""

import ast
import json
import os
import re
import shutil
import subprocess
import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version
from pathlib import Path

import pytest
import yaml

from linguist.provenance import file_of, read_code

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = ROOT / "scripts"
STUDY = "workflow_tests/workflow/tiny.yaml"
RULES = (ROOT / "Snakefile", *ROOT.glob("rules/*.smk"))
ENVS = {path.stem: path for path in (ROOT / "envs").glob("*.yaml")}
TOKENIZER = "results/tokenizers/words"
BLAST = ("blastn", "blastp", "makeblastdb", "windowmasker")
# Packages whose import has another name, and imports that come with a package which cannot do without them.
PACKAGE_OF = {
    "Bio": "biopython",
    "huggingface_hub": "transformers",
    "markupsafe": "jinja2",
    "parasail": "parasail-python",
    "sklearn": "scikit-learn",
    "torch": "pytorch",
    "urllib3": "requests",
    "yaml": "pyyaml",
}
# Packages of modules that a script loads by name.
LOADED = {
    "build_pairs": "linguist.pairs.recipes",
    "build_task": "linguist.tasks.recipes",
    "train_tokenizer": "linguist.tokenizers.types",
}
PIP_NAME = {"parasail-python": "parasail", "pytorch": "torch"}


def read_pins(env):
    """{package: version} of an environment; the version is empty where it is not exact."""
    dependencies = yaml.safe_load(ENVS[env].read_text())["dependencies"]
    exact = (re.fullmatch(r"([\w.-]+)=(\d[\w.]*)", str(d)) for d in dependencies)
    return {m[1] if m else str(d): m[2] if m else "" for d, m in zip(dependencies, exact, strict=True)}


def read_exact_pins(pin_file):
    """{package: version} of a file with the address and MD5 digest of each package of an environment."""
    addresses = [line for line in pin_file.read_text().splitlines() if line[:1] not in ("#", "@", "")]
    assert all(re.fullmatch(r"\S+#[0-9a-f]{32}", address) for address in addresses), pin_file
    return dict(address.rpartition("/")[2].rsplit("-", 2)[:2] for address in addresses)


def read_rules():
    """{rule: (environment, script)} by their names in the rule files; None for what a rule does not name."""
    rules = {}
    for path in RULES:
        for block in re.split(r"^(?=(?:rule|checkpoint) \w+:)", path.read_text(), flags=re.M)[1:]:
            env = re.search(r'^    conda:\s+"\.\./envs/([\w-]+)\.yaml"$', block, flags=re.M)
            script = re.search(r'^    script:\s+"\.\./scripts/(\w+)\.py"$', block, flags=re.M)
            rules[re.match(r"\w+ (\w+)", block)[1]] = (env and env[1], script and script[1])
    return rules


def imported_packages(*names):
    """The conda packages that scripts and library modules need, with all modules of the library that they import."""
    packages, seen, waiting = set(), set(), list(names)
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            packages |= packages_of(file_of(name).read_text())
            waiting += read_code(name)[1]
    return packages


def modules_in(package):
    """The names of all modules in a package of the library."""
    return {f"{package}.{path.stem}" for path in file_of(package).parent.glob("[!_]*.py")}


def packages_of(source):
    """The conda packages that Python code imports by itself."""
    packages = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        # A module of torch that is empty without the package it wraps.
        packages.update("tensorboard" for name in names if name.startswith("torch.utils.tensorboard"))
        tops = {name.partition(".")[0] for name in names} - {"linguist"} - set(sys.stdlib_module_names)
        packages.update(PACKAGE_OF.get(top, top) for top in tops)
    return packages


def test_every_rule_names_an_environment_and_every_environment_has_a_rule():
    rules = read_rules()
    assert {rule for rule, (env, _) in rules.items() if env is None} == {"all", "fetch"}
    assert {env for env, _ in rules.values()} - {None} == set(ENVS)


@pytest.mark.parametrize("env", ENVS)
def test_an_environment_has_the_versions_of_the_requirements(env):
    locked = dict(re.findall(r"^([\w.-]+)==(\S+)", (ROOT / "requirements.txt").read_text(), flags=re.M))
    pins = read_pins(env)
    inexact = [name for name, version in pins.items() if not version]
    assert not inexact, f"envs/{env}.yaml: {inexact} have no exact version; write them as name=1.2.3"
    expected = {name: locked.get(PIP_NAME.get(name, name)) for name in pins if name not in ("python", "blast")}
    assert {name: pins[name] for name in expected} == expected
    for exact in ENVS[env].parent.glob(f"{env}.*.pin.txt"):
        assert read_exact_pins(exact).items() >= pins.items(), f"write {exact.name} anew (see envs/README.md)"


@pytest.mark.parametrize("env", ENVS)
def test_an_environment_lists_what_its_scripts_import(env):
    # Snakemake lets a script see its own packages as well, so that a run does not notice one that is missing here.
    names = {script for used, script in read_rules().values() if used == env and script}
    for script, package in LOADED.items():
        names |= modules_in(package) if script in names else set()
    needed = imported_packages(*names) | {"python"} if names else set()
    listed = set(read_pins(env)) - {"blast"}
    assert not needed - listed, f"envs/{env}.yaml lacks {needed - listed}"
    assert not listed - needed, f"envs/{env}.yaml has {listed - needed}, which no script of its rules imports"


def test_planning_needs_only_what_snakemake_brings():
    """A user's conda may hold Snakemake and no package of the library: those are in the rules' environments."""
    text = "\n".join(path.read_text() for path in RULES)
    imports = re.findall(r"^(?:import .+|from .+ import (?:\([^)]+\)|.+))", text, flags=re.M)
    code = "\n".join([*imports, "import sys", "print(*{name.partition('.')[0] for name in sys.modules})"])
    run = subprocess.run([sys.executable, "-c", code], cwd=SCRIPTS, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    loaded = {PACKAGE_OF.get(name, name) for name in run.stdout.split()}
    pinned = {package for env in ENVS for package in read_pins(env)} - {"pyyaml", "jinja2", "requests", "python"}
    assert "linguist" in loaded and not loaded & pinned


def hide_tools(directory, copy):
    """A folder on PATH as it is, links to all of it but BLAST+, or nothing if it has the Python that runs the tests."""
    if directory == Path(sys.executable).parent:
        return None
    if not any((directory / tool).exists() for tool in BLAST):
        return directory
    copy.mkdir()
    for program in directory.iterdir():
        if program.name not in BLAST:
            (copy / program.name).symlink_to(program)
    return copy


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def conda(tmp_path_factory):
    """Snakemake in a conda environment of its own: a function that runs it, or another program, in a folder.

    It sees a `conda` that installs from a channel made here, and neither BLAST+ nor the Python packages of this machine.
    """
    for module in ("rattler", "rattler_build"):
        pytest.importorskip(module, reason="py-rattler and py-rattler-build make the conda channel")
    if missing := [tool for tool in BLAST if shutil.which(tool) is None]:
        pytest.skip(f"no {', '.join(missing)} to put into the conda channel")
    folder = tmp_path_factory.mktemp("conda")
    user = {"channels": ["conda-forge", "bioconda"], "dependencies": [f"snakemake={version('snakemake')}"]}
    user["dependencies"].append(f"python={read_pins('lm')['python']}")
    (folder / "user.yaml").write_text(yaml.safe_dump(user))
    channel = [sys.executable, ROOT / "workflow_tests/conda/make_channel.py", folder / "conda"]
    subprocess.run([*channel, *ENVS.values(), folder / "user.yaml"], check=True)

    hidden = [hide_tools(Path(entry), folder / str(i)) for i, entry in enumerate(os.get_exec_path())]
    path = os.pathsep.join(map(str, [folder / "conda/bin", *filter(None, hidden)]))
    assert [tool for tool in BLAST if shutil.which(tool, path=path)] == []
    handler = partial(QuietHandler, directory=folder / "conda/channels")
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    environment |= {"PATH": path, "CONDA_CHANNEL_ALIAS": f"http://127.0.0.1:{server.server_port}"}
    environment |= {"CONDA_OVERRIDE_CUDA": ""}  # as on a machine without a GPU

    def run(where, *command, **variables):
        options = {"cwd": where, "env": environment | variables, "capture_output": True, "text": True}
        done = subprocess.run(list(map(str, command)), **options)
        assert done.returncode == 0, done.stderr[-4000:]
        return done.stdout + done.stderr

    run(folder, "conda", "env", "create", "--file", "user.yaml", "--prefix", folder / "user")
    python = (folder / "user/bin/python", "-m")
    yield lambda where, *arguments, program=(*python, "snakemake"), **env: run(where, *program, *arguments, **env)
    server.shutdown()


def created_environments(output):
    """{environment: its folder} of those that a run made."""
    return dict(re.findall(r"Environment for .*/(.+)\.yaml created \(location: (.+)\)", output))


def test_each_rule_runs_in_its_environment(checkout, conda):
    command = ("--use-conda", "--cores", "2", "--configfile", STUDY)
    output = conda(checkout, *command)
    created = created_environments(output)
    assert created.keys() == ENVS.keys()
    assert (checkout / "results/tables/summary.txt").stat().st_size

    # Programs of the channel note how they are called.
    calls = {env: (checkout / prefix / "calls").read_text() for env, prefix in created.items()}
    finished = set(re.findall(r"^(?:local)?rule (\w+):$", output, flags=re.M)) - {"all"}
    assert {"search_homologs", "build_pairs", "finetune", "write_page"} <= finished
    for rule, (env, script) in read_rules().items():
        if rule in finished and script:
            assert re.search(rf"^python .*\.{script}\.py$", calls[env], flags=re.M), f"{rule} did not run in {env}"
    assert set(calls["blast"].split()) >= {"makeblastdb", "blastn"}

    assert "Nothing to be done" in conda(checkout, *command)
    assert calls == {env: (checkout / prefix / "calls").read_text() for env, prefix in created.items()}


def installed(folder, package):
    """The build of a package in an environment."""
    (record,) = folder.glob(f"conda-meta/{package}-*.json")
    return json.loads(record.read_text())["build"]


@pytest.mark.parametrize(("driver", "build"), [("", "cpu"), ("12.8", "cuda")])
def test_torch_is_for_the_gpu_that_is_announced(checkout, conda, driver, build):
    """Conda sees no GPU on a login node; CONDA_OVERRIDE_CUDA says which CUDA the compute nodes have."""
    target = (TOKENIZER, "--configfile", STUDY)
    created = created_environments(conda(checkout, *target, "--conda-create-envs-only", CONDA_OVERRIDE_CUDA=driver))
    assert installed(checkout / created["lm"], "pytorch").startswith(build)
    listed = conda(checkout, *target, "--list-conda-envs")
    assert all(re.search(rf"^envs/{env}.yaml\t+{place}$", listed, flags=re.M) for env, place in created.items())


def test_exact_packages_are_written_and_installed(checkout, conda):
    pin = (Path(sys.executable).with_name("snakedeploy"), "pin-conda-envs", "--conda-frontend", "conda", "envs/lm.yaml")
    conda(checkout, program=pin, CONDA_OVERRIDE_CUDA="12.8")
    (pin_file,) = checkout.glob("envs/lm.*.pin.txt")
    pins = read_exact_pins(pin_file)
    assert pins.items() >= read_pins("lm").items()
    assert pins.keys() > read_pins("lm").keys()  # what the packages depend on, too

    created = created_environments(conda(checkout, TOKENIZER, "--conda-create-envs-only", "--configfile", STUDY))
    assert installed(checkout / created["lm"], "pytorch").startswith("cuda")  # exactly this build, without CUDA as well


def test_an_archive_runs_elsewhere_without_a_channel(checkout, conda, tmp_path):
    conda(checkout, program=("git", "init", "--quiet"))
    conda(checkout, program=("git", "add", "."))
    target = ("results/pairs/en/test.tsv", "--configfile", STUDY)
    conda(checkout, *target, "--archive", "study.tar.gz")
    shutil.unpack_archive(checkout / "study.tar.gz", tmp_path, filter="data")
    output = conda(
        tmp_path,
        *target,
        "--use-conda",
        "--cores",
        "1",
        "--max-jobs-per-timespan",
        "9/1s",
        CONDA_CHANNEL_ALIAS="file:///no-channel",
    )
    assert created_environments(output).keys() == {"sequences"}
    assert (tmp_path / "results/pairs/en/test.tsv").stat().st_size


def test_the_dockerfile_is_of_the_environments(checkout, conda):
    shipped = (checkout / "Dockerfile").read_text()
    (checkout / "Dockerfile").unlink()
    make = ("make", "--old-file=.venv/ready", f"BIN={Path(sys.executable).parent}", "dockerfile")
    conda(checkout, program=make)
    assert (checkout / "Dockerfile").read_text() == shipped, "type `make dockerfile` and commit the file"


def test_a_container_without_its_conda_environments_is_refused(checkout, snakemake):
    run = snakemake(checkout, "-n", "--sdm", "apptainer")
    assert run.returncode
    (line,) = [line for line in run.stderr.splitlines() if "error" in line.lower()]
    assert "--sdm conda apptainer" in line


@pytest.fixture
def image(checkout, conda, tmp_path):
    """A folder that stands for the image of the Dockerfile: what its commands make."""
    if subprocess.run(["unshare", "--user", "--map-root-user", "--mount", "true"]).returncode:
        pytest.skip("no user namespaces, in which a container runs")
    text = (checkout / "Dockerfile").read_text().replace("\\\n", " ")
    steps = re.findall(r"^(RUN|COPY) (.*)$", text, flags=re.M)
    commands = [command if step == "RUN" else f"cp {command}" for step, command in steps]
    (tmp_path / "image/conda-envs").mkdir(parents=True)
    conda(checkout, program=("apptainer", "exec", tmp_path / "image", "sh", "-c", "\n".join(["set -e", *commands])))
    return tmp_path / "image"


def test_rules_run_in_the_environments_of_the_container(checkout, conda, image):
    targets = ("results/pairs/en/test.tsv", "results/blast/dna/rheMac3")
    options = ("--sdm", "conda", "apptainer", "--config", f"container={image}", "--configfile", STUDY)
    conda(checkout, *targets, "--cores", "2", *options)
    calls = [path.read_text() for path in image.glob("conda-envs/*/calls")]
    assert len(calls) == 2
    assert any("build_pairs.py" in text for text in calls)
    assert any("makeblastdb" in text for text in calls)
    assert not (checkout / ".snakemake/conda").is_dir() or not any((checkout / ".snakemake/conda").iterdir())
