"""What a study says: a verdict for each figure, computed from the numbers; its tables and page, and the pages of audits,
tokenizers and pretrained models."""

import re
from collections import Counter
from pathlib import Path

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from linguist.config.plan import is_control, reads_grammar, synthetic_of
from linguist.files import ROOT, write_text
from linguist.report.comparison import beside_paper
from linguist.report.pairset import SEVERITIES, findings, similarity_line
from linguist.statistics.claims import ALPHA, RIVALS, differences, headline, told_apart
from linguist.statistics.numbers import format_interval, format_number
from linguist.statistics.verdicts import VERDICTS, rows_by_arm, unlearned_warning
from linguist.training.cards import UNITS

REPORTS = ROOT / "reports"
LETTERS = {"dna": 4, "protein": 20}
CLEAR = 0.02  # nats a token: losses that are nearer than this are level, since one training has no interval
LEARNED = {"learned": "fine", "level": "note", "not learned": "flaw", "not measured": "unknown"}  # by source; severity
DESIGNS = {  # what a kind of tokenizer can give back
    "bpe": "A byte-level BPE has a token for each byte and gives every text back; one that does not is broken.",
    "wordpiece": "WordPiece is not lossless by design: it does not keep where spaces stood, and decoding sets them by rule.",
    "kmer": "k-mers are not lossless by design: they spell runs of A, C, G and T of at least k letters and nothing else; "
    "other words become [UNK]. They overlap, so a base costs a token.",
}
PUBLISHED = {"dna": 0.55, "english": 0.45}  # DNAHLM: classes of its BPE's tokens
ORIGINS = {
    "grammar": "SYNTHETIC: sentences of this project's grammar, not natural language",
    "table": "read from the resources named in the config",
    "homologs": "windows of real sequences paired by BLAST",
    "coding": "windows of real coding sequences with the protein they code for",
    "hard": "positives of another set, and negatives that match them in length and composition",
    "evolved": "sequences of another set with copies evolved by simulation",
    "splice-sites": "windows around the splice sites of annotated human genes, and decoys with the same middle",
    "gene-starts": "windows around the 5' ends of annotated human genes, and windows elsewhere",
    "repeats": "windows in and outside of what RepeatMasker found",
    "reverse-complement": "another set with one side read from the other strand",
    "union": "rows of other sets together",
}


def collect_facts(runs, tokens):
    """What a page tells of how its runs were made: {label: values}.

    Args: `runs` are the metrics.json of the runs; `tokens` maps "test, model" to the tokens.json of that test.
    """

    def seen(key):
        return sorted({str(run[key]) for run in runs})

    def seen_option(key):
        return ", ".join(sorted({str(run["options"][key]) for run in runs}))

    return {
        "fine-tuning": {key: seen_option(key) for key in runs[0]["options"]},
        "tokens that are [UNK]": shares(tokens, "unknown", "tokens"),
        "inputs cut at max_length": shares(tokens, "truncated", "inputs"),
        "device": seen("device"),
        "arithmetic": seen("precision"),
        "attention": seen("attention"),
        "training time": f"{sum(run['seconds'] for run in runs):.0f} s in {len(runs)} runs",
        "versions": runs[0]["versions"],
    }


def shares(tokens, part, whole):
    """The tests of which a share above 0 is `part`, with that share; "none" if there are none."""
    found = {name: report["test"][part] / report["test"][whole] for name, report in tokens.items()}
    return {name: f"{share:.2%}" for name, share in found.items() if share > 0} or "none"


def describe_model(spec):
    """Where a model's weights come from, in a phrase, and whether they are pretrained."""
    if "corpus" in spec:
        return f"{spec['architecture']}, pretrained here from random weights on the corpus {spec['corpus']}", True
    if "architecture" in spec:
        return f"{spec['architecture']}, from scratch: random weights, not pretrained", False
    return f"{spec['hub']} at {spec['revision']}" if "hub" in spec else f"local folder {spec['path']}", True


