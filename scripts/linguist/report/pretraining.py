"""The page of a pretrained model: whether it learned more of each source than counting tokens gives."""

import numpy as np

from linguist.kinds import kind_of_source
from linguist.report.rows import corpus_findings
from linguist.statistics.thresholds import LOSS_DIFFERENCE

LEARNED = {"learned": "fine", "equal": "note", "not learned": "flaw", "not measured": "unknown"}  # severity by code


def judge_source(metrics, source, kind):
    """Whether a pretrained model learned a source of its corpus, decided by its dev losses: (code of LEARNED, sentence).

    A model that predicts each next token is compared with a bigram model (counts of token pairs). A masked one is compared with
    a unigram model (token frequencies), since bigrams were not counted for it. `kind` is the source's.
    """
    if f"dev_loss_{source}" not in metrics:
        return "not measured", f"{source}: not measured. The dev blocks that were read hold no token of it."
    loss, unigram = metrics[f"dev_loss_{source}"], metrics[f"unigram_loss_{source}"]
    reference = "bigram" if f"bigram_loss_{source}" in metrics else "unigram"
    bound = metrics[f"{reference}_loss_{source}"]
    losses = f"({loss:.3f} against {bound:.3f} nats per token)"
    if abs(loss - bound) < LOSS_DIFFERENCE:
        code, text = "equal", f"{source}: not different from the {reference} model {losses}."
    elif loss < bound:
        code, text = "learned", f"{source}: better than the {reference} model {losses}."
    else:
        code, text = "not learned", f"{source}: worse than the {reference} model {losses}"
        better = loss < unigram - LOSS_DIFFERENCE
        text += f", {'but' if better else 'and not'} better than token frequencies." if reference == "bigram" else "."
    bits, uniform = metrics.get(f"dev_bits_{source}"), uniform_bits(kind)
    if bits is not None and uniform is not None and bits >= uniform:
        letter = kind_of_source(kind).letter
        text += f" It needs {bits:.3f} bits per {letter}; a {letter} costs {uniform:.3f} without any model."
    return code, text


def uniform_bits(kind):
    """Bits per letter if all letters of a kind of source are equally frequent; None for text."""
    letters = kind_of_source(kind).letters
    return float(np.log2(len(letters))) if letters else None


def curve_findings(curve, metrics):
    """Whether a pretraining was too short or too long, by the dev loss of all sources: [(severity, sentence)]."""
    losses, steps = curve["dev_loss"].to_numpy(), curve["steps"].to_numpy()
    best, lines = int(losses.argmin()), []
    if metrics["dev_loss"] > losses[best] + LOSS_DIFFERENCE:
        text = f"Training was too long. The dev loss was {losses[best]:.3f} at step {steps[best]:,}"
        lines.append(("flaw", f"{text} and is {metrics['dev_loss']:.3f} at the step kept ({metrics['steps']:,})."))
    if len(losses) > 1 and losses[-2] - losses[-1] >= LOSS_DIFFERENCE:
        text = f"The dev loss still fell at the end, by {losses[-2] - losses[-1]:.3f} between the last two evaluations."
        lines.append(("note", f"{text} More steps may lower it further and change a negative result."))
    text = f"The step kept has the lowest dev loss (within {LOSS_DIFFERENCE}), and the loss no longer fell at the end."
    return lines or [("fine", text)]


def pretraining_page(model, curve, metrics, manifest, synthetic):
    """What the page of a pretrained model shows, as values for its template.

    Args: `model` is as from `settings.model_settings`; `curve` the table of curve.tsv and `metrics` metrics.json; `manifest` of its
    corpus; `synthetic` the sources of synthetic sentences.
    """
    sources = {source: about["kind"] for source, about in manifest["sources"].items()}
    judged = [judge_source(metrics, source, kind) for source, kind in sources.items()]
    return {
        "model": model,
        "metrics": metrics,
        "manifest": manifest,
        "rows": corpus_findings(manifest),
        "synthetic": synthetic,
        "masked": "bigram_loss" not in metrics,
        "judged": [(code, LEARNED[code], text) for code, text in judged],
        "learned": [source for source, (code, _) in zip(sources, judged, strict=True) if code == "learned"],
        "trend": curve_findings(curve, metrics),
        "letters": {kind: kind_of_source(kind).letter for kind in sources.values()},
        "uniform": {kind: uniform_bits(kind) for kind in sources.values()},
        "loss_difference": LOSS_DIFFERENCE,
    }
