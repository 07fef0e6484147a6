"""The page of a tokenizer, and its findings."""

from collections import Counter

from linguist.report.page import REPORTS, inline, render
from linguist.tokenizers.types import TYPES

PUBLISHED = {"dna": 0.55, "english": 0.45}  # DNAHLM: classes of its BPE's tokens


def synthetic_sources(manifest, grammar):
    """The sources of a corpus that hold sentences of the pair sets `grammar`."""
    sources = manifest["sources"].items()
    return [name for name, about in sources if not set(grammar).isdisjoint(about.get("pairsets", []))]


def published_of(vocabulary, manifest):
    """The paper's composition, for a tokenizer made as the paper's was: a BPE of DNA and text; None for others."""
    kinds = {about["kind"] for about in manifest["sources"].values()}
    return PUBLISHED if vocabulary["type"] == "bpe" and kinds == {"dna", "text"} else None


def vocabulary_findings(vocabulary):
    """What a tokenizer keeps of what it reads, a line each: [(severity, text)]; first, whether it gives texts back."""
    sources = vocabulary["sources"]
    kind = TYPES[vocabulary["type"]]
    measured = {name: about for name, about in sources.items() if about["documents"]}
    changed = {name: about for name, about in measured.items() if about["round_trip"] < 1}
    documents = sum(about["documents"] for about in measured.values())
    shares = ", ".join(f"{about['round_trip']:.2%} in {name}" for name, about in changed.items())
    if not measured:
        lines = [("unknown", "Not told whether it is lossless: it read no documents.")]
    elif changed:
        kept = ", ".join(name for name in measured if name not in changed)
        text = f"NOT lossless. Documents that come back to the letter: {shares}" + f"; all in {kept}" * bool(kept)
        lines = [("flaw" if kind.lossless else "note", f"{text}.")]
    else:
        what = "Lossless" if kind.lossless else "No loss seen"
        lines = [("fine", f"{what}: all {documents:,} documents it read come back to the letter.")]
    lines.append(("fine" if kind.lossless and not changed else "note", kind.note))
    for name, about in measured.items():
        if about["unknown"] > 0:
            share = f"{about['unknown']:.2%} of the tokens of {name} are [UNK]"
            lines.append(("flaw", f"{share}: what stands there is hidden from a model."))
    if measured and not any(about["unknown"] for about in measured.values()):
        lines.append(("fine", "No token is [UNK]."))
    if missing := [name for name in sources if name not in measured]:
        lines.append(("unknown", f"No documents of {', '.join(missing)} were read: nothing is known of them."))
    return lines


def write_vocabulary(path, name, spec, vocabulary, manifest, grammar, figure, template=REPORTS / "vocabulary.html.j2"):
    """Write the page of a tokenizer: one HTML file that holds all it shows and asks nothing of the network.

    Args: `spec` is the tokenizer's part of the config, `vocabulary` as from `vocabulary.describe_tokenizer`, `manifest`
    its corpus's, `grammar` the pair sets of synthetic sentences, `figure` the SVG file of `figures.vocabulary_figure`.
    """
    sizes = Counter()
    for about in manifest["sources"].values():
        sizes[about["kind"]] += about["splits"]["train"]["bytes"]
    taken = spec.get("sample") or min(sizes.values())
    render(
        path,
        template,
        name=name,
        spec=spec,
        vocabulary=vocabulary,
        manifest=manifest,
        synthetic=synthetic_sources(manifest, grammar),
        findings=vocabulary_findings(vocabulary),
        label=TYPES[spec["type"]].label.format(**spec),
        taken=taken if TYPES[spec["type"]].reads_texts else None,
        published=published_of(vocabulary, manifest),
        tokens=sum(members["tokens"] for members in vocabulary["classes"].values()),
        figure=inline(figure, "figure-vocabulary"),
    )
