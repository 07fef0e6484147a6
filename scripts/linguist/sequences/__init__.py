"""Files from outside, and the sequences in them: downloads, archives, FASTA, tables, windows, BLAST, alignment."""
