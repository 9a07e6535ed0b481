"""
The models of `npm run bench -- train` in PyTorch, trained on the very batches that Millrace trained on. As there, word
vectors get sparse gradients, and of them only the rows of a batch move.
"""

import json
import sys
import time

import torch
from torch import nn

WARM_UP = 10
CELLS = {
    "simple-rnn": lambda size, units: nn.RNN(size, units, nonlinearity="relu", batch_first=True),
    "lstm": lambda size, units: nn.LSTM(size, units, batch_first=True),
    "gru": lambda size, units: nn.GRU(size, units, batch_first=True),
}


class PairModel(nn.Module):
    """Both sentences through one encoder in one pass, the state behind the last word, merger, classifier."""

    def __init__(self, model, words, size, units):
        super().__init__()
        self.embedding = nn.Embedding(words, size, padding_idx=0, sparse=True)
        self.encoder = CELLS[model](size, units)
        self.head = nn.Sequential(
            nn.BatchNorm1d(4 * units),
            nn.Dropout(0.2),
            nn.Linear(4 * units, units),
            nn.ReLU(),
            nn.BatchNorm1d(units),
            nn.Dropout(0.2),
            nn.Linear(units, 3),
        )

    def forward(self, ids, lengths):
        states, _ = self.encoder(self.embedding(ids))
        # As fast as packing on a CPU or faster, since buckets leave little padding; of the same value.
        last = states[torch.arange(len(ids)), lengths - 1]
        premise, hypothesis = last.chunk(2)
        return self.head(torch.cat([premise, hypothesis, premise - hypothesis, premise * hypothesis], 1))


def tensors(batch):
    width = max(one["width"] for one in batch["sentences"])
    rows = []
    for one in batch["sentences"]:
        ids = torch.tensor(one["ids"]).view(batch["size"], one["width"])
        rows.append(nn.functional.pad(ids, (0, width - one["width"])))
    lengths = torch.tensor([length for one in batch["sentences"] for length in one["lengths"]])
    return torch.cat(rows), lengths, torch.tensor(batch["labels"])


def clip(parameters, most):
    """As `clip_grad_norm_`, which takes no sparse gradients."""
    gradients = [p.grad.coalesce() if p.grad.is_sparse else p.grad for p in parameters]
    values = [gradient.values() if gradient.is_sparse else gradient for gradient in gradients]
    norm = torch.linalg.vector_norm(torch.stack([torch.linalg.vector_norm(one) for one in values]))
    factor = torch.clamp(most / (norm + 1e-6), max=1)
    for one in values:
        one.mul_(factor)
    for parameter, gradient in zip(parameters, gradients):
        parameter.grad = gradient


def main():
    options = json.loads(sys.argv[1])
    torch.set_num_threads(options["threads"])
    torch.manual_seed(1)
    with open(options["batches"], encoding="utf-8") as file:
        saved = json.load(file)
    batches = [tensors(batch) for batch in saved["batches"]]
    model = PairModel(options["model"], saved["vocabularySize"], options["embedSize"], options["hiddenSize"])
    words = list(model.embedding.parameters())
    others = [*model.encoder.parameters(), *model.head.parameters()]
    optimizers = [torch.optim.SparseAdam(words), torch.optim.Adam(others)]
    examples = 0
    start = time.perf_counter()
    for step, (ids, lengths, labels) in enumerate(batches[:WARM_UP] + batches):
        if step == WARM_UP:
            start = time.perf_counter()
        model.zero_grad()
        loss = nn.functional.cross_entropy(model(ids, lengths), labels)
        loss.backward()
        clip([*words, *others], 5)
        for optimizer in optimizers:
            optimizer.step()
        loss.item()
        examples += len(labels) if step >= WARM_UP else 0
    seconds = time.perf_counter() - start
    print(json.dumps({"version": torch.__version__, "examplesPerSecond": examples / seconds}))


main()
