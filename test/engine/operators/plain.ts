/** Tensors as plain lists of numbers, and operations on them as loops: slow, in double precision, and easy to believe. */

export type Kind = 'float32' | 'int32' | 'bool';

export interface Plain {
  readonly shape: readonly number[];
  /** Row-major. */
  readonly values: readonly number[];
  readonly dtype: Kind;
}

export type At = readonly number[];

/** A tensor from what each place in it holds. */
export function build(shape: readonly number[], value: (at: At) => number, dtype: Kind = 'float32'): Plain {
  const values: number[] = [];
  const walk = (at: At): void => {
    if (at.length === shape.length) values.push(value(at));
    else for (let i = 0; i < shape[at.length]!; i++) walk([...at, i]);
  };
  walk([]);
  return { shape, values, dtype };
}

export function get({ shape, values }: Plain, at: At): number {
  return values[at.reduce((offset, i, axis) => offset * shape[axis]! + i, 0)]!;
}

/** Numbers of both signs that are no float's neighbours, and none of them near 0: no operation has a kink where they are. */
export function numbers(shape: readonly number[], seed = 0): Plain {
  let i = 0;
  return build(shape, () => {
    i++;
    const share = (i * 0.6180339887 + seed * 0.3819) % 1;
    return Math.fround((share < 0.5 ? -1 : 1) * (0.1 + 1.9 * ((share * 2) % 1)));
  });
}

/** The same, above 0. */
export function positive(shape: readonly number[], seed = 0): Plain {
  return map(numbers(shape, seed), Math.abs);
}

export function integers(shape: readonly number[], values: readonly number[]): Plain {
  return { shape, values, dtype: 'int32' };
}

export function truths(shape: readonly number[], values: readonly number[]): Plain {
  return { shape, values, dtype: 'bool' };
}

export function map(x: Plain, f: (value: number) => number, dtype: Kind = x.dtype): Plain {
  return { shape: x.shape, values: x.values.map(f), dtype };
}

/** Two tensors element by element, each stretched along the axes that it lacks or has one place on. */
export function combine(a: Plain, b: Plain, f: (a: number, b: number) => number, dtype: Kind = 'float32'): Plain {
  const rank = Math.max(a.shape.length, b.shape.length);
  const sizes = [a, b].map(({ shape }) => [...new Array<number>(rank - shape.length).fill(1), ...shape]);
  const shape = sizes[0]!.map((size, axis) => Math.max(size, sizes[1]![axis]!));
  const stretched = (x: Plain, at: At): number =>
    get(
      x,
      at.slice(rank - x.shape.length).map((i, axis) => (x.shape[axis] === 1 ? 0 : i)),
    );
  return build(shape, (at) => f(stretched(a, at), stretched(b, at)), dtype);
}

/** Makes one number of all that lie along some axes, in order. */
export function fold(
  x: Plain,
  axes: readonly number[],
  f: (values: readonly number[]) => number,
  { keep = false, dtype = x.dtype }: { keep?: boolean; dtype?: Kind } = {},
): Plain {
  const kept = x.shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis));
  const folded = build(
    kept.map((axis) => x.shape[axis]!),
    (at) => {
      const along = build(
        axes.map((axis) => x.shape[axis]!),
        (inner) =>
          get(
            x,
            x.shape.map((_, axis) => (axes.includes(axis) ? inner[axes.indexOf(axis)]! : at[kept.indexOf(axis)]!)),
          ),
      );
      return f(along.values);
    },
    dtype,
  );
  return keep ? { ...folded, shape: x.shape.map((size, axis) => (axes.includes(axis) ? 1 : size)) } : folded;
}

export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

export function mean(values: readonly number[]): number {
  return sum(values) / values.length;
}

/** Moves elements: each place of the result takes that of another place. */
export function move(x: Plain, shape: readonly number[], from: (at: At) => At): Plain {
  return build(shape, (at) => get(x, from(at)), x.dtype);
}

export function permute(x: Plain, perm: readonly number[]): Plain {
  return move(
    x,
    perm.map((axis) => x.shape[axis]!),
    (at) => x.shape.map((_, axis) => at[perm.indexOf(axis)]!),
  );
}

/** `[..., rows, inner] x [..., inner, columns]`, with the same axes before them. */
export function product(a: Plain, b: Plain): Plain {
  const rank = a.shape.length;
  const inner = a.shape[rank - 1]!;
  return build([...a.shape.slice(0, -1), b.shape[rank - 1]!], (at) => {
    const [batch, row, column] = [at.slice(0, -2), at[rank - 2]!, at[rank - 1]!];
    let total = 0;
    for (let k = 0; k < inner; k++) total += get(a, [...batch, row, k]) * get(b, [...batch, k, column]);
    return total;
  });
}

/** Softmax along the last axis. */
export function softmax(x: Plain): Plain {
  const last = x.shape.length - 1;
  const exponentials = map(x, Math.exp);
  return combine(exponentials, fold(exponentials, [last], sum, { keep: true }), (a, b) => a / b);
}

export const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
