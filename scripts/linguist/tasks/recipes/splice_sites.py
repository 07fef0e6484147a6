"""Recipe `splice-sites`."""

from linguist.layout import resource_file
from linguist.recipe import recipe


@recipe(
    "splice-sites",
    kinds=("dna",),
    needs=("sequences", "length", "sizes"),
    files=lambda spec, name: {"sequences": resource_file(spec["sequences"])},
    resources=lambda spec: [spec["sequences"]],
    classes=3,
)
def cut_splice_site_windows(spec, files):
    """Windows centred on annotated splice sites, and windows with the same motif in the middle but no site.

    Classes: acceptor (0), donor (1), neither (2). Sites come from the introns of the CDS and mRNA features of a GenBank
    file. The intron of an acceptor ends in the middle with AG; the intron of a donor begins there with GT. Windows of
    neither have AG or GT there too; they lie in the same genes, at places where no annotated transcript is spliced.
    """
    from linguist.tasks.cutting import cut_genbank, cut_splice_sites, split_windows

    return split_windows(cut_genbank(files["sequences"], cut_splice_sites, spec), spec)
