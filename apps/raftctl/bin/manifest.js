// Writes down what commands there are, so that raftctl starts without loading all of them. Part of the build; not published.
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Plugin, settings } from '@oclif/core'

settings.enableAutoTranspile = false
const root = fileURLToPath(new URL('..', import.meta.url))
const plugin = new Plugin({ isRoot: true, root, ignoreManifest: true, errorOnManifestCreate: true, respectNoCacheDefault: true })
await plugin.load()
writeFileSync(new URL('../oclif.manifest.json', import.meta.url), `${JSON.stringify(plugin.manifest)}\n`)
