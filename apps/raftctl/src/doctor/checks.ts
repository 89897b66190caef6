import { bytesText, count, msText } from '../output/units.ts'
import type { Examined, ExaminedMember } from './examined.ts'

/** `bad`: clients notice it, or the next failure will. `warning`: it works, and should be looked at. */
export type Severity = 'ok' | 'warning' | 'bad'

/** What was looked at, what was found, and what to do about it (nothing, if it is in order). */
export type Finding = { readonly check: string; readonly severity: Severity; readonly found: string; readonly advice: string }

type Check = (examined: Examined) => Finding

/** Limits above which something is worth a word. Flushes: etcd's own are 10 ms. */
const syncMsWarning = 10
const syncMsBad = 100
const lagWarning = 1_000
const clockMsWarning = 1_000
const freeShareWarning = 0.15
const freeShareBad = 0.05
const answerMsWarning = 100

export function findingsOf(examined: Examined): readonly Finding[] {
  const checks: readonly Check[] = [leader, reachable, parity, tolerance, serving, learners, lag, disk, fsync, answers, clock, versions]
  return checks.map(check => check(examined))
}

const leader: Check = ({ report: { leader: id, members } }) => {
  if (id !== null) return ok('leader', `${id} leads, term ${Math.max(...members.map(({ term }) => term ?? 0))}`)
  const advice = 'if it stays so for more than some seconds, see below who does not answer; writes wait until a majority is back'
  return { check: 'leader', severity: 'bad', found: 'nobody leads', advice }
}

const reachable: Check = ({ report: { members } }) => {
  const silent = members.filter(({ role }) => role === 'unreachable')
  if (silent.length === 0) return ok('peers', `all ${count(members.length, 'member')} answer`)
  const names = silent.map(({ id, clientAddress }) => `${id} at ${clientAddress || 'an unknown address'}`).join(', ')
  const advice =
    'start it again, or see whether something cuts it off; gone for good: raftctl node join --replace, or raftctl cluster remove ID'
  return { check: 'peers', severity: 'bad', found: `no answer from ${names}`, advice }
}

const parity: Check = ({
  report: {
    tolerance: { voters },
  },
}) => {
  if (voters % 2 === 1) return ok('voters', `${count(voters, 'voter')}: an odd number`)
  const found = `${voters} voters: an even number survives no more failures than ${voters - 1}`
  return {
    check: 'voters',
    severity: 'warning',
    found,
    advice: 'add one (raftctl cluster add), or let one be a learner (raftctl cluster demote ID)',
  }
}

const tolerance: Check = ({
  report: {
    tolerance: { voters, needed, reachable, survivesNow },
  },
}) => {
  const found = `${reachable} of ${voters} voters answer, ${needed} are a majority`
  if (survivesNow < 0) {
    const advice = 'bring voters back; if their disks are lost for good: raftctl recover'
    return { check: 'failures', severity: 'bad', found: `${found}: writes wait`, advice }
  }
  if (survivesNow > 0)
    return ok('failures', `${found}: survives ${count(survivesNow, 'more failure')}`.replace('1 more failure', '1 failure'))
  const advice =
    voters === 1 ? 'one machine is no cluster: add two (raftctl cluster add)' : 'bring the missing voters back before anything else fails'
  return { check: 'failures', severity: voters === 1 ? 'warning' : 'bad', found: `${found}: the next failure stops writes`, advice }
}

const serving: Check = ({ report: { members } }) => {
  const faults = members.flatMap(({ id, fault, repairs, diskFull }) =>
    [fault, repairs, diskFull].flatMap(reason => (reason === null ? [] : [`${id}: ${reason}`])),
  )
  if (faults.length === 0) return ok('faults', 'no member says that it does not serve')
  return {
    check: 'faults',
    severity: 'bad',
    found: faults.join('; '),
    advice: 'the message says what to do; raftctl node status says more of one node',
  }
}

const learners: Check = ({ members }) => {
  const ids = members.filter(({ voter }) => !voter).map(({ id }) => id)
  if (ids.length === 0) return ok('learners', 'none: every member votes')
  const found = `${ids.join(', ')} ${ids.length === 1 ? 'has' : 'have'} a copy and no vote`
  return {
    check: 'learners',
    severity: 'warning',
    found,
    advice: 'one that has just joined votes once it has caught up; another one: raftctl cluster promote ID',
  }
}

