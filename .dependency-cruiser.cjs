/**
 * The walls of the house (docs/adr/0001): who may import whom, checked by `npm run check`. Type-only imports count.
 * A new room has to be named here before anything can be put in it.
 */
const rooms = {
  foundation: [],
  schema: [],
  sdk: ['lambdas/local'],
  prisma: ['foundation'],
  events: ['prisma', 'schema', 'foundation'],
  gateway: ['events', 'prisma', 'schema', 'foundation'],
  subgraphs: ['events', 'prisma', 'schema', 'foundation'],
  'lambdas/host': ['lambdas/isolates', 'events', 'prisma', 'schema', 'foundation'],
  'lambdas/isolates': ['foundation'],
  clients: ['sdk'],
  'lambdas/local': ['lambdas/host', 'lambdas/isolates', 'events', 'schema', 'foundation'],
  'lambdas/authoring': ['schema', 'foundation'],
  cli: ['lambdas/authoring', 'lambdas/local', 'sdk', 'schema', 'foundation'],
  deploy: ['gateway/registry'],
}

/** The gateway from the door down: each line imports only from lines below. */
const gatewayFloors = [
  ['main.ts'],
  ['start-platform.ts', 'start-supergraph.ts'],
  ['listening.ts'],
  ['create-gateway.ts', 'create-supergraph-gateway.ts'],
  ['door.ts'],
  ['viewer-graph.ts'],
  ['http/'],
  ['ws/'],
  ['pipeline.ts'],
  ['keys/'],
  ['control/'],
  ['registry/'],
  ['supergraph/'],
  ['access/'],
  ['subscriptions/'],
  ['execution/'],
  ['planning/'],
  ['composition/'],
  ['transports/'],
]

const ours = ['local', 'localmodule', 'aliased', 'unknown', 'undetermined']
const everywhere = '^(?!node_modules/)'
const inside = (paths) => `^(${paths.map((path) => path.replace('.', '\\.')).join('|')})`

const roomRules = Object.entries(rooms).map(([room, allowed]) => ({
  name: `${room}-imports-only-${allowed.join('-') || 'itself'}`,
  severity: 'error',
  from: { path: `^${room}/` },
  to: {
    path: everywhere,
    pathNot: inside([room, ...allowed].map((name) => `${name}/`)),
    dependencyTypes: ours,
  },
}))

const floorRules = gatewayFloors.slice(1).map((floor, index) => ({
  name: `gateway-imports-downwards-from-${floor[0]}`,
  severity: 'error',
  from: { path: inside(floor.map((name) => `gateway/${name}`)) },
  to: {
    path: inside(
      gatewayFloors.slice(0, index + 1).flatMap((above) => above.map((name) => `gateway/${name}`)),
    ),
  },
}))

module.exports = {
  forbidden: [
    ...roomRules,
    ...floorRules,
    {
      name: 'no-cycles',
      comment: 'Prisma generates its clients with cycles of their own: those are not ours.',
      severity: 'error',
      from: { pathNot: '^prisma/generated/' },
      to: { circular: true },
    },
    {
      name: 'gateway-has-no-other-floors',
      comment: 'A new folder or file in gateway/ is given its place in gatewayFloors first.',
      severity: 'error',
      from: { path: '^(gateway|build\\.ts|start\\.ts|launch|test)' },
      to: { path: '^gateway/', pathNot: inside(gatewayFloors.flat().map((name) => `gateway/${name}`)) },
    },
    {
      name: 'every-room-is-named',
      comment: 'A new room is given its place in `rooms` first.',
      severity: 'error',
      from: {
        path: everywhere,
        pathNot: [
          inside([...Object.keys(rooms), 'launch', 'test', 'bench'].map((name) => `${name}/`)),
          '^[^/]+$',
        ],
      },
      to: { path: everywhere, dependencyTypes: ours },
    },
    {
      name: 'modules-do-not-know-each-other',
      severity: 'error',
      from: { path: '^subgraphs/([^/]+)/' },
      to: { path: '^subgraphs/[^/]+/', pathNot: '^subgraphs/$1/' },
    },
    {
      name: 'what-modules-share-knows-no-module',
      severity: 'error',
      from: { path: '^subgraphs/[^/]+\\.ts$' },
      to: { path: '^subgraphs/[^/]+/' },
    },
    {
      name: 'the-host-knows-of-isolates-only-what-goes-between-them',
      severity: 'error',
      from: { path: '^lambdas/host/' },
      to: {
        path: '^lambdas/isolates/',
        pathNot:
          '^lambdas/isolates/(messages|frames|isolate-limits|lambda-failure|process-settings|turn-record)\\.ts$',
      },
    },
    {
      name: 'of-the-kits-only-that-for-tests-runs-plugins',
      severity: 'error',
      from: { path: '^sdk/', pathNot: '^sdk/testing\\.ts$' },
      to: { path: '^lambdas/' },
    },
    {
      name: 'clients-do-not-know-each-other',
      severity: 'error',
      from: { path: '^clients/([^/]+)/' },
      to: { path: '^clients/[^/]+/', pathNot: '^clients/$1/' },
    },
    {
      name: 'services-take-from-prisma-what-runs',
      comment:
        'The tools beside it (npm run db) are for developers and need packages that a service does not.',
      severity: 'error',
      from: { path: '^(events|gateway|subgraphs|lambdas)/' },
      to: {
        path: '^prisma/',
        pathNot: '^prisma/((migrate|owners|client-options|database-outage)\\.ts|generated/)',
      },
    },
    {
      name: 'launch-is-for-start',
      severity: 'error',
      from: { pathNot: '^(launch/|test/|bench/|(start|build)\\.ts$)' },
      to: { path: '^(launch/|start\\.ts$|build\\.ts$)' },
    },
    {
      name: 'nobody-imports-tests',
      severity: 'error',
      from: { pathNot: '^(test|bench)/' },
      to: { path: '^test/' },
    },
    {
      name: 'nobody-imports-benches',
      severity: 'error',
      from: { pathNot: '^bench/' },
      to: { path: '^bench/' },
    },
    {
      name: 'imports-resolve',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'only-declared-packages',
      comment: 'A package that is there by accident of another one is gone with it.',
      severity: 'error',
      from: { pathNot: '^prisma/generated/' },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'services-run-without-development-packages',
      comment:
        'What makes the generated code (Prisma clients, explorer) is not there in an image, nor is the type-checker of authors.',
      severity: 'error',
      from: {
        pathNot:
          '^(test/|bench/|gateway/http/explorer/|prisma/schema-engine|prisma\\.config\\.ts$|lambdas/authoring/check-types\\.ts$)',
      },
      to: {
        dependencyTypes: ['npm-dev'],
        dependencyTypesNot: ['type-only'],
        pathNot: '^node_modules/@types/',
      },
    },
  ],
  options: {
    doNotFollow: { path: '^(node_modules|prisma/generated)/' },
    exclude: { path: '(^|/)(dist|coverage|\\.trellis)/|^bench/peers/node_modules/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'types', 'default'] },
  },
}
