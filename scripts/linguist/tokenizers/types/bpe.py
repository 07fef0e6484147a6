"""Byte-level BPE, as GPT-2 has it (Radford et al. 2019)."""

from linguist.tokenizers.types import TokenizerType

# GPT-2 has one special token for everything. gene_eng_gpt2 (paper 1) has a padding token of its own.
SPECIAL_TOKENS = {
    "bos_token": "<|endoftext|>",
    "eos_token": "<|endoftext|>",
    "pad_token": "<pad>",
    "unk_token": "<unk>",
}


def train_bpe(texts, vocab_size, max_token_length=None):
    """A BPE of `vocab_size` tokens, the 256 bytes and the special tokens included.

    `max_token_length` (characters) bounds what is merged. By default nothing does, as in the authors' tokenizer: 3.3 % of
    their 18,856 tokens of DNA exceed 20 bp (parts of Alu and L1 repeats), 0.6 % exceed 32. With 6 MB of chrX and 6 MB of
    English, a bound of 20 changes the share of DNA tokens by 0.001 and the bases per token by 0.4 %. Set a bound for texts
    that repeat each other, such as homologous proteins: otherwise whole sequences become tokens.
    """
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers

    tokenizer = Tokenizer(models.BPE(unk_token=SPECIAL_TOKENS["unk_token"]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        special_tokens=list(dict.fromkeys(SPECIAL_TOKENS.values())),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        max_token_length=max_token_length,
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer, SPECIAL_TOKENS, {}


TYPE = TokenizerType(
    name="bpe",
    label="byte-level BPE tokenizer",
    train=train_bpe,
    needs=("vocab_size",),
    may=("sample", "max_token_length"),
    lossless=True,
    note="A byte-level BPE has a token for each byte, so decoding gives every text back. If it does not, it is broken.",
)
