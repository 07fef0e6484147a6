"""The columns of BLAST's hits, and the search for neighbours of a task's rows. Light to import: the rules read it too.

The record of a kind (`linguist.kinds`) has the program that searches it.
"""

TSV_TO_FASTA = r"""awk -F '\t' 'NR > 1 {{ print ">" $1 "\n" $2 }}'"""
# The columns of -outfmt "6 ...": positions are 1-based and inclusive; sstart > send on the reverse strand.
BLAST_COLUMNS = ["qseqid", "sseqid", "qstart", "qend", "sstart", "send", "nident", "evalue", "bitscore"]
HIT_COLUMNS = ["resource", *BLAST_COLUMNS]  # the resource that was searched comes first


def neighbours(dbsize=100_000_000):
    """The search for neighbours of a task's rows among its train rows, without -db and -out (see `neighbours.COLUMNS`).

    Many hits are kept, and chosen from afterwards; E-values refer to `dbsize` letters, whatever the train rows are.
    """
    fixed = f"-dust no -evalue 0.001 -dbsize {dbsize} -max_target_seqs 50"
    return f'blastn -task blastn -query - {fixed} -outfmt "6 qseqid sseqid bitscore"'
