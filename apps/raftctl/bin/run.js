#!/usr/bin/env node
// Runs what the build made. In a checkout of the sources bin/build.js, which is not published, brings that up to date first.
import { existsSync } from 'node:fs'
import { execute, settings } from '@oclif/core'

const builder = new URL('build.js', import.meta.url)
if (existsSync(builder)) (await import(builder.href)).buildIfNeeded()

settings.enableAutoTranspile = false // never run sources instead of the build, whatever NODE_ENV says
await execute({ dir: import.meta.url })
