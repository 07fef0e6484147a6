"""Sentence pairs from a small grammar: a substitute for PAWS-X in the demo, without a download.

A meaning is a frame (a scenario) with a filler in every slot. In a pair of label 1, both sentences are different
realisations of one meaning. In a pair of label 0, the second sentence has two exchangeable slots swapped. Only the swap
depends on the label, and a swap does not change the bag of words. So neither shared words, nor the length, nor one
sentence alone predicts the label; only who did what to whom does. The idea is from PAWS (Zhang, Baldridge and He 2019);
the sentences are our own.

`frames.yaml` has frames, fillers and swaps; one file for each language has the realisations. The draws do not depend on
the language, so the pairs of one seed are translations of each other, as in PAWS-X (Yang et al. 2019).
"""

import hashlib
import random
import re
from collections import Counter
from dataclasses import dataclass
from itertools import product
from math import comb, prod
from pathlib import Path

import yaml

from linguist.errors import LinguistError
from linguist.files import ROOT
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

    def room(self, split):
        """The most rows that a split may have: a tenth of its meanings, so that all frames are drawn about equally often."""
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


def sentence_pairs(language, n, seed, split, folder=FOLDER):
    """Draw `n` labelled sentence pairs of one split ("train", "dev" or "test") in one language.

    Gives a list of (id, sentence1, sentence2, label); label 1 means the same meaning. Rows 1 and 2, 3 and 4, … have one of
    each label, so the labels are balanced to within one, and a smaller `n` gives the first rows of a larger one. The id
    ends with the type: `same`, `swap_roles`, `swap_places` or `swap_numbers`. The same seed and split give the same
    meanings, labels and ids in every language. No meaning occurs twice, and no sentence occurs in two splits, whatever
    their seeds. `folder` has the files of the grammar.

    Raises LinguistError for an unknown language or split, and for an `n` below 2 or too large for the grammar.
    """
    scenarios = read_scenarios(folder)
    speaker = read_language(language, scenarios, folder)
    if split not in SPLITS:
        raise LinguistError(f"grammar: no split {split!r}; use one of {', '.join(SPLITS)}")
    room = scenarios.room(split)
    if not 2 <= n <= room:
        raise LinguistError(f"grammar: {n} pairs requested for {split}; give a number from 2 to {room}, or add fillers")

    rows, used = [], set()
    for index in range(n):
        rng = random.Random(f"{seed} {split} {index}")
        meaning = scenarios.draw(rng)
        while meaning.split != split or meaning.key in used:
            meaning = scenarios.draw(rng)
        used.add(meaning.key)
        swap = rng.choice(tuple(meaning.frame.swaps))
        # The only draw that differs between languages comes last, so that the others are the same in all of them.
        form1, form2 = rng.sample(speaker.realisations[meaning.frame.name], 2)
        label = (random.Random(f"{seed} {split} labels {index // 2}").randrange(2) + index) % 2
        done, other = ("same", meaning) if label else (f"swap_{swap}", meaning.swapped(swap))
        rows.append(
            (f"{split}-{index:06d}-{done}", speaker.realise(meaning, form1), speaker.realise(other, form2), label)
        )
    return rows


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
