"""PyTorch's DataLoader over an IterableDataset, collated with pad_sequence."""

import io
import json
import zipfile

import torch
from torch.nn.utils.rnn import pad_sequence
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from common import LABELS, arguments, bucket_of, clock, leaves, load_vocabulary, tell


class Pairs(IterableDataset):
    """Batches of encoded pairs, bucketed by length; with workers, each takes every so-many-th line."""

    def __init__(self, options, vocabulary):
        self.options = options
        self.vocabulary = vocabulary

    def encode(self, parse):
        return torch.tensor([self.vocabulary.get(token, 1) for token in leaves(parse)], dtype=torch.int32)

    def __iter__(self):
        worker = get_worker_info()
        index, of = (worker.id, worker.num_workers) if worker else (0, 1)
        buckets = {}
        with zipfile.ZipFile(self.options["archive"]) as archive, archive.open(self.options["entry"]) as entry:
            for number, line in enumerate(io.BufferedReader(entry, 1 << 20)):
                if number % of != index:
                    continue
                row = json.loads(line)
                if row["gold_label"] == "-":
                    continue
                premise = self.encode(row["sentence1_binary_parse"])
                hypothesis = self.encode(row["sentence2_binary_parse"])
                bucket = buckets.setdefault(bucket_of(max(len(premise), len(hypothesis))), [])
                bucket.append((premise, hypothesis, LABELS[row["gold_label"]]))
                if len(bucket) == self.options["batchSize"]:
                    yield list(bucket)
                    bucket.clear()
        for bucket in buckets.values():
            if bucket:
                yield bucket


def collate(pairs):
    premises, hypotheses, labels = zip(*pairs)
    return (
        pad_sequence(premises, batch_first=True),
        pad_sequence(hypotheses, batch_first=True),
        torch.tensor(labels),
    )


def main():
    options = arguments()
    torch.set_num_threads(1)
    dataset = Pairs(options, load_vocabulary(options["vocabulary"]))
    start = clock()
    loader = DataLoader(dataset, batch_size=None, collate_fn=collate, num_workers=options.get("workers", 0))
    pairs = sum(len(labels) for _, _, labels in loader)
    tell(options["rows"], clock() - start, pairs=pairs)


if __name__ == "__main__":
    main()
