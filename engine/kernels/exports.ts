/** The engine's compiled kernels, as TypeScript sees them. */

/** What `assembly/index.ts` exports; its files say what each does. */
export interface KernelExports {
  activate(activation: number, values: number, count: number, slope: number): void;
  addColumns(
    from: number,
    fromStride: number,
    indices: number,
    count: number,
    width: number,
    to: number,
    toStride: number,
  ): void;
  adam(
    weight: number,
    first: number,
    second: number,
    gradient: number,
    indices: number,
    rows: number,
    width: number,
    firstDecay: number,
    firstShare: number,
    secondDecay: number,
    secondShare: number,
    rate: number,
    epsilon: number,
  ): void;
  addRows(from: number, indices: number, count: number, width: number, rows: number, to: number): void;
  gatherColumns(
    from: number,
    fromStride: number,
    indices: number,
    count: number,
    width: number,
    to: number,
    toStride: number,
  ): void;
  gatherRows(from: number, indices: number, count: number, width: number, to: number): void;
  lstmForward(
    rows: number,
    units: number,
    gates: number,
    cellsBefore: number,
    beforeStride: number,
    cells: number,
    states: number,
  ): void;
  lstmBackward(
    rows: number,
    units: number,
    gates: number,
    cellsBefore: number,
    beforeStride: number,
    cells: number,
    dStates: number,
    dCells: number,
    dGates: number,
  ): void;
  sumRows(from: number, rows: number, width: number, sums: number): void;
  multiply(
    rows: number,
    inner: number,
    columns: number,
    left: number,
    leftTransposed: number,
    right: number,
    rightLayout: number,
    start: number,
    startStride: number,
    out: number,
    scratch: number,
  ): void;
  multiplyScratch(): number;
  nonzeroRows(values: number, rows: number, width: number, found: number): number;
  packedSize(inner: number, columns: number): number;
  packMatrix(inner: number, columns: number, from: number, transposed: number, to: number): void;
  sequenceForward(
    cell: number,
    steps: number,
    counts: number,
    units: number,
    weights: number,
    bias: number,
    gates: number,
    states: number,
    extra: number,
    work: number,
    scratch: number,
  ): void;
  sequenceBackward(
    cell: number,
    steps: number,
    counts: number,
    units: number,
    all: number,
    weights: number,
    gates: number,
    states: number,
    extra: number,
    dOutputs: number,
    dStates: number,
    dCells: number,
    dGates: number,
    dSums: number,
    work: number,
    scratch: number,
  ): void;
  softmaxForward(rows: number, width: number, values: number, mask: number, shares: number): void;
  softmaxBackward(rows: number, width: number, shares: number, dShares: number, dValues: number): void;
  squareSum(values: number, count: number): number;
  statesBefore(steps: number, counts: number, units: number, states: number, before: number): void;
  treeForward(
    rows: number,
    units: number,
    gates: number,
    left: number,
    right: number,
    table: number,
    nodes: number,
  ): void;
  treeBackward(
    rows: number,
    units: number,
    gates: number,
    left: number,
    right: number,
    table: number,
    nodes: number,
    dNodes: number,
    dTable: number,
    dGates: number,
  ): void;
}

/** The cells of recurrent networks, as `assembly/sequence.ts` numbers them. */
export const cellCodes = { relu: 0, tanh: 1, lstm: 2, gru: 3 } as const;

/** Which of the compiled modules runs. */
export type KernelBuild = 'relaxed-simd' | 'simd';

export interface Kernels {
  readonly build: KernelBuild;
  readonly run: KernelExports;
  /** Where products may write in passing. */
  readonly scratch: number;
}
