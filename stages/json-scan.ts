import type { Utf8Column } from '../pipeline/columns.ts';
import { sharedKernels, WORD } from './kernels/kernels.ts';
import { placeWords, roomForWords } from './kernels/texts.ts';

/** Where the values of some keys are in rows that are JSON objects. */
export interface ScannedRows {
  /** For each key where its value begins in each row, and where it ends: -1 where the key is missing. */
  readonly starts: readonly Int32Array[];
  readonly ends: readonly Int32Array[];
  /** 1 for each row that the scan understood. The places in any other mean nothing. */
  readonly understood: Uint8Array;
}

/**
 * Finds the values of a few keys in lines of JSON without parsing the rest or making a string.
 *
 * Of a 900-byte SNLI row some eight fields are used. The scan understands exactly objects whose values are strings or
 * flat lists of strings, and gives up on anything else (an escape in a string, a number, a nested object, a control
 * character, more than a thousand quotes, a syntax error): then `JSON.parse` must decide. Where it answers, the answer is
 * that of `JSON.parse`: the last of several equal keys counts.
 *
 * @param rows none missing
 * @param keys at most 64
 */
export function scanObjects(rows: Utf8Column, keys: readonly string[]): ScannedRows {
  const kernels = sharedKernels();
  const { length } = rows;
  const places = 2 * keys.length * length;
  const { base, starts, ends } = kernels.place(rows);
  const values = kernels.reserve(places * WORD + length + roomForWords(keys));
  const understood = values + places * WORD;
  const table = placeWords(kernels, keys, understood + length);
  kernels.run.scanObjects(base, starts, ends, length, table, keys.length, values, understood);

  const found = kernels.copyOf(values, places);
  const column = (index: number) => found.subarray(index * length, (index + 1) * length);
  return {
    starts: keys.map((_, key) => column(2 * key)),
    ends: keys.map((_, key) => column(2 * key + 1)),
    understood: kernels.memory.slice(understood, understood + length),
  };
}
