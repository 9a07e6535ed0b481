"""What the peers share: arguments, the vocabulary, and the figures that they print."""

import json
import resource
import sys
import time

LABELS = {"entailment": 0, "neutral": 1, "contradiction": 2}
BOUNDARIES = [8, 16, 24, 32]


def arguments():
    """archive, entry, vocabulary file, batch size and further options, as one JSON object."""
    return json.loads(sys.argv[1])


def load_vocabulary(path):
    with open(path, encoding="utf-8") as file:
        return {token: i for i, token in enumerate(json.load(file)["tokens"])}


def leaves(parse):
    return [token for token in parse.lower().split(" ") if token not in ("(", ")")]


def bucket_of(length):
    return next((i for i, end in enumerate(BOUNDARIES) if length <= end), len(BOUNDARIES))


def tell(rows, seconds, **more):
    usage = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss + resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    print(json.dumps({"rows": rows, "seconds": seconds, "peakRssMB": usage / 1024, **more}))


clock = time.perf_counter
