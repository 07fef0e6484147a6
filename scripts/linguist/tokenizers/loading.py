"""Loading a tokenizer from a folder, without the pitfalls of loading it by its architecture."""

import json
from dataclasses import dataclass
from pathlib import Path

from tokenizers import Tokenizer, models

from linguist.errors import LinguistError, one_line
from linguist.tokenizers.pretrained import load_pretrained

# By default WordPiece turns a word of more than 100 characters into one [UNK]. A sequence of 150 bp is one word.
LONGEST_WORD = 1_000_000


@dataclass(frozen=True)
class Encoder:
    """What encoding needs of a tokenizer. Its first two names are those of a tokenizer of transformers; `k` is set for
    k-mers."""

    backend_tokenizer: Tokenizer
    unk_token_id: int | None
    k: int | None = None


def load_encoder(folder):
    """The Encoder of a folder, read from its tokenizer.json without importing transformers; without that file, what
    `load_tokenizer` gives."""
    path = Path(folder) / "tokenizer.json"
    if not path.is_file():
        return load_tokenizer(folder)
    try:
        backend = lift_word_limit(Tokenizer.from_file(str(path)))
        model = json.loads(path.read_text(encoding="utf-8"))["model"]
        unknown = model["unk_id"] if "unk_id" in model else backend.token_to_id(model.get("unk_token") or "")
        config = Path(folder) / "tokenizer_config.json"
        k = json.loads(config.read_text(encoding="utf-8")).get("kmer") if config.is_file() else None
    except Exception as error:  # tokenizers raises bare Exception for a broken file
        raise _broken(folder, error) from None
    return Encoder(backend, unknown, k)


def load_tokenizer(folder):
    """The tokenizer of a folder as one of transformers, ready for long sequences and with a padding token (GPT-2 has none
    and gets its end token).

    Raises LinguistError if there is no fast tokenizer, or if the folder needs its own code.
    """
    from transformers import AutoTokenizer, PreTrainedTokenizerFast  # 3 s, which `load_encoder` saves

    has_config, has_tokenizer = ((Path(folder) / name).is_file() for name in ("config.json", "tokenizer.json"))
    try:
        tokenizer = load_pretrained(AutoTokenizer, folder) if has_config or not has_tokenizer else None
        # In the hub's oldest folders only the class of the architecture names the special tokens.
        named = {} if tokenizer is None else tokenizer.special_tokens_map
        if has_tokenizer:
            tokenizer = None  # a large vocabulary is not held twice
            tokenizer = load_pretrained(PreTrainedTokenizerFast, folder)
    except LinguistError:
        raise
    except Exception as error:  # tokenizers raises bare Exception for a broken file
        raise _broken(folder, error) from None
    if not tokenizer.is_fast:
        raise LinguistError(f"{folder}: has only a slow tokenizer; add its tokenizer.json")
    backend = lift_word_limit(tokenizer.backend_tokenizer)
    specials = {name: token for name, token in named.items() if backend.token_to_id(str(token)) is not None}
    specials |= tokenizer.special_tokens_map
    specials.setdefault("pad_token", specials.get("eos_token"))
    k = kmer_of(tokenizer)
    return wrap_backend(backend, specials, {} if k is None else {"kmer": k}, tokenizer.model_max_length)


def kmer_of(tokenizer):
    """The k of a k-mer tokenizer (an Encoder, or one of transformers), whose texts must be spelled first; else None."""
    return tokenizer.k if isinstance(tokenizer, Encoder) else tokenizer.init_kwargs.get("kmer")


def lift_word_limit(backend):
    """The backend, with no limit on the length of a word if it is a WordPiece."""
    model = backend.model
    if isinstance(model, models.WordPiece):
        model.max_input_chars_per_word = LONGEST_WORD
        backend.model = model
    return backend


def wrap_backend(backend, special_tokens, settings, max_length=None):
    """A backend as a tokenizer of transformers, with {name: special token} and settings for its tokenizer_config.json.

    It is the plain class: those of one architecture (BertTokenizer, GPT2Tokenizer) rebuild the backend from the vocabulary
    on every load, and lose the word limit and the splitting.
    """
    from transformers import PreTrainedTokenizerFast

    backend.no_truncation()
    backend.no_padding()
    types = ["token_type_ids"] if isinstance(backend.model, models.WordPiece | models.WordLevel) else []
    return PreTrainedTokenizerFast(
        tokenizer_object=backend,
        model_max_length=max_length,
        model_input_names=["input_ids", *types, "attention_mask"],
        **special_tokens,
        **settings,
    )


def _broken(folder, error):
    return LinguistError(
        f"{folder}: the tokenizer cannot be loaded ({one_line(error)}); add a valid tokenizer.json, or delete the folder and run again"
    )
