// raftctl from its sources, without a build: node --conditions=raft-source --import tsx bin/dev.js

import { fileURLToPath } from 'node:url'
import { execute, Plugin, settings } from '@oclif/core'
import manifest from '../package.json' with { type: 'json' }

settings.enableAutoTranspile = false // tsx does that
const root = fileURLToPath(new URL('..', import.meta.url))
const sources = JSON.parse(
  JSON.stringify(manifest.oclif).replaceAll(/"\.\/dist\/([^"]*?)(\.js)?"/g, (_, path, isFile) => `"./src/${path}${isFile ? '.ts' : ''}"`),
)
const pjson = { ...manifest, oclif: sources }

// Not the list of commands that the build has written, which would lead to what it has built.
const plugin = new Plugin({ isRoot: true, root, pjson, ignoreManifest: true })
await plugin.load()
await execute({ loadOptions: { root, pjson, plugins: [plugin] } })
