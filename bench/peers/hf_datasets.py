"""HuggingFace datasets and tokenizers: load_dataset, a batched map, then padded batches; cold, and from its cache."""

import os

os.environ.update(HF_DATASETS_DISABLE_PROGRESS_BARS="1", TOKENIZERS_PARALLELISM="false")

import datasets
import numpy as np
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

from common import LABELS, arguments, bucket_of, clock, load_vocabulary, tell


def make_tokenizer(vocabulary):
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Lowercase(), normalizers.Replace("( ", ""), normalizers.Replace(" )", "")]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return tokenizer


def pad(rows):
    padded = np.zeros((len(rows), max(map(len, rows))), np.int32)
    for i, row in enumerate(rows):
        padded[i, : len(row)] = row
    return padded


def main():
    options = arguments()
    tokenizer = make_tokenizer(load_vocabulary(options["vocabulary"]))

    def encode(rows):
        return {
            "premise": [one.ids for one in tokenizer.encode_batch(rows["sentence1_binary_parse"])],
            "hypothesis": [one.ids for one in tokenizer.encode_batch(rows["sentence2_binary_parse"])],
            "label": [LABELS[label] for label in rows["gold_label"]],
        }

    start = clock()
    rows = datasets.load_dataset(
        "json",
        data_files=f"zip://{options['entry']}::{options['archive']}",
        split="train",
        cache_dir=options["cache"],
    )
    count = len(rows)
    rows = rows.filter(lambda labels: [label != "-" for label in labels], input_columns="gold_label", batched=True)
    rows = rows.map(encode, batched=True, remove_columns=rows.column_names)
    batches = 0
    buckets = {}
    for chunk in rows.with_format("numpy").iter(batch_size=1000):
        for pair in zip(chunk["premise"], chunk["hypothesis"], chunk["label"]):
            bucket = buckets.setdefault(bucket_of(max(len(pair[0]), len(pair[1]))), [])
            bucket.append(pair)
            if len(bucket) == options["batchSize"]:
                _ = pad([pair[0] for pair in bucket]), pad([pair[1] for pair in bucket])
                batches += 1
                bucket.clear()
    batches += sum(1 for bucket in buckets.values() if bucket)
    tell(count, clock() - start, batches=batches)


main()
