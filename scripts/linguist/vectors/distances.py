"""Word vectors: how far the words of DNA and of protein lie from those of English in a model's hidden layers (paper 1,
section 3.7), and two controls: shuffled classes, and how far apart English words lie among themselves."""

import tempfile
from pathlib import Path

import numpy as np
import torch

from linguist.errors import LinguistError
from linguist.files import atomic_path, write_json
from linguist.provenance import versions
from linguist.tokenizers.encoding import encode_texts, pack
from linguist.tokenizers.loading import load_tokenizer
from linguist.tokenizers.vocabulary import classify, read_words
from linguist.training.batches import batches_by_length, make_collator
from linguist.training.devices import choose_attention, describe_device, make_accelerator
from linguist.training.models import load_base_model

COMPARED = ("dna", "protein", "english")  # classes of words; distances are to the last
METRICS = ("euclidean", "cosine")
BLOCK = 2048  # rows of both sides that are compared at once
BAND = (2.5, 97.5)  # percentiles of a null distribution that are told


def choose_words(words, tokenizer):
    """The words that are compared, {class: list}, in the order of their ids, each text once; and what is left out,
    {cause: number}: of another class, the text of another word, or unread (its tokenizer gives no token, or [UNK]).

    Args: `words` as from `vocabulary.read_words`, {id: text}; `tokenizer` as from `load_tokenizer`.
    """
    ordered = [words[i] for i in sorted(words)]
    known = [word for word in ordered if classify(word) in COMPARED]
    texts = list(dict.fromkeys(known))
    tokens, real = encode_words(texts, tokenizer)
    owner = np.repeat(np.arange(len(texts)), tokens.lengths)
    unknown = -1 if tokenizer.unk_token_id is None else tokenizer.unk_token_id
    read = np.bincount(owner[real], minlength=len(texts)) > 0
    read &= np.bincount(owner[real & (tokens.ids == unknown)], minlength=len(texts)) == 0
    chosen = {name: [] for name in COMPARED}
    for text, readable in zip(texts, read, strict=True):
        if readable:
            chosen[classify(text)].append(text)
    kept = sum(map(len, chosen.values()))
    left = {"other": len(ordered) - len(known), "repeated": len(known) - len(texts), "unread": len(texts) - kept}
    return chosen, left


def encode_words(texts, tokenizer):
    """Texts as a model reads each of them alone: (PairTokens, bool array beside its ids: no special token)."""
    encodings = encode_texts(tokenizer, texts)
    tokens, special = pack(encodings, np.zeros(len(texts), np.int8), np.array(texts, str))
    return tokens, ~special


def embed(model, tokens, real, batch_size, target):
    """Fill `target` (layers + 1, words, width; float32) with the vectors of words: the mean over a word's tokens, special
    ones left out, in each hidden layer; layer 0 are the embeddings. Args: as from `encode_words`."""
    to_inputs = make_collator(model, tokens, model.device)
    model.eval()
    with torch.inference_mode():
        for rows in batches_by_length(tokens.lengths, batch_size):
            mask = np.zeros((len(rows), tokens.lengths[rows].max()), np.float32)
            for at, row in enumerate(rows):
                mask[at, : tokens.lengths[row]] = real[tokens.offsets[row] : tokens.offsets[row + 1]]
            weight = torch.from_numpy(mask / mask.sum(axis=1, keepdims=True)).to(model.device)[:, None]
            for layer, states in enumerate(model(**to_inputs(rows), output_hidden_states=True).hidden_states):
                target[layer, rows] = (weight @ states.float())[:, 0].cpu().numpy()


def directions(left, right):
    """Two tensors (rows, width) with their rows scaled to length 1. Where there are rows of zeros, two more columns hold a 1
    for those of one side each, so that they stand at right angles to all rows, as scikit-learn has it."""
    lengths = [torch.linalg.vector_norm(rows, dim=1, keepdim=True) for rows in (left, right)]
    scaled = [rows / torch.where(size > 0, size, 1) for rows, size in zip((left, right), lengths, strict=True)]
    if all(size.all() for size in lengths):
        return scaled
    marks = [(size == 0).to(left.dtype) for size in lengths]
    return [
        torch.cat([scaled[0], marks[0], torch.zeros_like(marks[0])], dim=1),
        torch.cat([scaled[1], torch.zeros_like(marks[1]), marks[1]], dim=1),
    ]


