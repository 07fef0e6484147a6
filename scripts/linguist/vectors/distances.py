"""Distances between token vectors: how far DNA and protein tokens lie from English ones (paper 1, section 3.7).

MNND is the mean nearest-neighbour distance. Two controls stand beside it: shuffled class labels, and the MNND of English
tokens among themselves.
"""

import tempfile
from pathlib import Path

import numpy as np
import torch

from linguist.errors import LinguistError
from linguist.files import atomic_path, write_json
from linguist.provenance import versions
from linguist.tokenizers.loading import load_tokenizer
from linguist.tokenizers.vocabulary import read_vocabulary
from linguist.training.devices import describe_device, prepare_environment
from linguist.training.models import load_base_model
from linguist.vectors.embedding import choose_tokens, encode_alone, fill_vectors

METRICS = ("euclidean", "cosine")
BLOCK = 2048  # rows of both sides that are compared at once
BAND = (2.5, 97.5)  # percentiles of the shuffled distances that are reported


def unit_rows(left, right):
    """Two tensors (rows, width) with their rows scaled to length 1.

    If a row is zero, both get two more columns, so that zero rows are orthogonal to all others, as in scikit-learn.
    """
    lengths = [torch.linalg.vector_norm(rows, dim=1, keepdim=True) for rows in (left, right)]
    scaled = [rows / torch.where(size > 0, size, 1) for rows, size in zip((left, right), lengths, strict=True)]
    if all(size.all() for size in lengths):
        return scaled
    marks = [(size == 0).to(left.dtype) for size in lengths]
    return [
        torch.cat([scaled[0], marks[0], torch.zeros_like(marks[0])], dim=1),
        torch.cat([scaled[1], torch.zeros_like(marks[1]), marks[1]], dim=1),
    ]


def nearest_rows(queries, targets, metric, device="cpu", block=BLOCK, others=False):
    """The nearest of `targets` to each row of `queries`: (distances, indices), two arrays (queries,).

    Args: two float32 arrays (rows, width); `metric` is "euclidean" or "cosine" (1 - cosine; 1 to a row of zeros); with
    `others` the two are the same array, and a row is no neighbour of itself.
    The results equal brute-force neighbours of scikit-learn, in blocks instead of one matrix of all distances. The neighbour
    is found by |a|² + |b|² - 2ab on centred rows, since a large common part would cost digits; its distance is then computed
    from the difference of the two rows. The cosine distance is half the squared distance of rows of length 1.
    """
    left, right = (torch.from_numpy(np.ascontiguousarray(rows, np.float32)).to(device) for rows in (queries, targets))
    if metric == "cosine":
        left, right = unit_rows(left, right)
    middle = right.double().mean(dim=0).float()
    left, right = left - middle, right - middle
    squares = (right * right).sum(dim=1)
    places = torch.empty(len(left), dtype=torch.int64, device=device)
    found = torch.empty(len(left), dtype=torch.float32, device=device)
    for start in range(0, len(left), block):
        rows = left[start : start + block]
        best = torch.full((len(rows),), torch.inf, device=device)
        at = torch.zeros(len(rows), dtype=torch.int64, device=device)
        for first in range(0, len(right), block):
            part = right[first : first + block]
            scores = torch.addmm(squares[first : first + block], rows, part.T, alpha=-2)
            if others and start == first:
                scores.fill_diagonal_(torch.inf)
            low, where = scores.min(dim=1)
            better = low < best
            best, at = torch.where(better, low, best), torch.where(better, where + first, at)
        places[start : start + block] = at
        gaps = (rows - right[at]).square_().sum(dim=1)
        found[start : start + block] = gaps / 2 if metric == "cosine" else gaps.sqrt()
    return found.cpu().numpy(), places.cpu().numpy()


def mean_nearest(queries, targets, metric, device="cpu", others=False):
    """MNND: the mean distance of `queries` to their nearest of `targets`; None without queries. Args as `nearest_rows`."""
    if len(queries) == 0:
        return None
    return float(nearest_rows(queries, targets, metric, device, others=others)[0].mean(dtype=np.float64))


