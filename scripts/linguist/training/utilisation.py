"""Model FLOPs utilisation: how much of a device's arithmetic a pretraining uses."""

import time

import torch

from linguist.training.objectives import predicted_share

SIZE, PRODUCTS = 8192, 10  # rows and columns of the matrices, and products of them, whose rate is measured


def product_rate(device, precision):
    """FLOP/s of bare products of square matrices in the precision of a training; None for a device that is not a GPU."""
    if device.type != "cuda":
        return None
    one, other, out = torch.randn(3, SIZE, SIZE, device=device).to(
        {"bf16": torch.bfloat16, "fp32": torch.float32}[precision]
    )
    for _ in range(2):  # the first one waits for the library
        torch.mm(one, other, out=out)
    torch.cuda.synchronize(device)
    begun = time.perf_counter()
    for _ in range(PRODUCTS):
        torch.mm(one, other, out=out)
    torch.cuda.synchronize(device)
    return PRODUCTS * 2 * SIZE**3 / (time.perf_counter() - begun)


def flops_per_token(model, context):
    """Model FLOPs of a token's forward and backward pass in pretraining on blocks of `context` tokens: 6 N + 12 L d T of
    Chowdhery et al. (2022, appendix B).

    A causal model needs half of the second term, since a token attends to those before it. The head of a masked language
    model is computed for the predicted tokens only. What attention within documents saves is not subtracted.
    """
    config, causal = model.config, model.config.model_type == "gpt2"
    rows, head = model.get_input_embeddings().num_embeddings, model.get_output_embeddings()
    per_row = config.hidden_size + (head.bias is not None)
    padding = (rows - config.vocab_size) * per_row  # of `gpu.pad_vocabulary`
    parameters = sum(parameter.numel() for parameter in model.parameters()) - padding
    parameters -= (1 - predicted_share(model)) * config.vocab_size * config.hidden_size
    return 6 * parameters + (6 if causal else 12) * config.num_hidden_layers * config.hidden_size * context
