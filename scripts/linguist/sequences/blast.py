"""What BLAST is asked for, and what comes back. Light to import: the rules read it too."""

# megablast, blastn's default task, misses half of the homologs at 5 % divergence. Masked letters (lower case, and what
# DUST or SEG find) start no hit, but a hit may run through them.
PROGRAMS = {
    "dna": "blastn -task blastn -lcase_masking -dust yes",
    "protein": "blastp -task blastp -lcase_masking -seg yes -soft_masking true",
}
# Its default scores, which our own alignments have too: of an identity and another pair of letters (of proteins, in a matrix),
# and of a gap's first letter and each further one.
LETTER_SCORES = {"dna": (2, -3), "protein": "BLOSUM62"}
GAP_SCORES = {"dna": (7, 2), "protein": (12, 1)}
DATABASE_TYPES = {"dna": "nucl", "protein": "prot"}
TSV_TO_FASTA = r"""awk -F '\t' 'NR > 1 {{ print ">" $1 "\n" $2 }}'"""
# The columns of -outfmt "6 ...": positions are 1-based and inclusive; sstart > send on the reverse strand.
BLAST_COLUMNS = ["qseqid", "sseqid", "qstart", "qend", "sstart", "send", "nident", "evalue", "bitscore"]
HIT_COLUMNS = ["resource", *BLAST_COLUMNS]  # the resource that was searched goes before them


def neighbours(dbsize=100_000_000):
    """The search for neighbours of a task's rows among its train rows, without -db and -out (see `neighbours.COLUMNS`).

    Many hits are kept, and chosen from afterwards; E-values refer to `dbsize` letters, whatever the train rows are.
    """
    fixed = f"-dust no -evalue 0.001 -dbsize {dbsize} -max_target_seqs 50"
    return f'blastn -task blastn -query - {fixed} -outfmt "6 qseqid sseqid bitscore"'
