"""The rules of a pair set on which its BLAST search and the choice of its positives depend."""

SEARCH_RULES = ("windows", "max_masked", "masking", "max_hits", "max_evalue")  # what BLAST finds depends on them
# What the positives depend on; a change of another rule leaves them as they are.
CHOICE_RULES = (*SEARCH_RULES, "min_similarity", "max_length_difference")
