"""The page of a tokenizer, and its findings."""

from collections import Counter

from linguist.report.rows import corpus_findings
from linguist.statistics.numbers import percent
from linguist.tokenizers.types import TYPES

CLASS_LABELS = {
    "dna": "DNA",
    "protein": "protein",
    "english": "English",
    "other": "other",
}  # of tokens, as pages name them


def published_composition(vocabulary, manifest, published):
    """The paper's composition of a vocabulary, {class: share}, for a tokenizer made as the paper's; None for others."""
    kinds = {about["kind"] for about in manifest["sources"].values()}
    made = published["vocabulary"]
    return made["classes"] if vocabulary["type"] == made["type"] and kinds == set(made["kinds"]) else None


def tokenizer_findings(vocabulary):
    """What a tokenizer loses of the texts that it reads: [(severity, sentence)]. The first says whether it is lossless."""
    sources, own_type = vocabulary["sources"], TYPES[vocabulary["type"]]
    measured = {name: about for name, about in sources.items() if about["documents"]}
    changed = {name: about for name, about in measured.items() if about["round_trip"] < 1}
    documents = sum(about["documents"] for about in measured.values())
    shares = ", ".join(f"{percent(about['round_trip'])} of {name}" for name, about in changed.items())
    if not measured:
        lines = [("unknown", "Not tested whether it is lossless: it read no documents.")]
    elif changed:
        kept = ", ".join(f"100 % of {name}" for name in measured if name not in changed)
        text = f"Not lossless. Documents that decode to the same text: {shares}" + f", {kept}" * bool(kept)
        lines = [("flaw" if own_type.lossless else "note", f"{text}.")]
    else:
        what = "Lossless" if own_type.lossless else "No loss found"
        lines = [("fine", f"{what}: all {documents:,} documents tested decode to the same text.")]
    lines.append(("fine" if own_type.lossless and not changed else "note", own_type.note))
    for name, about in measured.items():
        if about["unknown"] > 0:
            lines.append(
                ("flaw", f"{percent(about['unknown'])} of the tokens of {name} are [UNK]. A model cannot see them.")
            )
    if measured and not any(about["unknown"] for about in measured.values()):
        lines.append(("fine", "No token is [UNK]."))
    if missing := [name for name in sources if name not in measured]:
        lines.append(("unknown", f"Not tested: {', '.join(missing)} (no documents)."))
    return lines


def tokenizer_page(spec, vocabulary, manifest, synthetic, published):
    """What the page of a tokenizer shows, as values for its template.

    Args: `spec` is the tokenizer's part of the config, `vocabulary` as from `vocabulary.describe_tokenizer`, `manifest` its
    corpus's, `synthetic` the sources of synthetic sentences, `published` as from `published_composition`.
    """
    sizes = Counter()
    for about in manifest["sources"].values():
        sizes[about["kind"]] += about["splits"]["train"]["bytes"]
    own_type = TYPES[spec["type"]]
    return {
        "spec": spec,
        "vocabulary": vocabulary,
        "manifest": manifest,
        "rows": corpus_findings(manifest),
        "synthetic": synthetic,
        "findings": tokenizer_findings(vocabulary),
        "label": own_type.label.format(**spec),
        "trained_on": (spec.get("sample") or min(sizes.values())) if own_type.reads_texts else None,
        "published": published,
        "classes": CLASS_LABELS,
        "tokens": sum(members["tokens"] for members in vocabulary["classes"].values()),
    }