def shuffle_classes(one, other, metric, permutations, draw):
    """The MNND of the rows `one` from `other` when the class labels are shuffled: a dict with observed (the true labels),
    mean, low and high (percentiles BAND of the shuffles), p, and the numbers of permutations and rows (dna, english).

    p = (1 + b) / (1 + permutations), where b shuffles give at least the observed MNND (Phipson & Smyth 2010). `draw` is a
    numpy Generator. Computed in float64.
    """
    rows = torch.from_numpy(np.concatenate([one, other])).double()
    left, right = unit_rows(rows, rows) if metric == "cosine" else (rows, rows)
    middle = right.mean(dim=0)
    left, right = left - middle, right - middle
    gaps = torch.addmm((right * right).sum(dim=1), left, right.T, alpha=-2)
    gaps = gaps.add_((left * left).sum(dim=1, keepdim=True)).clamp_(min=0)
    gaps = gaps / 2 if metric == "cosine" else gaps.sqrt_()

    def mnnd(order):
        return gaps[order[: len(one)]][:, order[len(one) :]].amin(dim=1).mean().item()

    observed = mnnd(torch.arange(len(rows)))
    null = [mnnd(torch.from_numpy(draw.permutation(len(rows)))) for _ in range(permutations)]
    as_far = sum(value >= observed * (1 - 1e-9) for value in null)
    low, high = np.percentile(null, BAND)
    return {
        "observed": observed,
        "mean": float(np.mean(null)),
        "low": float(low),
        "high": float(high),
        "p": (1 + as_far) / (1 + permutations),
        "permutations": permutations,
        "dna": len(one),
        "english": len(other),
    }


def measure_layer(parts, device="cpu"):
    """The MNND of one layer, rows {metric, words (class), mnnd}: of DNA and protein tokens from English ones, and of English
    tokens from the other English ones. `parts` maps each class to an array (tokens, width)."""
    return [
        {"metric": metric, "words": name, "mnnd": mean_nearest(parts[name], parts["english"], metric, device, own)}
        for metric in METRICS
        for name, own in (("dna", False), ("protein", False), ("english", True))
    ]


def measure_distances(folder, options, targets, threads):
    """Measure the token vectors of the model in `folder` (a run's weights or a model, with its tokenizer).

    Args: `options` are the config's section vector: permutations, sample, batch_size, seed.
    Writes `targets["distances"]` (JSON: number of tokens by class and left out; MNND by layer, metric and class; the control
    of shuffled classes in the last layer) and `targets["words"]` (npz: texts, classes and last-layer vectors of a sample of
    each class, the same for the same vocabulary).
    Raises LinguistError if the vocabulary has no DNA token, or fewer than two English ones.
    """
    _, environment = prepare_environment("fp32", threads=threads)
    device, tokenizer = environment.device, load_tokenizer(folder)
    words, left_out = choose_tokens(read_vocabulary(folder), tokenizer)
    for name, least in (("dna", 1), ("english", 2)):
        if len(words[name]) < least:
            cause = f"its vocabulary has {len(words[name])} tokens of class {name} with two or more characters"
            raise LinguistError(f"{folder}: {cause}; give a model whose tokenizer was trained on DNA and English")
    model = load_base_model(folder, environment.attention).to(device)
    tokens, real = encode_alone([word for members in words.values() for word in members], tokenizer)
    ends = np.cumsum([len(members) for members in words.values()])
    shape = (model.config.num_hidden_layers + 1, len(tokens), model.config.hidden_size)
    draw, rows, control = np.random.default_rng(options["seed"]), [], {}
    chosen = {name: draw.permutation(len(members))[: options["sample"]] for name, members in words.items()}
    Path(targets["distances"]).parent.mkdir(parents=True, exist_ok=True)
    # On disk, since all layers of a large vocabulary are too much for memory.
    with tempfile.TemporaryFile(dir=Path(targets["distances"]).parent) as room:
        vectors = np.memmap(room, np.float32, "w+", shape=shape)
        fill_vectors(model, tokens, real, options["batch_size"], vectors)
        for layer in range(len(vectors)):
            parts = dict(zip(words, np.split(np.asarray(vectors[layer]), ends[:-1]), strict=True))
            rows += [{"layer": layer} | row for row in measure_layer(parts, device)]
        sample = {name: parts[name][order] for name, order in chosen.items()}
        for metric in METRICS:
            control[metric] = shuffle_classes(sample["dna"], sample["english"], metric, options["permutations"], draw)
        arrays = {
            "words": np.array([words[name][i] for name, order in chosen.items() for i in order], str),
            "classes": np.repeat(list(sample), [len(part) for part in sample.values()]),
            "vectors": np.concatenate(list(sample.values())),
        }
    with atomic_path(targets["words"]) as temporary, open(temporary, "wb") as handle:
        np.savez(handle, **arrays)
    write_json(
        targets["distances"],
        {
            "layers": shape[0] - 1,
            "width": shape[2],
            "vocabulary": len(tokenizer),
            "words": {name: len(members) for name, members in words.items()},
            "left_out": left_out,
            "rows": rows,
            "control": control,
            "options": options,
            "device": describe_device(device),
            "threads": threads,
            "versions": versions(),
        },
    )
