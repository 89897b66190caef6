// The commands as their sources have them, without a build: for bin/dev.js and for tests, with tsx. Not published.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Plugin, settings } from '@oclif/core'

settings.enableAutoTranspile = false // tsx does that

export const root = fileURLToPath(new URL('..', import.meta.url))

/** What package.json says of dist, said of src. */
export const pjson = JSON.parse(
  readFileSync(new URL('../package.json', import.meta.url), 'utf8').replaceAll(
    /"\.\/dist\/(commands|help|hooks\/[\w-]+)(\.js)?"/g,
    (_, path, isFile) => `"./src/${path}${isFile ? '.ts' : ''}"`,
  ),
)

export async function sourcePlugin() {
  // Not the list of commands that the build has written, which would lead to what it has built.
  const plugin = new Plugin({ isRoot: true, root, pjson, ignoreManifest: true, errorOnManifestCreate: true, respectNoCacheDefault: true })
  await plugin.load()
  return plugin
}
