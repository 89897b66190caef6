import { defineConfig } from 'vitest/config'

// Workspace packages resolve to their sources (the condition "raft-source" in their exports), so tests need no build.
const conditions = ['raft-source', 'module', 'node', 'development|production']

const folders = {
  'raft-core': 'packages/raft-core',
  'raft-node': 'packages/raft-node',
  'raft-sim': 'packages/raft-sim',
  'kv-client': 'packages/kv-client',
  'kv-server': 'apps/kv-server',
  raftctl: 'apps/raftctl',
  bench: 'bench',
}

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  oxc: { target: 'node20' }, // `await using` is newer than Node 20
  test: {
    pool: 'forks',
    testTimeout: 20_000,
    hookTimeout: 20_000,
    passWithNoTests: true,
    projects: [
      ...Object.entries(folders).map(([name, folder]) => project(name, `${folder}/test/**/*.test.ts`)),
      project('scripts', 'scripts/*.test.ts'),
    ],
    coverage: {
      provider: 'v8',
      include: ['packages/*/src/**', 'apps/*/src/**'],
      reporter: ['text-summary', 'html'],
    },
  },
})

function project(name: string, include: string) {
  return {
    extends: true as const,
    test: { name, include: [include], exclude: ['**/dist/**', '**/node_modules/**'] },
  }
}
