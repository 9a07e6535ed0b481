"""
The models of `npm run bench -- train` in PyTorch, trained on the very batches that Millrace trained on.
"""

import json
import sys

import torch
from steps import time_steps
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
    return (torch.cat(rows), lengths), torch.tensor(batch["labels"])


def main():
    options = json.loads(sys.argv[1])
    torch.set_num_threads(options["threads"])
    torch.manual_seed(1)
    with open(options["batches"], encoding="utf-8") as file:
        saved = json.load(file)
    batches = [tensors(batch) for batch in saved["batches"]]
    model = PairModel(options["model"], saved["vocabularySize"], options["embedSize"], options["hiddenSize"])
    time_steps(model, batches, WARM_UP)


main()
