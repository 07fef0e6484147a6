"""Recipe `repeats`."""

from linguist.layout import resource_file
from linguist.recipe import recipe


@recipe(
    "repeats",
    kinds=("dna",),
    needs=("sequences", "length", "sizes"),
    files=lambda spec, name: {"sequences": resource_file(spec["sequences"])},
    resources=lambda spec: [spec["sequences"]],
    classes=2,
)
def cut_repeat_windows(spec, files):
    """Windows inside and outside of the repeats that a soft-masked genome marks in lower case (RepeatMasker).

    Classes: unique (0), repeat (1). A window of a repeat is at least nine tenths lower case, a window of unique sequence
    has no lower case. The rows are upper case.
    """
    from linguist.tasks.cutting import cut_repeats, split_windows

    return split_windows(cut_repeats(files["sequences"], spec["length"]), spec)