def learned_grammar(config, model):
    """Whether a model is pretrained on a corpus that holds synthetic sentences."""
    corpus = config["models"][model].get("corpus")
    return corpus is not None and reads_grammar(config, corpus)


def inline(path, prefix):
    """An SVG file as an element of a page: no prologue, and ids of its own, since several share the page."""
    svg = Path(path).read_text(encoding="utf-8")
    svg = svg[svg.index("<svg") :].replace("*{stroke-linejoin", f"#{prefix} *{{stroke-linejoin")
    svg = re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{prefix}-", svg)
    svg = re.sub(r' (xmlns(:xlink)?|version)="[^"]*"', "", svg).replace("xlink:href", "href")
    return Markup(svg.replace("<svg", f'<svg id="{prefix}" role="img" aria-labelledby="{prefix}-caption"', 1))


def plain(value):
    """A value of a config or of facts in words: a mapping as "key value, key value", a list with commas."""
    if isinstance(value, dict):
        return ", ".join(f"{key} {plain(item)}" for key, item in value.items())
    return ", ".join(map(plain, value)) if isinstance(value, list | tuple) else str(value)


def render(path, template, **values):
    """Write a page from a template, which finds those it builds on beside it."""
    world = Environment(
        loader=FileSystemLoader(Path(template).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    world.filters |= {"number": format_number, "plain": plain, "legible": legible}
    world.globals |= {"interval": format_interval, "unlearned": unlearned_warning, "origins": ORIGINS}
    write_text(path, world.get_template(Path(template).name).render(**values))


def write_page(
    path,
    study_name,
    config,
    judged,
    claims,
    comparisons,
    metrics,
    kinds,
    figures,
    facts,
    published=None,
    beside=None,
    template=REPORTS / "study.html.j2",
):
    """Write a study's page: one HTML file that holds all it shows and asks nothing of the network.

    Args: the `config`, or its `plan.part_of`; tables of `judge_tests`, `claims.judge_claims`, `metrics.compare`, `metrics.compute_metrics` and
    `metrics.break_down`;
    `figures` maps names (accuracy, confusion, lengths) to SVG files; `facts` maps a label to text, a list or a dict
    (versions, device …); `published` as of `published.read_published` and `beside` the SVG file of
    `figures.published_figure`, where the study asks for a paper's figures beside its own.
    """
    study = config["studies"][study_name]
    away = judged[judged["test"] != judged["trainset"]]
    above = away[away["verdict"] == "above"]
    sets = {name: config["pairsets"][name] for name in dict.fromkeys([*study["trainsets"], *study["tests"]])}
    render(
        path,
        template,
        name=study_name,
        study=study,
        groups=[(model, trainset, rows.to_dict("records")) for model, trainset, rows in rows_by_arm(judged)],
        rows=judged.to_dict("records"),
        verdicts=VERDICTS,
        tally={
            "cells": len(away),
            "above": len(above),
            "reached": int(above["baseline_reaches"].sum()),
            "all": len(judged),
        },
        pairsets=sets,
        sizes=dict(zip(judged["test"], judged["n"], strict=True)),
        headline=headline(claims),
        told_apart=told_apart(comparisons),
        differences=differences(comparisons)[2],
        kinds=[row for row in kinds.to_dict("records") if not is_control(row["model"], row["trainset"])],
        claims=claims.to_dict("records"),
        rivals=RIVALS,
        alpha=ALPHA,
        synthetic=[name for name in sets if synthetic_of(config, name)],
        models={model: describe_model(config["models"][model]) for model in study["models"]},
        grammarians=[model for model in study["models"] if learned_grammar(config, model)],
        runs=metrics.pivot(index=["model", "trainset", "seed"], columns="test", values="accuracy")[study["tests"]],
        figures={figure: inline(file, f"figure-{figure}") for figure, file in figures.items()},
        facts=facts,
        beside=beside_paper(config, study_name, judged, published) if published else None,
        beside_figure=inline(beside, "figure-published") if beside else None,
    )


def write_audit(path, name, spec, audit, figure, template=REPORTS / "audit.html.j2"):
    """Write the page of a pair set's audit: one HTML file that holds all it shows and asks nothing of the network.

    Args: `spec` is the pair set's part of the config, `audit` its audit.json, `figure` the SVG file of
    `figures.audit_figure`.
    """
    lines, bound = findings(audit), similarity_line(spec, audit)
    render(
        path,
        template,
        name=name,
        spec=spec,
        audit=audit,
        lead=lines[0],
        findings={severity: [text for found, text in lines[1:] if found == severity] for severity in SEVERITIES},
        bound=bound,
        kinds=list(dict.fromkeys(kind for split in audit["splits"].values() for kind in split["kinds"])),
        sides=list(dict.fromkeys(side for split in audit["splits"].values() for side in split["lengths"])),
        figure=inline(figure, "figure-audit"),
    )


def synthetic_sources(manifest, grammar):
    """The sources of a corpus that hold sentences of the pair sets `grammar`."""
    sources = manifest["sources"].items()
    return [name for name, about in sources if not set(grammar).isdisjoint(about.get("pairsets", []))]


def published_of(vocabulary, manifest):
    """The paper's composition, for a tokenizer made as the paper's was: a BPE of DNA and text; None for others."""
    kinds = {about["kind"] for about in manifest["sources"].values()}
    return PUBLISHED if vocabulary["kind"] == "bpe" and kinds == {"dna", "text"} else None


def vocabulary_findings(vocabulary):
    """What a tokenizer keeps of what it reads, a line each: [(severity, text)]; first, whether it gives texts back."""
    sources = vocabulary["sources"]
    kind = "kmer" if vocabulary["kind"].endswith("-mer") else vocabulary["kind"]
    measured = {name: about for name, about in sources.items() if about["documents"]}
    changed = {name: about for name, about in measured.items() if about["round_trip"] < 1}
    documents = sum(about["documents"] for about in measured.values())
    shares = ", ".join(f"{about['round_trip']:.2%} in {name}" for name, about in changed.items())
    if not measured:
        lines = [("unknown", "Not told whether it is lossless: it read no documents.")]
    elif changed:
        kept = ", ".join(name for name in measured if name not in changed)
        text = f"NOT lossless. Documents that come back to the letter: {shares}" + f"; all in {kept}" * bool(kept)
        lines = [("flaw" if kind == "bpe" else "note", f"{text}.")]
    else:
        what = "Lossless" if kind == "bpe" else "No loss seen"
        lines = [("fine", f"{what}: all {documents:,} documents it read come back to the letter.")]
    if kind in DESIGNS:
        lines.append(("fine" if kind == "bpe" and not changed else "note", DESIGNS[kind]))
    for name, about in measured.items():
        if about["unknown"] > 0:
            share = f"{about['unknown']:.2%} of the tokens of {name} are [UNK]"
            lines.append(("flaw", f"{share}: what stands there is hidden from a model."))
    if measured and not any(about["unknown"] for about in measured.values()):
        lines.append(("fine", "No token is [UNK]."))
    if missing := [name for name in sources if name not in measured]:
        lines.append(("unknown", f"No documents of {', '.join(missing)} were read: nothing is known of them."))
    return lines


def legible(word):
    """A token as it can be shown: blanks and letters without a shape as escapes."""
    return "".join(letter if letter.isprintable() and letter != " " else ascii(letter)[1:-1] for letter in word)


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
        taken=None if spec["type"] == "kmer" else taken,
        published=published_of(vocabulary, manifest),
        tokens=sum(members["tokens"] for members in vocabulary["classes"].values()),
        figure=inline(figure, "figure-vocabulary"),
    )


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
