import { existsSync, readFileSync } from 'node:fs'
import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { findTranscripts } from '../conformance/files.ts'
import { play } from '../conformance/transcript.ts'

// The transcripts are third-party data and not part of this repository.
const folder = fileURLToPath(new URL('../../../../shared/conformance', import.meta.url))

/** What the core conforms to so far. */
const conforming = [
  'quorum/',
  'membership/',
  'interaction/campaign.txt',
  'interaction/single_node.txt',
  'interaction/prevote.txt',
  'interaction/checkquorum.txt',
  'interaction/forget_leader',
  'interaction/replicate_pause.txt',
  'interaction/slow_follower_after_compaction.txt',
  'interaction/snapshot_succeed_via_app_resp.txt',
  'interaction/confchange_v1_add_single.txt',
]

describe.skipIf(!existsSync(folder))('conformance', () => {
  const names = findTranscripts([folder]).files.map(file => relative(folder, file))
  const expected = names.filter(name => conforming.some(prefix => name.startsWith(prefix)))

  test.for(expected.length > 0 ? expected : ['(../shared/conformance is absent)'])('%s', name => {
    const mismatch = play(readFileSync(`${folder}/${name}`, 'utf8'))
    expect(mismatch?.actual, mismatch?.block.source.join('\n')).toEqual(mismatch?.expected)
  })
})
