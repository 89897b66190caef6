import type { MemberStatus, StatusResponse } from 'kv-client'
import { describe, expect, test } from 'vitest'
import { findingsOf } from '../src/doctor/checks.ts'
import { examine } from '../src/doctor/examined.ts'
import { diagnosisOf, diagnosisView } from '../src/doctor/view.ts'
import { member, statusOf } from './support/fake-node.ts'

type Change = (id: string) => Partial<StatusResponse> | 'silent'

/** A cluster whose nodes answer at their own names, as `change` has them; by default all in order. */
async function findings(ids: readonly string[], change: Change = () => ({}), members: Partial<MemberStatus> = {}) {
  const all = ids.map(id => member(id, id, members))
  const leader = all[0] ?? null
  const ask = async (endpoint: string) => {
    const changed = change(endpoint)
    if (changed === 'silent') throw new Error('no answer')
    return statusOf(endpoint, all, { role: endpoint === ids[0] ? 'leader' : 'follower', leader, clientAddress: endpoint, ...changed })
  }
  const examined = await examine(ids.toReversed(), ask, address => address)
  return findingsOf(examined)
}

const three = ['n1', 'n2', 'n3']
const of = (list: Awaited<ReturnType<typeof findings>>, check: string) => list.find(finding => finding.check === check)
const disk = { dataBytes: 1, freeBytes: 50, sizeBytes: 100, syncMs: 1, syncMsMax: 2 }
const server = { version: '0.1.0', nodeVersion: 'v20.19.0', uptimeMs: 1, now: Date.now() }

test('a cluster in order: every check is ok, and one line says so', async () => {
  const list = await findings(three)
  expect(list.filter(({ severity }) => severity !== 'ok')).toEqual([])
  const text = diagnosisView.table(diagnosisOf(list))
  expect(text).toMatch(/^ok {4}leader +n1 leads, term 3$/m)
  expect(text).toMatch(/12 checks, all in order\.$/)
})

describe('what is wrong is said, with what to do', () => {
  test.each<[check: string, severity: string, found: RegExp, advice: RegExp, ids: readonly string[], change: Change]>([
    ['leader', 'bad', /nobody leads/, /writes wait/, three, () => ({ role: 'follower', leader: null })],
    ['peers', 'bad', /no answer from n3 at n3/, /--replace/, three, id => (id === 'n3' ? 'silent' : {})],
    ['failures', 'bad', /2 of 3 voters answer.*next failure stops/, /bring the missing/, three, id => (id === 'n3' ? 'silent' : {})],
    ['failures', 'bad', /1 of 3 voters answer.*writes wait/, /raftctl recover/, three, id => (id === 'n1' ? {} : 'silent')],
    ['failures', 'warning', /1 of 1 voters/, /add two/, ['n1'], () => ({})],
    ['voters', 'warning', /4 voters: an even number survives no more failures than 3/, /cluster add/, ['n1', 'n2', 'n3', 'n4'], () => ({})],
    [
      'faults',
      'bad',
      /n2: the disk is full/,
      /node status/,
      three,
      id => (id === 'n2' ? { fault: { code: 'DISK_FULL', message: 'the disk is full' } } : {}),
    ],
    [
      'lag',
      'warning',
      /n2 is 5000 entries behind/,
      /disk and network/,
      three,
      id => (id === 'n2' ? { applied: 1 } : { commit: 5_001, applied: 5_001 }),
    ],
    ['disk', 'warning', /n2 has 10 B free \(10 %\)/, /make room/, three, id => (id === 'n2' ? { disk: { ...disk, freeBytes: 10 } } : {})],
    ['disk', 'bad', /n2 has 1 B free \(1 %\)/, /make room/, three, id => (id === 'n2' ? { disk: { ...disk, freeBytes: 1 } } : {})],
    ['fsync', 'warning', /n3 takes 40 ms/, /local SSD/, three, id => (id === 'n3' ? { disk: { ...disk, syncMs: 40 } } : {})],
    ['fsync', 'bad', /n3 takes 400 ms/, /local SSD/, three, id => (id === 'n3' ? { disk: { ...disk, syncMs: 400 } } : {})],
    ['disk', 'warning', /no member has told/, /after its start/, three, () => ({ disk: null })],
    [
      'clock',
      'warning',
      /wall clock of n2 is 60 s ahead of that of n[13]/,
      /NTP/,
      three,
      id => (id === 'n2' ? { server: { ...server, now: Date.now() + 60_000 } } : {}),
    ],
    [
      'versions',
      'warning',
      /0\.1\.0: n1 n3, 0\.2\.0: n2|0\.2\.0/,
      /upgrade/,
      three,
      id => (id === 'n2' ? { server: { ...server, version: '0.2.0' } } : {}),
    ],
  ])('%s is %s: %s', async (check, severity, found, advice, ids, change) => {
    expect(of(await findings(ids, change), check)).toMatchObject({
      severity,
      found: expect.stringMatching(found),
      advice: expect.stringMatching(advice),
    })
  })

  test('learners', async () => {
    const list = await findings(three, undefined, { voter: false, learner: true })
    expect(of(list, 'learners')).toMatchObject({ severity: 'warning', found: 'n1, n2, n3 have a copy and no vote' })
  })
})

test('the worst finding is the verdict, and advice stands under what it is about', async () => {
  const diagnosis = diagnosisOf(await findings(three, id => (id === 'n3' ? 'silent' : {})))
  expect(diagnosis.verdict).toBe('bad')
  expect(diagnosisView.table(diagnosis)).toMatch(/BAD {3}peers +no answer from n3 at n3\n +→ start it again[\s\S]*12 checks: 2 problems\.$/)
})
