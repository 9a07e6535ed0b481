// Holds the arrows of docs/architecture.md: an import may only point down this list.
const rooms = ['cli', 'commands', 'reports', 'models', 'engine', 'stages', 'testing', 'pipeline'];
// engine and stages stand on one floor: neither knows the other.
const below = {
  cli: ['commands', 'pipeline'],
  commands: ['reports', 'models', 'engine', 'stages', 'pipeline'],
  reports: ['models', 'stages', 'pipeline'],
  models: ['engine', 'stages', 'pipeline'],
  engine: ['pipeline'],
  stages: ['pipeline'],
  // Beside the line: the laws of stages, which no other room knows.
  testing: ['pipeline'],
  pipeline: [],
};
const place = (room) => (room === 'cli' ? '^cli\\.ts$' : `^${room}/`);

module.exports = {
  forbidden: [
    ...rooms.map((room) => ({
      name: `${room}-points-down`,
      severity: 'error',
      from: { path: place(room) },
      to: {
        path: rooms.map(place).join('|'),
        pathNot: [room, ...below[room]].map(place).join('|'),
      },
    })),
    {
      name: 'no-tensors-below-models',
      comment: 'pipe and --help start without TensorFlow.js',
      severity: 'error',
      from: { path: '^(stages|testing|pipeline)/' },
      to: { path: '@tensorflow' },
    },
    {
      name: 'natural-by-its-parts',
      comment: "natural's root import prints, reads .env and takes a second",
      severity: 'error',
      from: {},
      to: { path: 'node_modules/natural/lib/natural/index\\.js$' },
    },
    {
      name: 'no-circles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    { name: 'no-orphans', severity: 'error', from: { orphan: true, pathNot: '\\.d\\.ts$|^index\\.ts$' }, to: {} },
    {
      name: 'resolvable',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true, pathNot: '@tensorflow/tfjs-node' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'types', 'node', 'default'] },
  },
};
