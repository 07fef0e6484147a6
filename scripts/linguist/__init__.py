"""The library behind dna-linguist: all that the workflow computes. It does not know Snakemake.

Packages, in the order of the data flow. Each imports only from those above it (`make lint` checks this):

(modules)   kinds of pairs, what a recipe is, places of results, intervals, files, errors, versions and digests of code,
            counts of dropped rows
sequences   downloads, archives, FASTA, tables, windows, BLAST, alignment
pairs       pair sets: recipes, contradictory labels, families, negatives, baselines, audit
corpora     text for pretraining: documents, segments of a genome, their mixture
tokenizers  types of tokenizers, training, encoding, vocabularies
training    models, controls, the training loop, pretraining, fine-tuning, predictions
tasks       labelled sequences: recipes, prompts, instruction tuning, answers
vectors     token vectors in the hidden layers of a model, and their distances
config      the configuration: schema, checks, what it asks for, which files a job reads
statistics  metrics with intervals, comparisons, hypotheses, thresholds of judgements
report      pages, figures and the summary for the terminal
"""
