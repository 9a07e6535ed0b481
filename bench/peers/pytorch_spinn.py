"""
SPINN in PyTorch as tutorials write it: one sentence after the other, with a Python list for the buffer and one for the stack,
trained on the very batches that Millrace trained on.
"""

import json
import sys

import torch
from steps import time_steps
from torch import nn

WARM_UP = 1


class Spinn(nn.Module):
    def __init__(self, words, size, units, tracker):
        super().__init__()
        self.embedding = nn.Embedding(words, size, padding_idx=0, sparse=True)
        self.projection = nn.Linear(size, 2 * units)
        self.norm = nn.BatchNorm1d(2 * units)
        self.dropout = nn.Dropout(0.2)
        self.tracker = nn.LSTMCell(3 * units, tracker) if tracker else None
        self.reduce = nn.Linear(2 * units + tracker, 5 * units)
        self.head = nn.Sequential(
            nn.BatchNorm1d(4 * units),
            nn.Dropout(0.2),
            nn.Linear(4 * units, units),
            nn.ReLU(),
            nn.BatchNorm1d(units),
            nn.Dropout(0.2),
            nn.Linear(units, 3),
        )
        self.units = units

    def encode(self, nodes, moves):
        """The state of the root of a sentence whose words are `nodes` [L, 2H]."""
        units = self.units
        nothing = nodes.new_zeros(1, units)
        buffer = [node.unsqueeze(0) for node in nodes.flip(0)]
        stack = []
        tracked = None
        for move in moves:
            if self.tracker:
                seen = [buffer[-1][:, :units] if buffer else nothing]
                seen += [stack[-i][:, :units] if len(stack) >= i else nothing for i in (1, 2)]
                tracked = self.tracker(torch.cat(seen, 1), tracked)
            if move == 0:
                stack.append(buffer.pop())
                continue
            (right_h, right_c), (left_h, left_c) = stack.pop().chunk(2, 1), stack.pop().chunk(2, 1)
            known = [left_h, right_h] + ([tracked[0]] if tracked else [])
            i, f_left, f_right, o, g = self.reduce(torch.cat(known, 1)).chunk(5, 1)
            cell = i.sigmoid() * g.tanh() + f_left.sigmoid() * left_c + f_right.sigmoid() * right_c
            stack.append(torch.cat([o.sigmoid() * cell.tanh(), cell], 1))
        return stack[0][:, :units]

    def forward(self, sentences, moves):
        lengths = [len(ids) for ids in sentences]
        leaves = self.dropout(self.norm(self.projection(self.embedding(torch.cat(sentences))))).split(lengths)
        encodings = torch.cat([self.encode(nodes, own) for nodes, own in zip(leaves, moves)])
        premise, hypothesis = encodings.chunk(2)
        return self.head(torch.cat([premise, hypothesis, premise - hypothesis, premise * hypothesis], 1))


def read(batch):
    sentences, moves = [], []
    for one in batch["sentences"]:
        ids, made = torch.tensor(one["ids"]).view(batch["size"], -1), one["transitions"]
        for row, length in enumerate(one["lengths"]):
            sentences.append(ids[row, :length])
            start = row * made["width"]
            moves.append(made["moves"][start : start + made["lengths"][row]])
    return (sentences, moves), torch.tensor(batch["labels"])


def main():
    options = json.loads(sys.argv[1])
    torch.set_num_threads(options["threads"])
    torch.manual_seed(1)
    with open(options["batches"], encoding="utf-8") as file:
        saved = json.load(file)
    batches = [read(batch) for batch in saved["batches"][: options["steps"]]]
    model = Spinn(saved["vocabularySize"], options["embedSize"], options["hiddenSize"], options["trackerSize"])
    time_steps(model, batches, WARM_UP)


main()
