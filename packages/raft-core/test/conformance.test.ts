import { existsSync, readFileSync } from 'node:fs'
import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { findTranscripts } from '../conformance/files.ts'
import { play } from '../conformance/transcript.ts'

// The transcripts are third-party data and not part of this repository.
const folder = fileURLToPath(new URL('../../../../shared/conformance', import.meta.url))

describe.skipIf(!existsSync(folder))('conformance', () => {
  const names = findTranscripts([folder]).files.map(file => relative(folder, file))
  test.for(names.length > 0 ? names : ['(../shared/conformance is absent)'])('%s', name => {
    const mismatch = play(readFileSync(`${folder}/${name}`, 'utf8'))
    expect(mismatch?.actual, mismatch?.block.source.join('\n')).toEqual(mismatch?.expected)
  })
})
