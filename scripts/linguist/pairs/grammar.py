"""Sentence pairs from a small grammar: a substitute for PAWS-X in the demo, without a download.

A meaning is a frame (a scenario) with a filler in every slot. In a pair of label 1, both sentences are different
realisations of one meaning. In a pair of label 0, the second sentence has two exchangeable slots swapped. Only the swap
depends on the label, and a swap does not change the bag of words. So neither shared words, nor the length, nor one
sentence alone predicts the label; only who did what to whom does. The idea is from PAWS (Zhang, Baldridge and He 2019);
the sentences are our own. On request, some negatives are easier: the second sentence is about something else, or half of
its fillers are others.

`frames.yaml` has frames, fillers and swaps; one file for each language has the realisations. The draws do not depend on
the language, so the pairs of one seed are translations of each other, as in PAWS-X (Yang et al. 2019).
"""

import hashlib
import random
import re
from collections import Counter
from dataclasses import dataclass
from functools import partial
from itertools import product
from math import comb, prod
from pathlib import Path

import yaml

from linguist.errors import LinguistError
from linguist.files import ROOT
from linguist.pairs.negatives import OVERLAP, SAME, SWAPPED, UNRELATED, deal_kinds
from linguist.splits import SPLITS

FOLDER = ROOT / "resources" / "grammar"
# The split of each tenth of all meanings: a meaning belongs to one split, whatever the seed.
TENTHS = ("train",) * 6 + ("dev",) * 2 + ("test",) * 2


def languages(folder=FOLDER):
    """The codes of the languages that have a file in `folder`, sorted."""
    return tuple(sorted(path.stem for path in Path(folder).glob("*.yaml") if path.stem != "frames"))


@dataclass(frozen=True)
class Frame:
    """A scenario: the type of filler of each slot, and the two slots that each swap exchanges."""

    name: str
    slots: dict
    swaps: dict


@dataclass(frozen=True)
class Meaning:
    """A frame and the filler of each slot, as spelled in `frames.yaml`."""

    frame: Frame
    fillers: dict

    @property
    def key(self):
        """The frame and its fillers without their slots: the same for a meaning and all its swaps."""
        return self.frame.name, *sorted(map(str, self.fillers.values()))

    @property
    def split(self):
        """The only split that may contain this meaning, from a hash of its key."""
        digest = hashlib.sha256("\t".join(self.key).encode("utf-8")).hexdigest()
        return TENTHS[int(digest, 16) % len(TENTHS)]

    def swapped(self, swap):
        """The meaning with the two slots of `swap` exchanged."""
        one, other = self.frame.swaps[swap]
        return Meaning(self.frame, self.fillers | {one: self.fillers[other], other: self.fillers[one]})


