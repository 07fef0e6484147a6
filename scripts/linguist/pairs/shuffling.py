"""Random rearrangements of a sequence that keep the counts of its letters or words."""

from itertools import pairwise


def shuffle_letters(text, draw):
    """A permutation of the letters, uniform over all."""
    return "".join(draw.sample(text, len(text)))


def shuffle_words(text, size, draw):
    """A rearrangement with the same count of every word of `size` (2 or more) letters, uniform over all distinct ones.

    The text is a path through a graph: its nodes are words one letter shorter, its edges the words (Altschul & Erickson
    1985). A path uses up all edges if and only if the last exits of all nodes form a tree towards the last node. Such a
    tree is drawn uniformly by loop-erased random walks (Wilson 1996); the other exits follow in random order. The first
    and last `size` - 1 letters stay. A text shorter than `size` stays as it is.
    """
    if len(text) < size:
        return text
    nodes = [text[at : at + size - 1] for at in range(len(text) - size + 2)]
    exits = {}
    for one, other in pairwise(nodes):
        exits.setdefault(one, []).append(other)
    last, in_tree = {}, {nodes[-1]}
    for start in exits:
        at = start
        while at not in in_tree:
            last[at] = draw.choice(exits[at])  # a later visit overwrites it: that erases the loop
            at = last[at]
        at = start
        while at not in in_tree:
            in_tree.add(at)
            at = last[at]
    for node, targets in exits.items():
        if node in last:
            targets.remove(last[node])
        draw.shuffle(targets)
        if node in last:
            targets.append(last[node])
    following = {node: iter(targets) for node, targets in exits.items()}
    at, path = nodes[0], [nodes[0]]
    for _ in nodes[1:]:
        at = next(following[at])
        path.append(at[-1])
    return "".join(path)
