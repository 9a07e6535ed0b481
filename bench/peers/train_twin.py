"""
Trains a twin of one of our models (twins.py) as `millrace train` trains ours: the same tokens, vocabulary, word vectors,
distributions to start from, optimizer, and choice of the best epoch. It reads what `millrace pipe` writes:

    millrace pipe SRC parse transitions tokenize lowercase --to train.jsonl     (without transitions but for spinn)
    python bench/peers/train_twin.py --model bilstm-max --train train.jsonl --dev dev.jsonl --glove glove.6B.100d.txt
"""

import argparse
import json
import random
import sys
import time
from collections import Counter

import torch
from steps import clip, optimizers_of
from twins import LABELS, PairModel

MODELS = {
    "simple-rnn": {"model": "simple-rnn"},
    "bilstm-max": {"model": "advanced-rnn", "cell": "lstm", "bidirectional": True, "pooling": "max"},
    "spinn": {"model": "spinn"},
}
# Ends of the buckets, in tokens of a pair's longer sentence.
BOUNDARIES = [8, 10, 12, 14, 16, 18, 20, 23, 26, 30, 36]
PATIENCE, DECAY = 5, 0.5
SIDES = ["premise", "hypothesis"]
UNKNOWN = 1


def read_pairs(path):
    """The pairs that have a label."""
    with open(path, encoding="utf-8") as file:
        return [pair for pair in map(json.loads, file) if pair.get("label") is not None]


def vocabulary_of(pairs):
    """As Millrace orders it: the most frequent first, equally frequent ones by their bytes."""
    counts = Counter(token for pair in pairs for side in SIDES for token in pair[side]["tokens"])
    words = sorted(counts, key=lambda token: (-counts[token], token.encode()))
    return {token: i for i, token in enumerate(["<pad>", "<unk>", *words])}


def glove_vectors(path, vocabulary, generator):
    """As `--missing random`: words without a vector get normal numbers like those of the others, <unk> the mean vector."""
    found = {}
    with open(path, encoding="utf-8") as file:
        for line in file:
            word, _, numbers = line.partition(" ")
            if vocabulary.get(word, 0) > UNKNOWN and word not in found:
                found[word] = torch.tensor([float(number) for number in numbers.split()])
    known = torch.stack(list(found.values()))
    vectors = known.mean() + known.std(correction=0) * torch.randn(
        len(vocabulary), known.shape[1], generator=generator
    )
    for word, vector in found.items():
        vectors[vocabulary[word]] = vector
    vectors[0], vectors[UNKNOWN] = 0, known.mean(0)
    print(f"vectors for {len(found)} of {len(vocabulary) - 2} words", file=sys.stderr)
    return vectors


def numbered(pairs, vocabulary):
    """Sentences as ids, moves and a label."""
    return [
        {
            "ids": [[vocabulary.get(token, UNKNOWN) for token in pair[side]["tokens"]] for side in SIDES],
            "moves": [pair[side].get("transitions") for side in SIDES],
            "label": LABELS.index(pair["label"]),
        }
        for pair in pairs
    ]


def bucketed(pairs, size):
    """Batches of pairs of like length, in the order in which they are full; what is left over comes last."""
    buckets = {}
    for pair in pairs:
        longest = max(len(ids) for ids in pair["ids"])
        bucket = next((end for end in BOUNDARIES if longest <= end), BOUNDARIES[-1] + 1)
        held = buckets.setdefault(bucket, [])
        held.append(pair)
        if len(held) == size:
            yield buckets.pop(bucket)
    left = [pair for _, held in sorted(buckets.items()) for pair in held]
    for start in range(0, len(left), size):
        # A single pair has no variance to be normalised by.
        if len(left) - start > 1:
            yield left[start : start + size]


def run(model, batch):
    premises, hypotheses = zip(*(pair["ids"] for pair in batch))
    moves = [pair["moves"][side] for side in range(2) for pair in batch]
    labels = torch.tensor([pair["label"] for pair in batch])
    return model(premises, hypotheses, moves), labels


@torch.no_grad()
def evaluate(model, pairs):
    model.eval()
    ordered = sorted(pairs, key=lambda pair: max(len(ids) for ids in pair["ids"]))
    loss, right = 0.0, 0
    for start in range(0, len(ordered), 64):
        outputs, labels = run(model, ordered[start : start + 64])
        loss += model.losses(outputs, labels).sum().item()
        right += (outputs.argmax(1) == labels).sum().item()
    return {"devLoss": loss / len(pairs), "devAccuracy": right / len(pairs)}


