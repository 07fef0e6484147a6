"""What BLAST is asked for, and what comes back. Light to import: the rules read it too."""

# megablast, blastn's default task, misses half of the homologs at 5 % divergence.
PROGRAMS = {"dna": "blastn -task blastn", "protein": "blastp"}
DATABASE_TYPES = {"dna": "nucl", "protein": "prot"}
# The columns of -outfmt "6 ...": positions are 1-based and inclusive; sstart > send on the reverse strand.
HIT_COLUMNS = ["qseqid", "sseqid", "qstart", "qend", "sstart", "send", "nident", "evalue", "bitscore"]
