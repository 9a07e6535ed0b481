"""Steps of training, as Millrace makes them: sparse gradients for word vectors, all gradients clipped together, Adam."""

import json
import time

import torch
from torch import nn

LONGEST_GRADIENT = 5.0


def clip(parameters):
    """As `clip_grad_norm_`, which takes no sparse gradients."""
    for parameter in parameters:
        if parameter.grad is not None and parameter.grad.is_sparse:
            parameter.grad = parameter.grad.coalesce()
    gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
    values = [gradient.values() if gradient.is_sparse else gradient for gradient in gradients]
    norm = torch.linalg.vector_norm(torch.stack([torch.linalg.vector_norm(one) for one in values]))
    factor = LONGEST_GRADIENT / norm.clamp(min=LONGEST_GRADIENT)
    for one in values:
        one.mul_(factor)


def optimizers_of(words, others, rate=0.001):
    """Of word vectors, only the rows of a batch move."""
    return [torch.optim.SparseAdam([words], rate), torch.optim.Adam(others, rate)]


def time_steps(model, batches, warm_up):
    """
    Trains a model that has its word vectors in `embedding`, and prints how many pairs it reads in a second.

    batches: `(inputs, labels)`, the first `warm_up` of which are trained on once more, before the clock starts
    """
    words = model.embedding.weight
    others = [parameter for parameter in model.parameters() if parameter is not words]
    optimizers = optimizers_of(words, others)
    examples = 0
    start = time.perf_counter()
    for step, (inputs, labels) in enumerate(batches[:warm_up] + batches):
        if step == warm_up:
            start = time.perf_counter()
        model.zero_grad()
        loss = nn.functional.cross_entropy(model(*inputs), labels)
        loss.backward()
        clip([words, *others])
        for optimizer in optimizers:
            optimizer.step()
        loss.item()
        examples += len(labels) if step >= warm_up else 0
    seconds = time.perf_counter() - start
    print(json.dumps({"version": torch.__version__, "examplesPerSecond": examples / seconds}))
