"""Tiny folders of models with random weights, one for each kind of architecture that people fine-tune."""

WIDTH = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 32}
GROUPED = WIDTH | {"num_key_value_heads": 2, "head_dim": 8, "max_position_embeddings": 128}
LAYERS = ["sliding_attention", "full_attention"]
# {name: (class of the language model, fields of its configuration)}
ARCHITECTURES = {
    "bert": ("BertForMaskedLM", WIDTH),
    "roberta": ("RobertaForMaskedLM", WIDTH | {"max_position_embeddings": 130}),
    "xlm-roberta": ("XLMRobertaForMaskedLM", WIDTH | {"max_position_embeddings": 130}),
    "distilbert": ("DistilBertForMaskedLM", {"dim": 16, "n_layers": 2, "n_heads": 4, "hidden_dim": 32}),
    "electra": ("ElectraForPreTraining", WIDTH | {"embedding_size": 8}),
    "albert": ("AlbertForMaskedLM", WIDTH | {"embedding_size": 8}),
    "deberta-v2": (
        "DebertaV2ForMaskedLM",
        WIDTH | {"relative_attention": True, "position_buckets": 8, "pos_att_type": ["p2c", "c2p"]},
    ),
    "modernbert": (
        "ModernBertForMaskedLM",
        WIDTH | {"local_attention": 8, "global_attn_every_n_layers": 2, "max_position_embeddings": 128},
    ),
    "esm": ("EsmForMaskedLM", WIDTH | {"position_embedding_type": "rotary", "max_position_embeddings": 130}),
    "gpt2": ("GPT2LMHeadModel", {"n_embd": 16, "n_layer": 2, "n_head": 4, "n_positions": 128}),
    "gpt-neox": ("GPTNeoXForCausalLM", WIDTH | {"max_position_embeddings": 128}),
    "llama": ("LlamaForCausalLM", GROUPED),
    "mistral": ("MistralForCausalLM", GROUPED | {"sliding_window": 8}),
    "qwen3": ("Qwen3ForCausalLM", GROUPED | {"use_sliding_window": True, "sliding_window": 8, "layer_types": LAYERS}),
    "gemma2": (
        "Gemma2ForCausalLM",
        GROUPED
        | {"sliding_window": 8, "attn_logit_softcapping": 0.3, "query_pre_attn_scalar": 4, "layer_types": LAYERS},
    ),
    "gpt-oss": (
        "GptOssForCausalLM",
        GROUPED | {"sliding_window": 8, "layer_types": LAYERS, "num_local_experts": 2, "num_experts_per_tok": 1},
    ),
}
REFUSED = {
    "xlnet": ("XLNetLMHeadModel", {"d_model": 16, "n_layer": 2, "n_head": 4, "d_inner": 32}),
    "t5": ("T5ForConditionalGeneration", {"d_model": 16, "num_layers": 2, "num_heads": 4, "d_kv": 4, "d_ff": 32}),
    "mamba": ("MambaForCausalLM", {"hidden_size": 16, "num_hidden_layers": 2, "state_size": 4}),
}


def make_architecture(name, tokenizer, folder):
    """Save a tiny model of an architecture with weights drawn from seed 0, and its tokenizer, which must have a padding token."""
    import torch
    import transformers

    kind, fields = (ARCHITECTURES | REFUSED)[name]
    kind = getattr(transformers, kind)
    ids = {f"{token}_token_id": getattr(tokenizer, f"{token}_token_id") for token in ("bos", "eos", "pad")}
    torch.manual_seed(0)
    model = kind(kind.config_class(vocab_size=len(tokenizer), **ids, **fields))
    with torch.no_grad():  # larger than usual, so that attention is far from uniform
        for parameter in model.parameters():
            if parameter.ndim > 1:
                parameter.normal_(std=0.3)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
