"""The page of a pretrained model, and how it is judged."""

import numpy as np

from linguist.report.page import REPORTS, inline, render
from linguist.report.tokenizer import synthetic_sources
from linguist.training.cards import UNITS

LETTERS = {"dna": 4, "protein": 20}
CLEAR = 0.02  # nats a token: losses that are nearer than this are level, since one training has no interval
LEARNED = {"learned": "fine", "level": "note", "not learned": "flaw", "not measured": "unknown"}  # by source; severity


def judge_source(metrics, source, kind):
    """What may be said of a pretrained model on a source of its corpus: (one of LEARNED, text), by its losses alone.

    A model that predicts every token is held against one that counts which token follows which (bigram), a masked one
    against frequencies (unigram), since no more was counted for it. `kind` is the source's.
    """
    if f"dev_loss_{source}" not in metrics:
        return "not measured", f"{source}: the dev blocks that were read hold no token of it."
    loss, unigram = metrics[f"dev_loss_{source}"], metrics[f"unigram_loss_{source}"]
    rival = "bigram" if f"bigram_loss_{source}" in metrics else "unigram"
    bound = metrics[f"{rival}_loss_{source}"]
    frequent = "which tokens are frequent"
    less = "which token follows which" if rival == "bigram" else frequent
    if abs(loss - bound) < CLEAR:
        code, where, said = "level", "level with", f"is not shown to have learned more than {less}"
    elif loss < bound:
        code, where, said = "learned", "below", f"has learned more than {less}"
    elif loss < unigram - CLEAR:
        code, where, said = "not learned", "NOT below", f"has not learned more than {less}, though more than {frequent}"
    else:
        code, where, said = "not learned", "NOT below", f"has not learned more than {frequent}"
    text = f"{source}: {where} the {rival} model ({loss:.3f} against {bound:.3f} nats a token): it {said}."
    bits, letters = metrics.get(f"dev_bits_{source}"), LETTERS.get(kind)
    if bits is not None and letters and bits >= np.log2(letters):
        even = f"{letters} letters in equal shares cost {np.log2(letters):.3f} without any model"
        text += f" It needs {bits:.3f} bits a {UNITS[kind]}, where {even}."
    return code, text


def curve_findings(curve, metrics):
    """Whether a pretraining went on long enough, or too long: [(severity, text)], by the losses of all its dev tokens."""
    losses, steps = curve["dev_loss"].to_numpy(), curve["steps"].to_numpy()
    best, lines = int(losses.argmin()), []
    if metrics["dev_loss"] > losses[best] + CLEAR:
        text = f"The dev loss was lower before: {losses[best]:.3f} at step {steps[best]:,}, and {metrics['dev_loss']:.3f} at"
        lines.append(("flaw", f"{text} the step that was kept ({metrics['steps']:,}): it was trained too long."))
    if len(losses) > 1 and losses[-2] - losses[-1] >= CLEAR:
        fell = f"The dev loss fell by {losses[-2] - losses[-1]:.3f} from the last evaluation but one to the last"
        lines.append(("note", f"{fell}: it may fall further with more steps, and a negative answer may change."))
    return lines or [("fine", "The dev loss had come to rest, or fell by less than can be told.")]


def write_pretraining(
    path, name, model, curve, metrics, manifest, grammar, figure, template=REPORTS / "pretraining.html.j2"
):
    """Write the page of a pretrained model: one HTML file that holds all it shows and asks nothing of the network.

    Args: `model` is as from `plan.source_of`; the table of curve.tsv and metrics.json; `manifest` of its corpus;
    `grammar`, the pair sets of synthetic sentences; `figure` the SVG file of `figures.pretraining_figure`.
    """
    sources = {source: about["kind"] for source, about in manifest["sources"].items()}
    judged = {source: judge_source(metrics, source, kind) for source, kind in sources.items()}
    learned = [source for source, (code, _) in judged.items() if code == "learned"]
    options = metrics["options"]
    render(
        path,
        template,
        name=name,
        model=model,
        metrics=metrics,
        manifest=manifest,
        synthetic=synthetic_sources(manifest, grammar),
        masked="bigram_loss" not in metrics,
        judged=[(code, LEARNED[code], text) for code, text in judged.values()],
        learned=learned,
        trend=curve_findings(curve, metrics),
        units=UNITS,
        even={kind: float(np.log2(letters)) for kind, letters in LETTERS.items()},
        clear=CLEAR,
        facts={
            "architecture": model["architecture"],
            "shape": model["shape"],
            "parameters": f"{metrics['parameters']:,}",
            "tokenizer": model["tokenizer"],
            "corpus": model["corpus"],
            "seed": metrics["seed"],
            "tokens of the train split": f"{metrics['train_tokens']:,}",
            "tokens seen": f"{metrics['steps'] * options['batch_size'] * options['context']:,} in {metrics['steps']:,} steps, "
            f"epoch {metrics['epoch']} of {options['epochs']}",
            "dev tokens a loss is of": f"{metrics['dev_tokens']:,}",
            "options": {key: value for key, value in options.items() if value is not None},
            "speed": f"{metrics['tokens_per_second']:,} tokens/s, {metrics['seconds']:,.0f} s of training"
            if metrics["tokens_per_second"]
            else "no step was left to make when the last attempt began",
            "device": metrics["device"],
            "processes": metrics["processes"],
            "arithmetic": metrics["precision"],
            "attention": metrics["attention"],
            "versions": metrics["versions"],
        },
        figure=inline(figure, "figure-pretraining"),
    )