def train_epoch(model, pairs, optimizers, weights, options, epoch):
    """The mean training loss."""
    model.train()
    shuffled = list(pairs)
    random.Random(options.seed * 1_000_003 + epoch).shuffle(shuffled)
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    loss = 0.0
    for batch in bucketed(shuffled, options.batch_size):
        model.zero_grad()
        outputs, labels = run(model, batch)
        mean = (model.losses(outputs, labels) * weights[labels]).mean()
        mean.backward()
        clip(parameters)
        for optimizer in optimizers:
            optimizer.step()
        loss += mean.item() * len(batch)
    return loss / len(pairs)


def label_weights(pairs, which):
    """`balanced`: labels weigh in as if all came equally often, and a pair 1 on average."""
    if which is None:
        return torch.ones(len(LABELS))
    counts = Counter(pair["label"] for pair in pairs)
    weights = {label: len(pairs) / (len(counts) * count) for label, count in counts.items()}
    return torch.tensor([weights.get(label, 0.0) for label in range(len(LABELS))])


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", choices=MODELS, required=True)
    parser.add_argument("--train", nargs="+", required=True, help="pairs with tokens, as JSON lines")
    parser.add_argument("--dev", required=True)
    parser.add_argument("--glove", required=True, help="a text file of word vectors")
    parser.add_argument("--hidden-size", type=int, default=100)
    parser.add_argument("--tracker-size", type=int, default=64)
    parser.add_argument("--mlp-layers", type=int, default=1)
    parser.add_argument("--mlp-size", type=int, help="default: the hidden size")
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--learning-rate", type=float, default=0.001)
    parser.add_argument("--dropout", type=float, default=0.2)
    parser.add_argument("--class-weights", choices=["balanced"])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="print the result as one JSON object")
    return parser.parse_args()


def main():
    options = arguments()
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    training = [pair for path in options.train for pair in read_pairs(path)]
    vocabulary = vocabulary_of(training)
    vectors = glove_vectors(options.glove, vocabulary, torch.Generator().manual_seed(options.seed))
    pairs, dev = numbered(training, vocabulary), numbered(read_pairs(options.dev), vocabulary)
    told = MODELS[options.model]
    config = {
        "architecture": {**told, **({"trackerSize": options.tracker_size} if options.model == "spinn" else {})},
        "vocabularySize": len(vocabulary),
        "embeddingSize": vectors.shape[1],
        "hiddenSize": options.hidden_size,
        "dropout": options.dropout,
        "mlpLayers": options.mlp_layers,
        "mlpSize": options.mlp_size or options.hidden_size,
    }
    model = PairModel(config).start()
    model.word_embedding.weight.data.copy_(vectors)
    others = [parameter for name, parameter in model.named_parameters() if name != "word_embedding.weight"]
    optimizers = optimizers_of(model.word_embedding.weight, others, options.learning_rate)
    weights = label_weights(pairs, options.class_weights)

    started = time.perf_counter()
    best, lowest = None, float("inf")
    for epoch in range(1, options.epochs + 1):
        begun = time.process_time()
        loss = train_epoch(model, pairs, optimizers, weights, options, epoch)
        seconds = time.process_time() - begun
        figures = {"epoch": epoch, "trainLoss": loss, **evaluate(model, dev)}
        print(json.dumps({**figures, "cpuSeconds": round(seconds, 1)}), file=sys.stderr, flush=True)
        if best is None or (figures["devAccuracy"], -figures["devLoss"]) > (best["devAccuracy"], -best["devLoss"]):
            best = figures
        if figures["devLoss"] >= lowest:
            for optimizer in optimizers:
                for group in optimizer.param_groups:
                    group["lr"] *= DECAY
        lowest = min(lowest, figures["devLoss"])
        if epoch - best["epoch"] >= PATIENCE:
            break
    result = {
        "model": options.model,
        "torch": torch.__version__,
        "seed": options.seed,
        "pairs": len(pairs),
        "vocabulary": len(vocabulary),
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        "epochs": epoch,
        "seconds": round(time.perf_counter() - started, 1),
        "best": best,
    }
    if options.json:
        print(json.dumps(result))
    else:
        print(f"best epoch {best['epoch']}: dev accuracy {best['devAccuracy']:.4f}")


main()
