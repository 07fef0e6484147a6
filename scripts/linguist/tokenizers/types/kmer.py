"""Overlapping k-mers, as DNABERT has them (Ji et al. 2021)."""

from itertools import product

from linguist.errors import LinguistError
from linguist.tokenizers.types import TokenizerType
from linguist.tokenizers.types.wordpiece import SPECIAL_TOKENS, add_special_tokens


def list_kmers(texts, k):
    """A tokenizer of all 4**k k-mers of A, C, G and T, and BERT's special tokens. It reads no text."""
    from tokenizers import Tokenizer, models, pre_tokenizers

    if not 1 <= k <= 10:
        raise LinguistError(f"{k}-mers are too many or none; set k to 1 … 10")
    words = [*SPECIAL_TOKENS.values(), *map("".join, product("ACGT", repeat=k))]
    tokenizer = Tokenizer(models.WordLevel({word: i for i, word in enumerate(words)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()  # splits "[SEP]" in a text, as WordPiece's does
    add_special_tokens(tokenizer)
    return tokenizer, SPECIAL_TOKENS, {"kmer": k}  # `encoding.spell` separates a sequence into k-mers before encoding


TYPE = TokenizerType(
    name="kmer",
    label="tokenizer of overlapping {k}-mers",
    train=list_kmers,
    needs=("k",),
    reads_texts=False,
    has_mask=True,
    note="k-mers cover runs of A, C, G and T of at least k letters. Everything else becomes [UNK], so other texts are lost. "
    "k-mers overlap: a sequence has about one token per base.",
)
