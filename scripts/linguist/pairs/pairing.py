"""Negatives of homologs: the positives' own sequences, paired anew."""

from bisect import bisect_right
from collections import deque
from dataclasses import replace

from linguist.errors import LinguistError
from linguist.kinds import KINDS
from linguist.sequences.alignment import local_similarity


def exchange_partners(kind, positives, rules):
    """As many negatives as positives: sentence1 of one with sentence2 of another, matched in length and composition.

    Composition is the share of some letters (`Kind.composition`). The two sides of a negative are of different families,
    obey the length rule and have a local similarity below rules["max_negative_similarity"]. Each sentence2 is used once.
    Raises LinguistError if a positive finds no partner.
    """
    counted = KINDS[kind].composition

    def place(pair):
        return len(pair.sentence2), sum(map(pair.sentence2.count, counted)) / len(pair.sentence2)

    def fits(one, other):
        pair, taken = order[one], order[other]
        length1, length2 = len(pair.sentence1), len(taken.sentence2)
        return (
            taken.family != pair.family
            and abs(length1 - length2) <= rules["max_length_difference"] * max(length1, length2)
            and local_similarity(kind, pair.sentence1, taken.sentence2) < rules["max_negative_similarity"]
        )

    order = sorted(positives, key=place)
    partners = pair_off(len(order), fits)
    if None in partners:
        raise LinguistError(
            f"no negative fits {order[partners.index(None)].id1}; add sequences of other families, or raise "
            f"rules.max_negative_similarity ({rules['max_negative_similarity']})"
        )
    taken = [order[other] for other in partners]
    return [replace(one, id2=other.id2, sentence2=other.sentence2) for one, other in zip(order, taken, strict=True)]


def pair_off(n, fits):
    """Give each number below `n` a partner of its own among these numbers, such that `fits(one, partner)`.

    The nearest free number that fits is taken. Where none fits, others change their partners along a shortest chain (an
    augmenting path, Berge 1957), so that all get one if that is possible. Gives the partners; None where there is none.
    """
    free, partner, taker = list(range(n)), {}, {}

    def nearest_free(one):
        return next((other for other in outward(free, bisect_right(free, one)) if fits(one, other)), None)

    for one in range(n):
        reached, queue = {one: None}, deque([one])  # one: who would take its partner
        last, found = one, nearest_free(one)
        while found is None and queue:
            seeker = queue.popleft()
            for other in outward(range(n), seeker):
                last = taker.get(other, seeker)
                if last not in reached and fits(seeker, other):
                    reached[last] = seeker
                    queue.append(last)
                    found = nearest_free(last)
                    if found is not None:
                        break
        if found is None:
            continue
        free.remove(found)
        while last is not None:
            given_up = partner.get(last)
            partner[last], taker[found] = found, last
            last, found = reached[last], given_up
    return [partner.get(one) for one in range(n)]


def outward(items, at):
    """All items, those nearest to position `at` first."""
    for step in range(max(at, len(items) - at) + 1):
        if at + step < len(items):
            yield items[at + step]
        if step and at - step >= 0:
            yield items[at - step]
