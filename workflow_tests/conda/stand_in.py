"""A stand-in for the conda calls of `snakemake --use-conda`. Only the command line is imitated: py-rattler, which stands
behind pixi, does the solving and installing. `make_channel.py` writes the program `conda` that runs this."""

import argparse
import asyncio
import json
import os
import sys
from pathlib import Path

VERSION = "24.7.1"  # the oldest that Snakemake 9 takes


async def create(root, prefix, env_file):
    """Make the environment that a file describes, from the channels below `root`."""
    import yaml
    from rattler import Channel, ChannelConfig, VirtualPackage, install, solve
    from rattler.platform import Platform

    env = yaml.safe_load(Path(env_file).read_text())
    config = ChannelConfig(channel_alias=(root / "channels").as_uri() + "/")
    records = await solve(
        [Channel(name, config) for name in env["channels"] if name != "nodefaults"],
        env["dependencies"],
        platforms=[str(Platform.current()), "noarch"],
        virtual_packages=VirtualPackage.detect(),
    )
    await install(records, target_prefix=prefix, cache_dir=root / "packages", show_progress=False)


def main(root, *args):
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
        case ["env", "create", *options]:
            parser = argparse.ArgumentParser(prog="conda env create")
            parser.add_argument("--quiet", "--no-default-packages", action="store_true")
            parser.add_argument("--file", required=True)
            parser.add_argument("--prefix", required=True)
            options = parser.parse_args(options)
            asyncio.run(create(Path(root), options.prefix, options.file))
        case _:
            sys.exit(f"stand-in conda: cannot do: conda {' '.join(args)}")


if __name__ == "__main__":
    main(*sys.argv[1:])
    sys.stdout.flush()
    # py-rattler's threads may still report to Python while it ends, which crashes it one time in five, its work done:
    # https://github.com/PyO3/pyo3-async-runtimes/issues/40
    os._exit(0)
