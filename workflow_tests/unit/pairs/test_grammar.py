"""The demo's sentence pairs: whatever the label depends on must be the swap, and the swap alone."""

import random
import re
from collections import Counter

import pytest

from linguist.errors import LinguistError
from linguist.pairs.grammar import FOLDER, languages, read_language, read_scenarios, sentence_pairs
from linguist.splits import SPLITS

SCENARIOS = read_scenarios()


def words(sentence):
    """Bag of words and punctuation marks; of characters in languages written without spaces."""
    return Counter(re.findall(r"\w+|[^\w\s]", sentence.lower()) if " " in sentence else sentence)


def auc(values, labels):
    """Area under the ROC curve by comparing each positive with each negative."""
    positives = [value for value, label in zip(values, labels, strict=True) if label]
    negatives = Counter(value for value, label in zip(values, labels, strict=True) if not label)
    wins = sum(n * ((p > q) + 0.5 * (p == q)) for p in positives for q, n in negatives.items())
    return wins / len(positives) / negatives.total()


def meanings(n=120):
    rng = random.Random("meanings")
    return [SCENARIOS.draw(rng) for _ in range(n)]


@pytest.fixture(scope="module", params=languages())
def language(request):
    return request.param


@pytest.fixture(scope="module")
def pairs(language):
    return sentence_pairs(language, 2000, seed=7, split="train")


def test_the_seven_languages_of_paws_x():
    assert {"en", "fr", "de", "es", "zh", "ja", "ko"} <= set(languages())


def test_scenarios_offer_enough_to_say():
    assert len(SCENARIOS.frames) >= 8
    for fillers in SCENARIOS.fillers.values():
        assert len(set(fillers)) == len(fillers) >= 40
    for frame in SCENARIOS.frames:
        for one, other in frame.swaps.values():
            assert frame.slots[one] == frame.slots[other]


def test_each_language_says_each_frame_in_many_ways(language):
    realisations = read_language(language, SCENARIOS).realisations
    assert list(realisations) == [frame.name for frame in SCENARIOS.frames]
    assert min(map(len, realisations.values())) >= 6


def test_names_are_known_and_told_apart(language):
    names = read_language(language, SCENARIOS).names
    fillers = {*SCENARIOS.fillers["person"], *SCENARIOS.fillers["place"]}
    assert set(names) <= fillers
    assert len({names.get(filler, filler) for filler in fillers}) == len(fillers)


def test_unspaced_and_korean_sentences_are_wholly_in_their_script(pairs, language):
    if language in {"zh", "ja", "ko"}:
        assert not any(re.search("[A-Za-z]", one + two) for _, one, two, _ in pairs)
    if language in {"zh", "ja"}:
        assert not any(" " in one + two for _, one, two, _ in pairs)


def test_no_name_forces_an_elision_or_a_contraction():
    for kind in ("person", "place"):
        for filler in SCENARIOS.fillers[kind]:
            for code in ("fr", "es"):
                name = read_language(code, SCENARIOS).names.get(filler, filler)
                assert not re.match("[aàâeéèêioôuhy]" if code == "fr" else "i|hi|y|el ", name.lower()), name


def test_sentences_are_well_formed(pairs):
    for _, *sentences, _ in pairs:
        for sentence in sentences:
            assert not re.search(r"[\[\]{}|\t\n]|  | [.,]", sentence)
            assert sentence == sentence.strip()
            assert sentence[-1] in ".。"


def test_labels_balance_in_every_beginning(pairs):
    for n in (2, 3, 50, 999, 2000):
        assert abs(2 * sum(label for *_, label in pairs[:n]) - n) <= 1


def test_rows_are_shuffled(pairs):
    firsts = [label for *_, label in pairs[::2]]
    assert 0.4 < sum(firsts) / len(firsts) < 0.6


def test_same_seed_same_pairs_and_a_prefix_stays(pairs, language):
    assert sentence_pairs(language, 101, seed=7, split="train") == pairs[:101]
    assert sentence_pairs(language, 101, seed=8, split="train") != pairs[:101]


