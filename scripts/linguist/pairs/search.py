"""The BLAST search of a pair set: the rules that it depends on, and the columns of its hits. Light to import."""

SEARCH_RULES = ("windows", "max_masked", "masking", "max_hits", "max_evalue")  # what BLAST finds depends on them
# Shell commands for the folder of a BLAST database: BLAST itself finds too little in a file that was cut, or crashes.
WRITE_SUMS = """sh -c 'export LC_ALL=C; cd "$0" && cksum db.* > sums'"""
CHECK_SUMS = (
    """sh -c 'export LC_ALL=C; cd "$0" && cksum db.* | cmp -s - sums || """
    """(echo "error: $0: damaged (its checksums differ); delete it and run again" >&2; exit 1)'"""
)
# What the choice of positives depends on; a change of another rule leaves the positives as they are.
CHOICE_RULES = (*SEARCH_RULES, "min_similarity", "max_length_difference")
# The columns of -outfmt "6 ...": positions are 1-based and inclusive; sstart > send on the reverse strand.
BLAST_COLUMNS = ["qseqid", "sseqid", "qstart", "qend", "sstart", "send", "nident", "evalue", "bitscore"]
HIT_COLUMNS = ["resource", *BLAST_COLUMNS]  # the resource that was searched comes first
