"""The architectures of models from scratch, and what their shapes may have."""

from linguist.config.mistakes import refuse, suggestion
from linguist.errors import cut, show
from linguist.tokenizers.types import TYPES

# What a shape may have, the sizes first: fields of the architecture's own configuration in transformers, which takes seconds
# to import, without those that come from the tokenizer.
SHAPES = {
    "gpt2": (
        *("n_layer", "n_embd", "n_head", "n_positions", "n_inner", "initializer_range", "activation_function"),
        *("resid_pdrop", "embd_pdrop", "attn_pdrop", "layer_norm_epsilon", "tie_word_embeddings", "use_cache"),
        *("scale_attn_weights", "scale_attn_by_inverse_layer_idx", "reorder_and_upcast_attn", "add_cross_attention"),
        *("summary_type", "summary_use_proj", "summary_activation", "summary_proj_to_labels", "summary_first_dropout"),
    ),
    "bert": (
        *("num_hidden_layers", "hidden_size", "num_attention_heads", "max_position_embeddings", "intermediate_size"),
        *("initializer_range", "hidden_act", "hidden_dropout_prob", "attention_probs_dropout_prob", "layer_norm_eps"),
        *("classifier_dropout", "type_vocab_size", "tie_word_embeddings", "use_cache", "is_decoder"),
        "add_cross_attention",
    ),
}
SIZES, LARGEST = 5, 1_000_000  # fields of SHAPES that are sizes; the largest size
RATES = ("pdrop", "dropout", "dropout_prob")  # endings of fields that are shares
WIDTH, HEADS, DEPTH = 768, 12, 12  # of both architectures, if a shape does not say


def check_shape(config, name, model):
    """Raise LinguistError for a model from scratch that cannot be built, before hours go into its corpus."""
    shape, tokenizer, key = model["shape"], config["tokenizers"][model["tokenizer"]], f"models.{name}.shape"
    if model["architecture"] == "bert" and not TYPES[tokenizer["type"]].has_mask:
        masked = " or ".join(name for name, found in TYPES.items() if found.has_mask)
        refuse(f"models.{name}.tokenizer", f"bert needs one of type {masked}, not {tokenizer['type']}")
    known = SHAPES[model["architecture"]]
    for field, value in shape.items():
        if field == "vocab_size" or str(field).endswith("_token_id"):
            refuse(key, f"{cut(str(field))} comes from the tokenizer; leave it out")
        if field not in known:
            refuse(key, f"unknown key {show(field)}{suggestion(field, known)}")
        check_field(f"{key}.{field}", field, value, known)
    _, wide, many, long, *_ = known
    width, heads, positions = shape.get(wide, WIDTH), shape.get(many, HEADS), shape.get(long)
    if width % heads:
        refuse(key, f"{wide} ({width}) must be a multiple of {many} ({heads}); change one of them")
    context = (config["pretraining"] | model.get("pretraining", {}))["context"]
    if "corpus" in model and positions and positions < context:
        refuse(
            key, f"{positions} positions are fewer than pretraining.context ({context}); raise them or lower context"
        )


def check_field(key, field, value, known):
    """Raise LinguistError for a size that is no whole number, or a rate that is no share. transformers checks neither, and may
    take all memory."""
    of_width = field == "n_inner" and value is None  # four times the width
    if field in known[:SIZES] and not of_width and not (type(value) is int and 1 <= value <= LARGEST):
        refuse(key, f"is {show(value)}, but must be a whole number from 1 to {LARGEST:,}")
    if field.endswith(RATES) and type(value) in (int, float) and not 0 <= value <= 1:
        refuse(key, f"is {show(value)}, but must be a number from 0 to 1")
