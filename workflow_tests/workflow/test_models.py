"""Models that do not fit, as a user meets them: one line each, from one run of Snakemake. The unit tests have more of them."""

import re
import shutil

import yaml

from helpers.architectures import make_architecture
from helpers.bad_models import BAD_MODELS
from helpers.data import SENTENCES, SHAPES
from helpers.runs import error_lines

CHANGED = ("prefix", "left-over", "large-tokenizer")


def test_every_model_that_does_not_fit_is_refused_when_it_is_fetched(checkout, snakemake):
    from linguist.tokenizers.loading import load_tokenizer
    from linguist.tokenizers.training import train_tokenizer
    from linguist.training.models import initialize_model

    train_tokenizer("wordpiece", SENTENCES, checkout / "words", vocab_size=260)
    initialize_model(
        "m", {"architecture": "bert", "shape": SHAPES["bert"], "seed": 1}, checkout / "words", checkout / "whole"
    )
    for name in CHANGED:
        change, _ = BAD_MODELS[name]
        change(shutil.copytree(checkout / "whole", checkout / "bad" / name))
    make_architecture("xlnet", load_tokenizer(checkout / "words"), checkout / "bad/xlnet")
    bad = {name: BAD_MODELS[name][1] for name in CHANGED} | {"xlnet": "cannot be fine-tuned"}
    models = {"whole": {"path": "whole"}} | {name: {"path": f"bad/{name}"} for name in bad}
    (checkout / "study.yaml").write_text(yaml.safe_dump({"models": models}))
    targets = [f"results/models/{name}" for name in models]
    run = snakemake(checkout, *targets, "--cores", "2", "--keep-going", "--configfile", "study.yaml")
    assert run.returncode != 0 and "Traceback" not in run.stderr
    told = "\n".join(error_lines(run))
    for name, words in bad.items():
        assert re.search(f"error: models/{name}: .*{words}", told), told
    assert [path.name for path in (checkout / "results/models").iterdir() if path.is_dir()] == ["whole"]
