"""The kinds of pairs: one record for each, with all that depends on the kind. A new kind is one record here.

Light to import: the rules and the configuration read it too.
"""

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Kind:
    """What the two sides of a pair are written in, and how such sequences are counted, searched, aligned and described.

    label: the kind in a sentence of the report
    unit, letter: the unit of a length (150 bp), and one letter in words (a base)
    sides: the kinds of sentence1 and sentence2; where they differ, each side has the letters, search and scores of its own kind
    letters, ambiguous: the letters of a sequence in a pair, and further letters that a file may contain; empty for text
    ending: a letter that may end a sequence in a file, and is removed
    composition, composition_label: the letters whose share describes the composition, and the name of that share
    blast, database: the BLAST program that searches it, with its options, and the type of database; empty if none does
    scores: (match, mismatch) or the name of a substitution matrix; BLAST's default, which our own alignments use too
    gap: what the first and each further letter of a gap cost in an alignment
    both_strands: whether a sequence and its reverse complement are the same molecule
    repeats_masked: whether WindowMasker can find its repeats
    whole_records: whether hits make whole records a family, not just the places that they overlap
    translated: whether sentence1 is DNA that is compared with sentence2 by its translation
    overlap_word: letters of a word for the baseline "k-mer overlap"
    one_side_words: longest words of sentence1 and of sentence2 for the baseline "one sentence"
    end_letters: letters at either end that the baseline "equal ends" compares
    shuffled_word: longest words whose counts a shuffled negative keeps
    """

    name: str
    label: str
    unit: str
    letter: str
    sides: tuple[str, str]
    overlap_word: int
    one_side_words: tuple[int, int]
    letters: str = ""
    ambiguous: str = ""
    ending: str = ""
    composition: str = ""
    composition_label: str = ""
    blast: str = ""
    database: str = ""
    scores: tuple[int, int] | str = ""
    gap: tuple[int, int] = (0, 0)
    both_strands: bool = False
    repeats_masked: bool = False
    whole_records: bool = False
    translated: bool = False
    end_letters: int = 0
    shuffled_word: int = 2

    @property
    def alphabets(self):
        """The kinds of both sides where they are biological sequences; nothing for text."""
        return self.sides if self.letters or self.translated else ()

    @property
    def is_text(self):
        """Whether the sides are sentences, not biological sequences."""
        return not self.alphabets

    @property
    def mixed(self):
        """Whether the two sides are of different kinds, so that they are counted apart."""
        return len(set(self.sides)) > 1


# blastn's default task, megablast, misses half of the homologs at 5 % divergence. Masked letters (lower case, and what
# DUST or SEG finds) start no hit, but a hit may run through them.
BLASTN = "blastn -task blastn -lcase_masking -dust yes"
# The lengths of words. Overlap: on the train splits of the demo, DNA pairs are wholly separated from 4 letters on, protein
# and coding pairs from 2 on, and random sequences share fewer of the longer words. Sentences have their best AUROC at 3 or
# 4 letters in Chinese and Japanese, and gain little beyond in the other languages. One side: few enough words that a few
# hundred rows can weigh them. Shuffles: with words of 2 letters, the 3-mers of sentence2 alone predict the label (accuracy
# 0.65 on dna150, 0.50 with 4); proteins of 50 residues can be rearranged with 2 only.
SENTENCE = Kind(
    "sentence",
    "sentences",
    "characters",
    "character",
    ("sentence", "sentence"),
    overlap_word=4,
    one_side_words=(3, 3),
)
DNA = Kind(
    "dna",
    "DNA",
    "bp",
    "base",
    ("dna", "dna"),
    overlap_word=6,
    one_side_words=(4, 4),
    end_letters=8,
    shuffled_word=4,
    letters="ACGT",
    ambiguous="NRYSWKMBDHV",  # IUPAC codes; N is any base
    composition="GC",
    composition_label="GC share",
    blast=BLASTN,
    database="nucl",
    scores=(2, -3),
    gap=(7, 2),
    both_strands=True,
    repeats_masked=True,
)
RNA = replace(  # BLAST reads U as T. RNA has one strand: its reverse complement is another molecule.
    DNA,
    name="rna",
    label="RNA",
    unit="nt",
    sides=("rna", "rna"),
    letters="ACGU",
    blast=f"{BLASTN} -strand plus",
    both_strands=False,
    repeats_masked=False,
)
PROTEIN = Kind(
    "protein",
    "protein",
    "residues",
    "residue",
    ("protein", "protein"),
    overlap_word=3,
    one_side_words=(2, 2),
    end_letters=5,
    letters="ACDEFGHIKLMNPQRSTVWY",
    ambiguous="BZXJUO",  # X is any residue, U and O are the two rare ones
    ending="*",
    composition="AVILMFWC",
    composition_label="hydrophobic share",
    blast="blastp -task blastp -lcase_masking -seg yes -soft_masking true",
    database="prot",
    scores="BLOSUM62",
    gap=(12, 1),
    whole_records=True,
)
CODING = Kind(
    "coding",
    "DNA with protein",
    "bp",
    "base",
    ("dna", "protein"),
    overlap_word=3,
    one_side_words=(4, 2),
    translated=True,
)
KINDS = {kind.name: kind for kind in (SENTENCE, DNA, RNA, PROTEIN, CODING)}
# Names of the kinds that BLAST can search, and of those that evolve by substitutions of bases.
SEARCHABLE = tuple(name for name, kind in KINDS.items() if kind.blast)
# Letters in a row that make two sequences one family: by chance alone they are not shared.
FAMILY_WORD = {"protein": 12, "dna": 30, "rna": 30}
NUCLEOTIDES = tuple(name for name in SEARCHABLE if KINDS[name].database == "nucl")


def kind_of_source(name):
    """The Kind of a corpus's source (its `kind` in the config); text that is not a biological sequence counts as sentences."""
    return KINDS.get(name, KINDS["sentence"])
