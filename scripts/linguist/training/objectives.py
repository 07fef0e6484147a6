"""The loss of a language model. It is computed in slices together with its gradient, so that the logits of 50,000 tokens are
never all in memory, or at once, where a compiler fuses it (see `gpu`)."""

import torch
from torch import nn

SLICE, ROWS = 4096, 64  # tokens whose logits are in memory at once, and in the processor's cache
MASKED = 0.15  # share of the tokens that a BERT predicts (Devlin et al. 2019)


class Objective(nn.Module):
    """A language model with its loss (cross-entropy in nats): the mean over all targets in training, the loss of each target
    (float32) in evaluation.

    Where it is not `sliced`, all logits are in memory at once. The rows of `gpu.pad_vocabulary` have no logit.
    """

    def __init__(self, model):
        super().__init__()
        self.model, self.sliced = model, True

    def forward(self, targets, places=None, **inputs):
        hidden = self.model.base_model(**inputs, use_cache=False).last_hidden_state.flatten(0, 1)
        if places is not None:
            hidden = hidden[places]
        if hasattr(self.model, "cls"):  # the additional layer of a BERT's head
            hidden = self.model.cls.predictions.transform(hidden)
        if torch.is_autocast_enabled(hidden.device.type):
            hidden = hidden.to(torch.get_autocast_dtype(hidden.device.type))
        head = self.model.get_output_embeddings()
        if not self.sliced:
            return self.cross_entropy(hidden, head.weight, head.bias, targets)
        weight, bias, size = head.weight, head.bias, self.model.config.vocab_size
        if len(weight) > size:
            weight, bias = weight[:size], None if bias is None else bias[:size]
        if torch.is_grad_enabled():
            return MeanLoss.apply(hidden, weight, bias, targets)
        return torch.cat([losses for losses, _, _ in loss_slices(hidden, weight, bias, targets)])

    def cross_entropy(self, hidden, weight, bias, targets):
        logits = nn.functional.linear(hidden, weight, bias)[:, : self.model.config.vocab_size].float()
        return nn.functional.cross_entropy(logits, targets, reduction="mean" if torch.is_grad_enabled() else "none")


def predicted_share(model):
    """The share of a block's tokens that a model learns to predict."""
    return 1 if model.config.model_type == "gpt2" else MASKED


def loss_slices(hidden, weight, bias, targets, gradients=False):
    """Cross-entropy in slices of tokens: yields (losses (n,), the slice of `hidden`, its logits or their gradient).

    The gradient (softmax, minus one at the target) overwrites the logits, some rows at a time.
    """
    rows = ROWS if hidden.device.type == "cpu" else SLICE
    weight, bias = weight.to(hidden.dtype), None if bias is None else bias.to(hidden.dtype)
    with torch.autocast(hidden.device.type, enabled=False):
        for part, wanted in zip(hidden.split(SLICE), targets.split(SLICE), strict=True):
            logits = part @ weight.T if bias is None else torch.addmm(bias, part, weight.T)
            losses = torch.empty(len(part), device=part.device)
            for low in range(0, len(part), rows):
                here, target = logits[low : low + rows].float(), wanted[low : low + rows, None]
                total = torch.logsumexp(here, 1, keepdim=True)
                losses[low : low + rows] = (total - here.gather(1, target))[:, 0]
                if gradients:
                    here.sub_(total).exp_().scatter_add_(1, target, torch.full_like(total, -1))
                    logits[low : low + rows] = here
            yield losses, part, logits


class MeanLoss(torch.autograd.Function):
    """Mean cross-entropy of a linear layer's logits. The forward pass computes the gradient too, slice by slice, so that not
    all logits are in memory at once (as in Liger Kernel, Hsu et al. 2024)."""

    @staticmethod
    def forward(ctx, hidden, weight, bias, targets):
        cast, losses, to_hidden, to_weight, to_bias = weight.to(hidden.dtype), [], [], None, None
        for here, part, gradient in loss_slices(hidden, cast, bias, targets, gradients=True):
            with torch.autocast(hidden.device.type, enabled=False):
                losses.append(here)
                to_hidden.append(gradient @ cast)
                product = (gradient.T @ part).float()
                to_weight = product if to_weight is None else to_weight.add_(product)
                if bias is not None:
                    sums = gradient.sum(0, dtype=torch.float32)
                    to_bias = sums if to_bias is None else to_bias.add_(sums)
        ctx.save_for_backward(torch.cat(to_hidden), to_weight, to_bias)
        ctx.targets = len(targets)
        return torch.cat(losses).mean()

    @staticmethod
    def backward(ctx, gradient):
        to_hidden, to_weight, to_bias = ctx.saved_tensors
        scale = gradient / ctx.targets
        # In place, because backward runs once and the head's gradient is the largest tensor of the step.
        to_hidden = to_hidden.float().mul_(scale).to(to_hidden.dtype)
        return to_hidden, to_weight.mul_(scale), None if to_bias is None else to_bias.mul_(scale), None
