"""A stand-in for the conda calls of Snakemake and snakedeploy. Only the command line is imitated: py-rattler, which stands
behind pixi, does the solving and installing. `make_channel.py` writes the program `conda` that runs this.

Like conda, it takes channels from CONDA_CHANNEL_ALIAS, and the version of CUDA from CONDA_OVERRIDE_CUDA."""

import argparse
import asyncio
import json
import os
import shutil
import sys
from pathlib import Path

VERSION = "24.7.1"  # the oldest that Snakemake 9 takes


async def solve_file(root, env_file):
    """The packages for an environment file."""
    import yaml
    from rattler import Channel, ChannelConfig, Gateway, VirtualPackage, VirtualPackageOverrides, solve
    from rattler.platform import Platform

    env = yaml.safe_load(Path(env_file).read_text())
    alias = os.environ.get("CONDA_CHANNEL_ALIAS", (root / "channels").as_uri())
    config = ChannelConfig(channel_alias=f"{alias}/")
    return await solve(
        [Channel(name, config) for name in env["channels"] if name != "nodefaults"],
        env["dependencies"],
        gateway=Gateway(cache_dir=root / "repodata"),
        platforms=[str(Platform.current()), "noarch"],
        virtual_packages=VirtualPackage.detect(VirtualPackageOverrides.from_env()),
    )


def read_explicit(line):
    """The package of a URL or file, with its MD5 digest after `#` where it is known."""
    from rattler import PackageRecord, RepoDataRecord

    url, _, md5 = line.partition("#")
    url = url if "://" in url else Path(url).absolute().as_uri()
    channel, subdir, file_name = url.rsplit("/", 2)
    name, version, build = file_name.removesuffix(".conda").rsplit("-", 2)
    record = PackageRecord(name, version, build, 0, subdir, md5=bytes.fromhex(md5) or None)
    return RepoDataRecord(record, file_name, url, channel)


def read_explicit_file(path):
    """The packages that a file of `conda list --explicit` names."""
    lines = Path(path).read_text().splitlines()
    return [read_explicit(line) for line in lines if line and line[0] not in "#@"]


async def create(root, prefix, env_file, packages=()):
    """Make an environment from an environment file, from a list of exact packages, or from package files."""
    from rattler import install

    if packages:
        records = [read_explicit(package) for package in packages]
    elif env_file.endswith(".pin.txt"):
        records = read_explicit_file(env_file)
    else:
        records = await solve_file(root, env_file)
    await install(records, target_prefix=prefix, cache_dir=root / "packages", show_progress=False)


def list_explicit(prefix, md5):
    """Print the URLs of the packages in an environment."""
    print("@EXPLICIT")
    for path in sorted(Path(prefix, "conda-meta").glob("*.json")):
        record = json.loads(path.read_text())
        print(record["url"] + (f"#{record['md5']}" if md5 else ""))


def main(root, *args):
    parser = argparse.ArgumentParser(prog="conda")
    for flag in ("--quiet", "--no-default-packages", "--explicit", "--md5"):
        parser.add_argument(flag, action="store_true")
    parser.add_argument("--yes", "-y", action="store_true")
    parser.add_argument("--file")
    parser.add_argument("--prefix", required=True)
    parser.add_argument("packages", nargs="*")
    match args:
        case ["--version"]:
            print(f"conda {VERSION}")
        case ["info", "--json"]:
            from rattler.platform import Platform

            print(json.dumps({"conda_prefix": root, "platform": str(Platform.current())}))
        case ["config", "--get", "channel_priority", "--json"]:
            print(json.dumps({"get": {"channel_priority": "strict"}}))
        case ["clean", *_]:
            pass  # what was unpacked is shared by the environments
        case ["env", "create", *options] | ["create", *options]:
            options = parser.parse_args(options)
            asyncio.run(create(Path(root), options.prefix, options.file, options.packages))
        case ["list", "--explicit", *options]:
            options = parser.parse_args(options)
            list_explicit(options.prefix, options.md5)
        case ["env", "remove", *options]:
            shutil.rmtree(parser.parse_args(options).prefix)
        case _:
            sys.exit(f"stand-in conda: cannot do: conda {' '.join(args)}")


if __name__ == "__main__":
    main(*sys.argv[1:])
    sys.stdout.flush()
    # py-rattler's threads may still report to Python while it ends, which crashes it one time in five, its work done:
    # https://github.com/PyO3/pyo3-async-runtimes/issues/40
    os._exit(0)
