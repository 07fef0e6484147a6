"""Whether a tokenizer belongs to its model: known when the model is fetched, not in the middle of a training."""

from linguist.errors import LinguistError

CURE = "give the tokenizer that belongs to the model"
CONFIGURED = ("pad", "bos", "eos")  # special tokens whose ids stand in config.json, too


def check_tokenizer(tokenizer, config):
    """Warnings of a tokenizer (of `load_tokenizer`) that may not be that of a model with this configuration, each a line.

    Raises LinguistError if a token has no embedding, if there is no padding token, or if the model's padding token is ordinary
    text for the tokenizer.
    """
    texts = {number: text for text, number in tokenizer.get_vocab().items()}
    if beyond := sorted(number for number in texts if number >= config.vocab_size):
        first = f"{texts[beyond[0]]!r} is token {beyond[0]}"
        problem = f"config.json has vocab_size {config.vocab_size}, but {len(beyond)} tokens of the tokenizer have no embedding"
        raise LinguistError(f"{problem} ({first}); {CURE}")
    if tokenizer.pad_token_id is None:
        raise LinguistError(
            "the tokenizer has neither a padding nor an end token; name its pad_token in tokenizer_config.json"
        )
    warnings = []
    for name in CONFIGURED:
        ours, theirs = getattr(tokenizer, f"{name}_token_id"), getattr(config, f"{name}_token_id", None)
        theirs = theirs if isinstance(theirs, list) else [theirs]  # a chat model may end an answer with one of several
        if ours is None or None in theirs or ours in theirs:
            continue
        said = f"config.json has {name}_token_id {theirs[0]} ({texts.get(theirs[0], 'no token')!r})"
        problem = f"{said}, but the tokenizer's {name}_token is {ours} ({texts[ours]!r})"
        told = f"{problem}; {CURE}, or correct config.json"
        if name == "pad" and theirs[0] not in tokenizer.all_special_ids:
            raise LinguistError(told)
        warnings.append(told)
    if tokenizer.num_special_tokens_to_add(pair=True) == 0:
        warnings.append(
            "the tokenizer puts no separator between the two sequences of a pair, which become one text; if the model knows "
            "one, add a post_processor to tokenizer.json"
        )
    return warnings