@dataclass(frozen=True)
class Scenarios:
    """What all languages share: frames, and the fillers of each type."""

    frames: tuple
    fillers: dict

    def draw(self, rng):
        """A random meaning; slots of one type get different fillers, and every order of them is equally likely."""
        frame = rng.choice(self.frames)
        deals = {type_: rng.sample(self.fillers[type_], n) for type_, n in Counter(frame.slots.values()).items()}
        return Meaning(frame, {slot: deals[type_].pop() for slot, type_ in frame.slots.items()})

    def draw_unrelated(self, rng, meaning):
        """A random meaning of another frame that has no filler in common with `meaning`."""
        other = self.draw(rng)
        while other.frame == meaning.frame or not set(other.fillers.values()).isdisjoint(meaning.fillers.values()):
            other = self.draw(rng)
        return other

    def draw_overlapping(self, rng, meaning):
        """The meaning with half of its fillers replaced by others; of an odd number, the larger or the smaller half."""
        fillers, n = dict(meaning.fillers), len(meaning.fillers)
        for slot in rng.sample(sorted(fillers), (n + rng.randrange(2)) // 2):
            taken = {*meaning.fillers.values(), *fillers.values()}
            fillers[slot] = rng.choice([new for new in self.fillers[meaning.frame.slots[slot]] if new not in taken])
        return Meaning(meaning.frame, fillers)

    def room(self, split):
        """The most meanings that may be drawn for a split: a tenth of all, so that all frames are drawn about equally often."""
        smallest = min(
            prod(comb(len(self.fillers[type_]), n) for type_, n in Counter(frame.slots.values()).items())
            for frame in self.frames
        )
        return len(self.frames) * smallest * TENTHS.count(split) // len(TENTHS) // 10


@dataclass(frozen=True)
class Language:
    """One language: the realisations (templates) of each frame, and the fillers that it spells in its own way."""

    realisations: dict
    names: dict

    def realise(self, meaning, realisation):
        """The sentence: a realisation with the meaning's fillers in the spelling of this language."""
        return realisation.format(**{slot: self.names.get(filler, filler) for slot, filler in meaning.fillers.items()})

    def realise_both(self, rng, one, other):
        """A sentence for each of two meanings, by two different realisations. Only these draws differ between languages, so
        they must come last."""
        forms = [self.realisations[meaning.frame.name] for meaning in (one, other)]
        chosen = rng.sample(forms[0], 2) if one.frame == other.frame else [rng.choice(part) for part in forms]
        return tuple(map(self.realise, (one, other), chosen))


def read_scenarios(folder=FOLDER):
    """The Scenarios of `frames.yaml`. Raises LinguistError if the file is missing or not YAML."""
    content = _read_yaml(Path(folder) / "frames.yaml")
    fillers = {
        type_: range(given["first"], given["last"] + 1) if isinstance(given, dict) else tuple(given)
        for type_, given in content["fillers"].items()
    }
    return Scenarios(tuple(Frame(name, **frame) for name, frame in content["frames"].items()), fillers)


def read_language(language, scenarios, folder=FOLDER):
    """The Language of a file with expanded templates: "[a|b] c" stands for "a c" and "b c".

    Raises LinguistError for an unknown language, a frame with fewer than two realisations, and a realisation that does
    not contain every slot of its frame exactly once (a swap would then change the bag of words).
    """
    if language not in languages(folder):
        raise LinguistError(
            f"grammar: no language {language!r} in {folder}; use one of {', '.join(languages(folder))} or add its file"
        )
    path = Path(folder) / f"{language}.yaml"
    content = _read_yaml(path) or {}
    templates = content.get("realisations") or {}
    realisations = {}
    for frame in scenarios.frames:
        forms = [form for template in templates.get(frame.name, []) for form in _expand(template)]
        realisations[frame.name] = tuple(dict.fromkeys(forms))
        if len(realisations[frame.name]) < 2:
            raise LinguistError(f"{path}: frame {frame.name} needs two realisations or more; add templates to it")
        for form in realisations[frame.name]:
            if sorted(re.findall(r"{(\w+)}", form)) != sorted(frame.slots):
                slots = ", ".join(frame.slots)
                raise LinguistError(
                    f"{path}: {frame.name}: {form!r} must contain each slot exactly once; slots: {slots}"
                )
    return Language(realisations, content.get("names") or {})


def sentence_pairs(language, n, seed, split, negatives=None, folder=FOLDER):
    """Draw `n` labelled sentence pairs of one split ("train", "dev" or "test") in one language.

    Gives a list of (id, sentence1, sentence2, label); label 1 means the same meaning. Rows 1 and 2, 3 and 4, … have one of
    each label, so the labels are balanced to within one, and a smaller `n` gives the first rows of a larger one. `negatives`
    has the share of each kind of negative, UNRELATED, OVERLAP and SWAPPED (None: all are SWAPPED), and each beginning has
    these shares to within one. The id ends with the type: `same`, `unrelated`, `overlap`, `swap_roles`, `swap_places` or
    `swap_numbers`. The same seed and split give the same meanings, labels and ids in every language. No meaning occurs in two
    rows, and no sentence occurs in two splits, whatever their seeds. `folder` has the files of the grammar.

    Raises LinguistError for an unknown language or split, and for an `n` below 2 or too large for the grammar.
    """
    scenarios, negatives = read_scenarios(folder), negatives or {SWAPPED: 1}
    speaker = read_language(language, scenarios, folder)
    if split not in SPLITS:
        raise LinguistError(f"grammar: no split {split!r}; use one of {', '.join(SPLITS)}")
    own = 1 - negatives.get(SWAPPED, 0)  # share of the negatives whose second sentence has a meaning of its own
    most = int(scenarios.room(split) / (1 + own / 2))
    if not 2 <= n <= most:
        raise LinguistError(f"grammar: {n} pairs requested for {split}; give a number from 2 to {most}, or add fillers")

    rows, used, kinds = [], set(), deal_kinds(negatives)
    draws = {UNRELATED: scenarios.draw_unrelated, OVERLAP: scenarios.draw_overlapping}
    for index in range(n):
        rng = random.Random(f"{seed} {split} {index}")
        meaning = _draw_new(partial(scenarios.draw, rng), split, used)
        swap = rng.choice(tuple(meaning.frame.swaps))
        label = (random.Random(f"{seed} {split} labels {index // 2}").randrange(2) + index) % 2
        if label:
            done, other = SAME, meaning
        elif (kind := next(kinds)) == SWAPPED:
            done, other = f"swap_{swap}", meaning.swapped(swap)
        else:
            done, other = kind, _draw_new(partial(draws[kind], rng, meaning), split, used)
        rows.append((f"{split}-{index:06d}-{done}", *speaker.realise_both(rng, meaning, other), label))
    return rows


def _draw_new(draw, split, used):
    """A meaning of a split that is not in `used` yet, and is from now on; `draw()` gives one at random."""
    meaning = draw()
    while meaning.split != split or meaning.key in used:
        meaning = draw()
    used.add(meaning.key)
    return meaning


def _expand(template):
    parts = re.split(r"\[([^\]]*)\]", template)
    return ["".join(choice) for choice in product(*(part.split("|") for part in parts))]


def _read_yaml(path):
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())
        raise LinguistError(
            f"grammar: cannot read {path} ({reason}); correct the file or give another folder"
        ) from None
