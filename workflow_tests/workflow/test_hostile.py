"""Studies and models are passed between people: nothing in one runs."""

import subprocess
import sys

import yaml

from helpers.models import MARK, add_own_code, make_model
from helpers.runs import error_lines

YES = "y\n" * 20  # to every question at the terminal


def test_no_code_of_a_model_runs_in_the_workflow_or_in_ask(checkout, snakemake):
    make_model(checkout / "hostile")
    add_own_code(checkout / "hostile", "config.json")
    (checkout / "study.yaml").write_text(yaml.safe_dump({"models": {"own": {"path": "hostile"}}}))
    run = snakemake(checkout, "results/models/own", "--cores", "1", "--configfile", "study.yaml", input=YES)
    ask = [sys.executable, "scripts/ask.py", "--model", "hostile", "Is it?"]
    asked = subprocess.run(ask, cwd=checkout, capture_output=True, text=True, input=YES)
    for done, where in ((run, "models/own: hostile: "), (asked, "hostile: ")):
        output = done.stdout + done.stderr
        lines = {*error_lines(done)}
        assert done.returncode != 0 and len(lines) == 1, output
        assert lines.pop().startswith(f"error: {where}this model needs its own code")
        assert "Do you wish" not in output and "Traceback" not in output
    assert not (checkout / "results/models/own").exists() and not list(checkout.rglob(MARK))
