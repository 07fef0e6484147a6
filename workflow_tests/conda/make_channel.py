"""Make a conda channel of what this machine has, and a `conda` that installs from it, where no real channel is reached.

    python workflow_tests/conda/make_channel.py FOLDER envs/*.yaml
    PATH=FOLDER/bin:$PATH snakemake --use-conda --cores 2

The channel holds what the environment files pin and what that depends on. `python` is the interpreter below the one that
made the channel, `blast` is this machine's BLAST+, both under the pinned version. Any other package links what pip installed
here, so that an environment imports the packages it lists and no others. Like on conda-forge, `pytorch` has a build for
machines with CUDA as well. Tools note each call in the file `calls` of their environment, so that a test can tell who ran.

So it shows that environments are solved, installed, activated and complete. It cannot show that the real channels hold them.
"""

import argparse
import asyncio
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from importlib import metadata
from pathlib import Path

import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from rattler.index import index_fs
from rattler.platform import Platform
from rattler_build import assemble_package

HERE = Path(__file__).resolve().parent
CHANNELS = ("conda-forge", "bioconda")
BIOCONDA = {
    "blast",
    "parasail-python",
    "pysam",
}  # a solve fails if an environment needs one of these and does not name the channel
CONDA_NAMES = {"parasail": "parasail-python", "torch": "pytorch"}  # where PyPI has another name
BLAST = ("makeblastdb", "blastn", "blastp", "windowmasker")
PYTHON = f"python{sys.version_info.major}.{sys.version_info.minor}"
# (build, build number, dependencies): a higher number is preferred where the virtual package __cuda exists.
CPU, CUDA = ("cpu_0", 0, ()), ("cuda_200", 200, ("__cuda",))
RECORDING = """#!/bin/sh
prefix=$(cd "$(dirname "$0")/.." && pwd)
echo "{name} $1" >> "$prefix/calls"
exec "$prefix/{command}" "$@"
"""


def read_pins(env_file):
    """{package: version} of an environment file; an error names a dependency without an exact version."""
    pins = {}
    for dependency in yaml.safe_load(Path(env_file).read_text())["dependencies"]:
        exact = re.fullmatch(r"([\w.-]+)=(\d[\w.]*)", str(dependency))
        if exact is None:
            sys.exit(f"error: {env_file}: {dependency} has no exact version; write it as name=1.2.3")
        pins[exact[1]] = exact[2]
    return pins


def conda_name(project):
    """The conda name of a project on PyPI."""
    name = canonicalize_name(project)
    return CONDA_NAMES.get(name, name)


def find_projects(names):
    """{conda name: (what pip installed, conda names of what it requires)} for packages and all that they depend on."""
    projects = {conda: pip for pip, conda in CONDA_NAMES.items()}
    found, waiting = {}, list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            project = metadata.distribution(projects.get(name, name))
            required = map(Requirement, project.requires or [])
            names = [conda_name(r.name) for r in required if r.marker is None or r.marker.evaluate({"extra": ""})]
            found[name] = (project, names)
            waiting += names
    return found


def write_tool(stage, name, command):
    """A program `bin/name` of the package in `stage`: it notes the call, then becomes `command` of the environment."""
    path = stage / "bin" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(RECORDING.format(name=name, command=command))
    path.chmod(0o755)


def stage_python(stage):
    """An interpreter whose packages are those of the environment alone, as in a virtual environment."""
    for name in ("python", "python3"):
        write_tool(stage, name, f"bin/{PYTHON}")
    base = Path(sys._base_executable).resolve()
    (stage / "bin" / PYTHON).symlink_to(base)
    (stage / "pyvenv.cfg").write_text(f"home = {base.parent}\ninclude-system-site-packages = false\n")


def stage_blast(stage):
    (stage / "libexec").mkdir()
    for name in BLAST:
        found = shutil.which(name) or sys.exit(f"error: {name} not found; install NCBI BLAST+ (Debian: ncbi-blast+)")
        copy = shutil.copy(found, stage / "libexec")
        if subprocess.run([copy, "-version"], capture_output=True).returncode:
            sys.exit(f"error: a copy of {found} does not run elsewhere; use a BLAST+ with absolute library paths")
        write_tool(stage, name, f"libexec/{name}")


def stage_project(stage, project):
    """Links to what pip installed of a project, in the folder of the environment's packages."""
    packages = stage / "lib" / PYTHON / "site-packages"
    packages.mkdir(parents=True)
    for top in {path.parts[0] for path in project.files} - {"..", "__pycache__"}:
        (packages / top).symlink_to(project.locate_file(top))


def add_package(channels, name, version, fill, depends=(), builds=(("0", 0, ()),)):
    """A package of the files that `fill(folder)` writes, in each of the builds."""
    subdir = str(Platform.current())
    place = channels / ("bioconda" if name in BIOCONDA else "conda-forge") / subdir
    with tempfile.TemporaryDirectory() as folder:
        stage = Path(folder, "stage")
        stage.mkdir()
        fill(stage)
        for build, number, more in builds:
            options = {"files_dir": stage, "depends": [*depends, *more], "build_number": number, "compression_level": 1}
            package = assemble_package(name, version, subdir, build, Path(folder, "out"), **options)
            shutil.copy(package.path, place)


def make_channel(folder, env_files):
    """Fill `folder` with channels/ and, in bin/, the programs `conda`, `activate` and `apptainer`."""
    channels = folder / "channels"
    for name in CHANNELS:
        for subdir in ("noarch", str(Platform.current())):
            (channels / name / subdir).mkdir(parents=True)
    pins = {name: version for path in env_files for name, version in read_pins(path).items()}
    for name, fill in {"python": stage_python, "blast": stage_blast}.items():
        if name in pins:
            add_package(channels, name, pins.pop(name), fill)
    for name, (project, required) in find_projects(pins).items():
        version = pins.get(name, project.version.partition("+")[0])
        builds = {"builds": (CPU, CUDA)} if name == "pytorch" else {}
        add_package(channels, name, version, lambda stage, p=project: stage_project(stage, p), required, **builds)
    for name in CHANNELS:
        asyncio.run(index_fs(channels / name, write_shards=False))
    bin_ = folder / "bin"
    bin_.mkdir()
    for name in ("activate", "apptainer"):
        shutil.copy(HERE / name, bin_)
    command = shlex.join([sys.executable, str(HERE / "stand_in.py"), str(folder)])
    (bin_ / "conda").write_text(f'#!/bin/sh\nexec {command} "$@"\n')
    (bin_ / "conda").chmod(0o755)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(usage="make_channel.py FOLDER ENV_FILE...")
    parser.add_argument("folder", type=Path)
    parser.add_argument("env_files", nargs="+")
    options = parser.parse_args()
    make_channel(options.folder.absolute(), options.env_files)
    os._exit(0)  # for the same reason as stand_in.py