def test_languages_are_translations_of_each_other(pairs):
    assert [(id, label) for id, *_, label in pairs] == [
        (id, label) for id, *_, label in sentence_pairs("en", 2000, seed=7, split="train")
    ]


def test_ids_tell_what_was_done(pairs):
    done = Counter()
    for index, (id, _, _, label) in enumerate(pairs):
        split, number, change = id.split("-")
        assert (split, number, change == "same") == ("train", f"{index:06d}", label == 1)
        done[change] += 1
    assert set(done) == {"same", "swap_roles", "swap_places", "swap_numbers"}
    assert min(done.values()) > 100


def test_both_sentences_hold_the_same_fillers(pairs):
    for _, one, two, _ in pairs:
        assert sorted(re.findall(r"\d+", one)) == sorted(re.findall(r"\d+", two))


def test_no_sentence_comes_twice_or_in_two_splits(language):
    sentences = Counter()
    for split in SPLITS:
        for _, one, two, _ in sentence_pairs(language, 700, seed=SPLITS.index(split), split=split):
            sentences.update((one, two))
    assert sentences.total() == 4200
    assert max(sentences.values()) == 1


def test_words_are_common_to_the_splits(language):
    train, test = (
        {word.strip("0123456789") for _, one, _, _ in sentence_pairs(language, 1500, 1, split) for word in words(one)}
        for split in ("train", "test")
    )
    assert len(test - train) < 0.01 * len(test)


def test_a_swap_keeps_the_bag_of_words_of_every_realisation(language):
    speaker = read_language(language, SCENARIOS)
    for meaning in meanings():
        for swap in meaning.frame.swaps:
            for form in speaker.realisations[meaning.frame.name]:
                said, swapped = speaker.realise(meaning, form), speaker.realise(meaning.swapped(swap), form)
                assert words(said) == words(swapped)
                assert len(said) == len(swapped)


def test_the_meaning_decides_the_label(language):
    speaker = read_language(language, SCENARIOS)
    for meaning in meanings():
        said = {speaker.realise(meaning, form) for form in speaker.realisations[meaning.frame.name]}
        assert len(said) == len(speaker.realisations[meaning.frame.name])
        for swap in meaning.frame.swaps:
            other = meaning.swapped(swap)
            assert other.swapped(swap) == meaning
            assert (other.key, other.split) == (meaning.key, meaning.split)
            assert said.isdisjoint(speaker.realise(other, form) for form in speaker.realisations[meaning.frame.name])


def test_neither_shared_words_nor_lengths_tell_the_label(pairs):
    labels = [label for *_, label in pairs]
    bags = [(words(one), words(two)) for _, one, two, _ in pairs]
    features = {
        "words not shared": [((one - two) + (two - one)).total() for one, two in bags],
        "difference in length": [abs(len(one) - len(two)) for _, one, two, _ in pairs],
        "length of the second": [len(two) for _, _, two, _ in pairs],
    }
    # An AUC over 1000 + 1000 rows without a signal has a standard error of 0.013.
    assert {name: auc(values, labels) for name, values in features.items()} == {
        name: pytest.approx(0.5, abs=0.04) for name in features
    }


