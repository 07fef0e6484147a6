"""The thresholds behind the judgements of the report, in one place. Change one, and every page follows."""

# Paired tests.
ALPHA = 0.05  # a difference or hypothesis is significant if its corrected p-value is below this
# A claim with fewer seeds is exploratory. Some seeds fail to train; if few are tried, it is too likely that none of them does.
SEEDS_FOR_CLAIM = 5
SEEDS_FOR_TRANSFER = 10  # for models trained on sentences and tested on sequences, where more seeds fail
ONE_CLASS = 0.02  # a model predicts only one class if the other gets less than this share of its predictions

# Audit of a pair set.
RANKING_ABOVE = 0.52  # a baseline ranks pairs if its AUROC's interval lies above this; one at chance often clears 0.5
SOLVABLE_FROM = 0.8  # accuracy from which alignment or translation shows that the labels can be recovered
STRONG_SHORTCUT = 0.05  # gain over chance from which a shortcut is strong
SORTED_ROWS = 3  # standard deviations from chance beyond which the order of the rows depends on the label
UNBALANCED = 0.02  # distance of the share of positives from one half
CLUSTERED_CODON = 0.05  # share of positives with a start codon at one offset ...
CLUSTERED_RATIO = 3  # ... and how many times the share elsewhere that must be

# Pretraining. One training with one seed has no interval.
LOSS_DIFFERENCE = 0.02  # nats per token; losses that are closer count as equal

# Tokenizer.
UNREADABLE = 0.05  # share of [UNK] among the tokens of a test above which a study's page warns
MUCH_UNKNOWN = 0.01  # share of [UNK] from which characters per token say little

# Tasks.
FOLLOWS_INSTRUCTION = 0.5  # a model that answers more than this share of swapped instructions follows the instruction

# Token vectors.
SEPARATE_CLASSES = 0.05  # p of the shuffled labels up to which DNA and English tokens are separate