const lag: Check = ({ report: { members } }) => {
  const behind = members.filter(member => (member.lag ?? 0) > lagWarning)
  if (behind.length === 0) return ok('lag', `nobody is more than ${lagWarning} entries behind`)
  const found = behind.map(({ id, lag }) => `${id} is ${lag} entries behind`).join(', ')
  return { check: 'lag', severity: 'warning', found, advice: 'look at its disk and network; it catches up by itself if it is fast enough' }
}

const disk: Check = ({ members }) => {
  const known = members.flatMap(({ id, status }) =>
    status?.disk ? [{ id, ...status.disk, share: status.disk.freeBytes / status.disk.sizeBytes }] : [],
  )
  const fullest = minBy(known, ({ share }) => share)
  if (fullest === undefined) return unknown('disk', 'no member has told how full its disk is')
  const found = `${fullest.id} has ${bytesText(fullest.freeBytes)} free (${Math.round(100 * fullest.share)} %), the least of all`
  if (fullest.share > freeShareWarning) return ok('disk', found)
  const advice = 'make room, or give it a larger disk: a node whose disk is full takes no writes'
  return { check: 'disk', severity: fullest.share > freeShareBad ? 'warning' : 'bad', found, advice }
}

const fsync: Check = ({ members }) => {
  const known = members.flatMap(({ id, status }) => (status?.disk ? [{ id, ...status.disk }] : []))
  const slowest = minBy(known, ({ syncMs }) => -syncMs)
  if (slowest === undefined) return unknown('fsync', 'no member has told how fast its disk is')
  const found = `${slowest.id} takes ${msText(slowest.syncMs)} for a flush (at worst ${msText(slowest.syncMsMax)}), the longest of all`
  if (slowest.syncMs < syncMsWarning) return ok('fsync', found)
  const advice = 'every write waits for a majority of disks: use a local SSD, and let nothing else write to it'
  return { check: 'fsync', severity: slowest.syncMs < syncMsBad ? 'warning' : 'bad', found, advice }
}

const answers: Check = ({ members }) => {
  const slowest = minBy(members.filter(isTimed), ({ answerMs }) => -answerMs)
  if (slowest === undefined) return unknown('network', 'no answer was timed')
  const found = `${slowest.id} took ${msText(slowest.answerMs)} to answer, the longest of all`
  if (slowest.answerMs < answerMsWarning) return ok('network', found)
  return {
    check: 'network',
    severity: 'warning',
    found,
    advice: 'seen from here; from where the clients are it may be better. Is that node busy, or far away?',
  }
}

const clock: Check = ({ members }) => {
  const known = members.flatMap(({ id, clockAheadMs }) => (clockAheadMs === undefined ? [] : [{ id, clockAheadMs }]))
  const [first, last] = [minBy(known, ({ clockAheadMs }) => clockAheadMs), minBy(known, ({ clockAheadMs }) => -clockAheadMs)]
  if (first === undefined || last === undefined) return unknown('clock', 'no member has told its time')
  const apart = last.clockAheadMs - first.clockAheadMs
  if (apart < clockMsWarning) return ok('clock', `the wall clocks are less than ${msText(clockMsWarning)} apart`)
  const found = `the wall clock of ${last.id} is ${msText(apart)} ahead of that of ${first.id}`
  return {
    check: 'clock',
    severity: 'warning',
    found,
    advice: 'set them by NTP: no data depends on it, but the times in logs and the validity of certificates do',
  }
}

const versions: Check = ({ members }) => {
  const known = members.flatMap(({ id, status }) => (status?.server === undefined ? [] : [[status.server.version, id] as const]))
  const distinct = [...new Set(known.map(([version]) => version))]
  if (distinct.length === 0) return unknown('versions', 'no member has told its version')
  if (distinct.length === 1) return ok('versions', `all run ${distinct[0]}`)
  const found = distinct.map(version => `${version}: ${known.flatMap(([one, id]) => (one === version ? [id] : [])).join(' ')}`).join(', ')
  return { check: 'versions', severity: 'warning', found, advice: 'fine during an upgrade; finish it' }
}

function ok(check: string, found: string): Finding {
  return { check, severity: 'ok', found, advice: '' }
}

function unknown(check: string, found: string): Finding {
  return { check, severity: 'warning', found, advice: 'a node tells some seconds after its start; an old version does not' }
}

function isTimed(member: ExaminedMember): member is ExaminedMember & { readonly answerMs: number } {
  return member.answerMs !== undefined
}

function minBy<Value>(values: readonly Value[], by: (value: Value) => number): Value | undefined {
  return values.reduce<Value | undefined>((best, value) => (best === undefined || by(value) < by(best) ? value : best), undefined)
}
