"""
Writes recurrent.json: what PyTorch's recurrent networks make of some sentences, and their gradients.

    pip install torch==2.13.0 && python test/models/reference/recurrent.py
"""

import json
from pathlib import Path

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

BATCH, LENGTH, SIZE, UNITS = 3, 4, 3, 2
LENGTHS = torch.tensor([4, 2, 3])
CELLS = {
    "tanh": lambda **options: nn.RNN(nonlinearity="tanh", **options),
    "relu": lambda **options: nn.RNN(nonlinearity="relu", **options),
    "lstm": nn.LSTM,
    "gru": nn.GRU,
}
POOLINGS = ["last", "max", "mean"]


def encode(network, words, pooling):
    packed = pack_padded_sequence(words, LENGTHS, batch_first=True, enforce_sorted=False)
    states, last = network(packed)
    if pooling == "last":
        hidden = last[0] if isinstance(last, tuple) else last
        directions = 2 if network.bidirectional else 1
        return torch.cat(list(hidden[-directions:]), 1)
    if pooling == "max":
        return pad_packed_sequence(states, batch_first=True, padding_value=-1e30)[0].max(1).values
    return pad_packed_sequence(states, batch_first=True)[0].sum(1) / LENGTHS[:, None]


def plain(tensor):
    return [round(value, 7) for value in tensor.detach().flatten().tolist()]


def case(cell, layers, bidirectional, pooling):
    network = CELLS[cell](
        input_size=SIZE, hidden_size=UNITS, num_layers=layers, bidirectional=bidirectional, batch_first=True
    )
    # Weights that stand in the file to the last digit.
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.copy_((parameter * 1000).round() / 1000)
    words = ((torch.randn(BATCH, LENGTH, SIZE) * 1000).round() / 1000).requires_grad_()
    encoding = encode(network, words, pooling)
    weight = torch.linspace(-1, 1, encoding.numel()).view_as(encoding)
    (encoding * weight).sum().backward()
    return {
        **{"cell": cell, "layers": layers, "bidirectional": bidirectional, "pooling": pooling},
        "words": plain(words),
        "encoding": plain(encoding),
        "wordsGradient": plain(words.grad),
        "weights": {name: plain(parameter) for name, parameter in network.named_parameters()},
        "gradients": {name: plain(parameter.grad) for name, parameter in network.named_parameters()},
    }


torch.manual_seed(7)
cases = [
    case(cell, layers, bidirectional, POOLINGS[i % 3])
    for i, (cell, layers, bidirectional) in enumerate(
        (cell, layers, bidirectional) for layers in [1, 2] for bidirectional in [False, True] for cell in CELLS
    )
] + [case("lstm", 1, True, pooling) for pooling in POOLINGS]
file = Path(__file__).with_suffix(".json")
lines = ",\n".join(json.dumps(one) for one in cases)
shape = json.dumps({"batch": BATCH, "length": LENGTH, "size": SIZE, "units": UNITS, "lengths": LENGTHS.tolist()})
file.write_text(f'{{"torch": "{torch.__version__}", "shape": {shape}, "cases": [\n{lines}\n]}}\n')
