"""Make a conda channel of what this machine has, and a `conda` that installs from it, where no real channel is reached.

    python workflow_tests/conda/make_channel.py FOLDER envs/*.yaml
    PATH=FOLDER/bin:$PATH snakemake --use-conda --cores 2

The channel holds just what the environment files pin. `python` runs the interpreter that made the channel and `blast` is
this machine's BLAST+, both under the pinned version; any other package is empty, and what it stands for must be
importable by that interpreter. Each tool adds a line to `calls` in its environment, so that a test can tell who was run.

So it shows that environments are solved, installed, activated and used. It cannot show that the real channels hold them.
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
from pathlib import Path

import yaml
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
BLAST = ("makeblastdb", "blastn", "blastp", "windowmasker")
RECORDING = """#!/bin/sh
prefix=$(dirname "$0")/..
echo "{name} $1" >> "$prefix/calls"
exec {command} "$@"
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


def write_tool(stage, name, command):
    """A program `bin/name` of the package in `stage`: it notes the call, then becomes `command`."""
    path = stage / "bin" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(RECORDING.format(name=name, command=command))
    path.chmod(0o755)


def stage_python(stage):
    for name in ("python", "python3"):
        write_tool(stage, name, shlex.quote(sys.executable))


def stage_blast(stage):
    (stage / "libexec").mkdir()
    for name in BLAST:
        found = shutil.which(name) or sys.exit(f"error: {name} not found; install NCBI BLAST+ (Debian: ncbi-blast+)")
        copy = shutil.copy(found, stage / "libexec")
        if subprocess.run([copy, "-version"], capture_output=True).returncode:
            sys.exit(f"error: a copy of {found} does not run elsewhere; use a BLAST+ with absolute library paths")
        write_tool(stage, name, f'"$prefix/libexec/{name}"')


def add_package(channels, name, version):
    stage_files = {"python": stage_python, "blast": stage_blast}.get(name)
    subdir = str(Platform.current()) if stage_files else "noarch"
    with tempfile.TemporaryDirectory() as folder:
        stage = Path(folder, "stage")
        stage.mkdir()
        if stage_files:
            stage_files(stage)
        noarch = None if stage_files else "generic"
        package = assemble_package(
            name, version, subdir, "0", Path(folder, "out"), files_dir=stage, noarch=noarch, compression_level=1
        )
        shutil.copy(package.path, channels / ("bioconda" if name in BIOCONDA else "conda-forge") / subdir)


def make_channel(folder, env_files):
    """Fill `folder` with channels/ and, in bin/, the programs `conda` and `activate`."""
    channels = folder / "channels"
    for name in CHANNELS:
        for subdir in ("noarch", str(Platform.current())):
            (channels / name / subdir).mkdir(parents=True)
    for name, version in sorted({pin for path in env_files for pin in read_pins(path).items()}):
        add_package(channels, name, version)
    for name in CHANNELS:
        asyncio.run(index_fs(channels / name))
    bin_ = folder / "bin"
    bin_.mkdir()
    shutil.copy(HERE / "activate", bin_)
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
