"""Sequences from outside: fetching files, FASTA, windows, BLAST and alignment."""