def nearest(queries, targets, metric, device="cpu", block=BLOCK, others=False):
    """Distance of each row of `queries` to the nearest of `targets`: (distances, indices), as scikit-learn's brute-force
    neighbours give them, in blocks, so that no matrix of all distances is held.

    Args: two float32 arrays (rows, width); `metric` is "euclidean" or "cosine" (1 - cosine; to a row of zeros 1);
    `others`: the two are the same array, and a row is no neighbour of itself.
    |a|² + |b|² - 2ab finds the neighbour, on centred rows, since large common parts would cost digits; its distance then
    comes from the difference of the two rows. The cosine distance is half the squared distance of rows of length 1.
    """
    left, right = (torch.from_numpy(np.ascontiguousarray(rows, np.float32)).to(device) for rows in (queries, targets))
    if metric == "cosine":
        left, right = directions(left, right)
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
    """MNND: the mean over `queries` of the distance to the nearest of `targets`; None without a query."""
    if len(queries) == 0:
        return None
    return float(nearest(queries, targets, metric, device, others=others)[0].mean(dtype=np.float64))


def permute(one, other, metric, permutations, draw):
    """What the MNND of the rows `one` from those of `other` would be with their labels shuffled: dict with observed (the
    MNND of these rows), mean, low and high (BAND), p and the numbers of rows and permutations.

    p is (1 + b) / (1 + N), b of N shuffles being as far apart as the true labels or farther (Phipson & Smyth 2010).
    `draw` is a numpy Generator. Arithmetic is in float64.
    """
    rows = torch.from_numpy(np.concatenate([one, other])).double()
    left, right = directions(rows, rows) if metric == "cosine" else (rows, rows)
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
    """Rows {metric, words, mnnd} of one layer: of DNA and protein words from English ones, and of English words from one
    another. `parts` maps each class to an array (words, width)."""
    return [
        {"metric": metric, "words": name, "mnnd": mean_nearest(parts[name], parts["english"], metric, device, own)}
        for metric in METRICS
        for name, own in (("dna", False), ("protein", False), ("english", True))
    ]


def embed_words(folder, options, targets, threads):
    """Measure the words of the vocabulary of the model in `folder` (a run's weights or a model, with its tokenizer).

    Args: `options` are the config's section vector: permutations, sample, batch_size, seed.
    Writes `targets["distances"]` (JSON: words by class, what is left out, a row for each layer, metric and class, the
    control of shuffled classes in the last layer) and `targets["words"]` (npz: words, classes and last-layer vectors of a
    sample of each class, the same words for the same vocabulary).
    Raises LinguistError if the vocabulary has no word of DNA, or not two of English.
    """
    torch.set_num_threads(threads)
    accelerator, _ = make_accelerator("fp32")
    device, tokenizer = accelerator.device, load_tokenizer(folder)
    words, left = choose_words(read_words(folder), tokenizer)
    for name, least in (("dna", 1), ("english", 2)):
        if len(words[name]) < least:
            cause = f"its vocabulary has {len(words[name])} words of class {name} of two characters and more"
            raise LinguistError(f"{folder}: {cause}; take a model whose tokenizer has read DNA and English")
    model = load_base_model(folder, choose_attention("auto", device)).to(device)
    tokens, real = encode_words([word for members in words.values() for word in members], tokenizer)
    ends = np.cumsum([len(members) for members in words.values()])
    shape = (model.config.num_hidden_layers + 1, len(tokens), model.config.hidden_size)
    draw, rows, control = np.random.default_rng(options["seed"]), [], {}
    chosen = {name: draw.permutation(len(members))[: options["sample"]] for name, members in words.items()}
    Path(targets["distances"]).parent.mkdir(parents=True, exist_ok=True)
    # All layers of a large vocabulary are more than memory should hold.
    with tempfile.TemporaryFile(dir=Path(targets["distances"]).parent) as room:
        vectors = np.memmap(room, np.float32, "w+", shape=shape)
        embed(model, tokens, real, options["batch_size"], vectors)
        for layer in range(len(vectors)):
            parts = dict(zip(words, np.split(np.asarray(vectors[layer]), ends[:-1]), strict=True))
            rows += [{"layer": layer} | row for row in measure_layer(parts, device)]
        sample = {name: parts[name][order] for name, order in chosen.items()}
        for metric in METRICS:
            control[metric] = permute(sample["dna"], sample["english"], metric, options["permutations"], draw)
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
            "left_out": left,
            "rows": rows,
            "control": control,
            "options": options,
            "device": describe_device(device),
            "threads": threads,
            "versions": versions(),
        },
    )
