"""Recipe `table`."""

from linguist.kinds import KINDS
from linguist.recipe import recipe, table_files, table_resources


@recipe(
    "table",
    kinds=tuple(KINDS),
    needs=("files",),
    rules=("disjoint",),
    files=table_files,
    resources=table_resources,
    members=True,
)
def read_tables(spec, files):
    """Pairs read from published tables.

    Rows keep the order of their tables and are cut to the split's size; a split without tables has no rows. With the rule
    `disjoint`, a train row goes if dev or test holds one of its sentences, and a dev row if test does: PAWS-X's own dev
    and test share some (https://github.com/google-research-datasets/paws).
    """
    from linguist.pairs.tables import from_tables

    return from_tables(spec, files)
