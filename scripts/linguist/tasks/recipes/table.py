"""Recipe `table`."""

from linguist.recipe import recipe, table_files, table_resources


@recipe(
    "table",
    kinds=("dna",),
    needs=("files",),
    optional=("sizes", "folder"),
    files=lambda spec, name: spec["files"] if "folder" in spec else table_files(spec, name),
    resources=lambda spec: [] if "folder" in spec else table_resources(spec),
    members=True,
)
def read_tables(spec, files):
    """Rows of published tables with their own splits.

    Rows keep their order. Of a split with more rows than `sizes` asks for, that many are drawn at random, since some
    published splits are sorted by label.
    """
    from linguist.tasks.tables import read_table_splits

    return read_table_splits(spec, files)
