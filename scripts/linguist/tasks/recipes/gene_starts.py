"""Recipe `gene-starts`."""

from linguist.layout import resource_file
from linguist.recipe import recipe


@recipe(
    "gene-starts",
    kinds=("dna",),
    needs=("sequences", "length", "sizes"),
    files=lambda spec, name: {"sequences": resource_file(spec["sequences"])},
    resources=lambda spec: [spec["sequences"]],
    classes=2,
)
def cut_gene_start_windows(spec, files):
    """Windows around transcription start sites (annotated 5' ends of genes in GenBank), and windows elsewhere.

    Classes: elsewhere (0), start (1). Starts are the 5' ends of the features gene, mRNA and prim_transcript; four fifths of
    a window lie upstream. They stand in for promoters: in some records the annotated gene is only its coding part. Windows
    elsewhere lie in the same records, more than two window lengths from every start.
    """
    from linguist.tasks.cutting import cut_genbank, cut_gene_starts, split_windows

    return split_windows(cut_genbank(files["sequences"], cut_gene_starts, spec), spec)
