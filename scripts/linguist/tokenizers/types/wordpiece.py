"""WordPiece, as BERT has it (Devlin et al. 2019)."""

from linguist.tokenizers.types import TokenizerType

SPECIAL_TOKENS = {
    "pad_token": "[PAD]",
    "unk_token": "[UNK]",
    "cls_token": "[CLS]",
    "sep_token": "[SEP]",
    "mask_token": "[MASK]",
}


def train_wordpiece(texts, vocab_size):
    """A WordPiece of `vocab_size` tokens, characters and special tokens included. The same texts give the same bytes.

    The trainer numbers the inner characters ("##a") in the order of a hash map and breaks ties by number, so two trainings
    would differ. A first pass therefore lists the inner characters; the second pass gets them in sorted order.
    """
    from tokenizers import trainers

    texts, specials = list(texts), list(SPECIAL_TOKENS.values())

    def train_vocabulary(size, first_tokens):
        tokenizer = make_wordpiece({})
        trainer = trainers.WordPieceTrainer(vocab_size=size, special_tokens=first_tokens, show_progress=False)
        tokenizer.train_from_iterator(texts, trainer)
        return tokenizer.get_vocab()

    inner = sorted(token for token in train_vocabulary(0, specials) if token.startswith("##"))
    tokenizer = make_wordpiece(train_vocabulary(vocab_size, specials + inner))
    add_special_tokens(tokenizer)
    return tokenizer, SPECIAL_TOKENS, {}


def make_wordpiece(vocabulary):
    """A WordPiece backend with a vocabulary {token: id}."""
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers

    from linguist.tokenizers.loading import LONGEST_WORD

    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]", max_input_chars_per_word=LONGEST_WORD))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=False, strip_accents=False)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    return tokenizer


def add_special_tokens(tokenizer):
    """Register BERT's special tokens in a backend, and put [CLS] and [SEP] around one text or two."""
    from tokenizers import processors

    tokenizer.add_special_tokens(list(SPECIAL_TOKENS.values()))
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[(mark, tokenizer.token_to_id(mark)) for mark in ("[CLS]", "[SEP]")],
    )


TYPE = TokenizerType(
    name="wordpiece",
    label="WordPiece tokenizer",
    train=train_wordpiece,
    needs=("vocab_size",),
    may=("sample",),
    has_mask=True,
    note="WordPiece does not keep the positions of spaces. Decoding sets spaces by a rule, so some texts change.",
)