@pytest.mark.parametrize(
    ("language", "n", "split", "told"),
    [
        ("xx", 10, "train", "en"),
        ("frames", 10, "train", "en"),
        ("en", 10, "exam", "train, dev, test"),
        ("en", 1, "train", "from 2 to"),
        ("en", 10**9, "test", "from 2 to"),
    ],
)
def test_mistakes_are_told_in_one_line(language, n, split, told):
    with pytest.raises(LinguistError, match=told) as caught:
        sentence_pairs(language, n, 1, split)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "line", ["- '{person} was in {goal} in {year}.'", "- '{person} {person} {origin} {goal} {year}.'"]
)
def test_a_realisation_names_every_slot_once(tmp_path, line):
    (tmp_path / "frames.yaml").write_text((FOLDER / "frames.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    first_frame = SCENARIOS.frames[0].name
    (tmp_path / "xx.yaml").write_text(f"realisations:\n  {first_frame}:\n    {line}\n    {line}\n", encoding="utf-8")
    with pytest.raises(LinguistError, match=f"xx.yaml: .*{first_frame}"):
        sentence_pairs("xx", 10, 1, "train", folder=tmp_path)


def test_a_missing_or_broken_folder_is_told(tmp_path):
    with pytest.raises(LinguistError, match="frames.yaml"):
        sentence_pairs("en", 10, 1, "train", folder=tmp_path)
    (tmp_path / "frames.yaml").write_text("frames: [", encoding="utf-8")
    with pytest.raises(LinguistError, match="frames.yaml") as caught:
        sentence_pairs("en", 10, 1, "train", folder=tmp_path)
    assert "\n" not in str(caught.value)


# ── graded negatives ──

SHARES = {"unrelated": 0.4, "overlap": 0.3, "swapped": 0.3}


@pytest.fixture(scope="module")
def graded(language):
    return sentence_pairs(language, 1000, 7, "train", SHARES)


def kind_of(row):
    return row[0].split("-")[-1].partition("_")[0]


def fillers_in(sentence, speaker):
    """The names and numbers of a sentence."""
    names = [speaker.names.get(name, name) for type_ in ("person", "place") for name in SCENARIOS.fillers[type_]]
    return {name for name in names if name in sentence} | set(re.findall(r"\d+", sentence))


def test_graded_negatives_have_exact_shares_in_every_language(graded):
    assert Counter(map(kind_of, graded)) == {"same": 500, "unrelated": 200, "overlap": 150, "swap": 150}
    assert [(id, label) for id, *_, label in graded] == [
        (id, label) for id, *_, label in sentence_pairs("en", 1000, 7, "train", SHARES)
    ]
    assert all((kind_of(row) == "same") == (row[3] == 1) for row in graded)
    for n in (2, 3, 50, 999):
        assert abs(2 * sum(label for *_, label in graded[:n]) - n) <= 1


def test_graded_pairs_are_the_same_again_and_a_prefix_stays(graded, language):
    assert sentence_pairs(language, 101, 7, "train", SHARES) == graded[:101]
    assert sentence_pairs(language, 101, 8, "train", SHARES) != graded[:101]


def test_all_swapped_is_what_no_shares_give(pairs, language):
    assert sentence_pairs(language, 2000, 7, "train", {"swapped": 1.0}) == pairs


def test_a_kind_says_how_many_fillers_two_sentences_share(graded, language):
    speaker, shares = read_language(language, SCENARIOS), {}
    for row in graded:
        one, other = (fillers_in(side, speaker) for side in row[1:3])
        shares.setdefault(kind_of(row), []).append(len(one & other) / max(len(one), len(other)))
    assert set(shares["same"]) == set(shares["swap"]) == {1.0}
    assert sum(shares["unrelated"]) < 1  # one-letter names such as 빈 are also found inside other words
    assert all(0.3 < share < 0.7 for share in shares["overlap"])
    assert sum(shares["overlap"]) / len(shares["overlap"]) == pytest.approx(0.5, abs=0.03)


def test_no_graded_sentence_comes_twice_or_in_two_splits(language):
    sentences = Counter()
    for split in SPLITS:
        for _, one, two, _ in sentence_pairs(language, 600, SPLITS.index(split), split, SHARES):
            sentences.update((one, two))
    assert max(sentences.values()) == 1


def test_no_graded_sentence_alone_tells_the_label(graded):
    labels = [label for *_, label in graded]
    for side in (1, 2):
        assert auc([len(row[side]) for row in graded], labels) == pytest.approx(0.5, abs=0.06)


def test_graded_negatives_need_more_meanings():
    with pytest.raises(LinguistError, match="from 2 to (\\d+)") as caught:
        sentence_pairs("en", 10**9, 1, "test", {"unrelated": 1.0})
    most = int(re.search(r"to (\d+)", str(caught.value))[1])
    assert most == SCENARIOS.room("test") * 2 // 3
