"""Python's standard library: zipfile, json, split, dict."""

import io
import json
import zipfile
from array import array

from common import LABELS, arguments, bucket_of, clock, leaves, load_vocabulary, tell


def pad(rows):
    width = max(map(len, rows))
    padded = array("i")
    for row in rows:
        padded.extend(row)
        padded.extend([0] * (width - len(row)))
    return padded


def main():
    options = arguments()
    vocabulary = load_vocabulary(options["vocabulary"])
    size = options["batchSize"]
    buckets = {}
    rows = batches = 0
    start = clock()
    with zipfile.ZipFile(options["archive"]) as archive, archive.open(options["entry"]) as entry:
        for line in io.BufferedReader(entry, 1 << 20):
            rows += 1
            row = json.loads(line)
            if row["gold_label"] == "-":
                continue
            premise = [vocabulary.get(token, 1) for token in leaves(row["sentence1_binary_parse"])]
            hypothesis = [vocabulary.get(token, 1) for token in leaves(row["sentence2_binary_parse"])]
            bucket = buckets.setdefault(bucket_of(max(len(premise), len(hypothesis))), [])
            bucket.append((premise, hypothesis, LABELS[row["gold_label"]]))
            if len(bucket) == size:
                _ = [pad([pair[0] for pair in bucket]), pad([pair[1] for pair in bucket]), [pair[2] for pair in bucket]]
                batches += 1
                bucket.clear()
    for bucket in buckets.values():
        if bucket:
            _ = [pad([pair[0] for pair in bucket]), pad([pair[1] for pair in bucket])]
            batches += 1
    tell(rows, clock() - start, batches=batches)


main()
