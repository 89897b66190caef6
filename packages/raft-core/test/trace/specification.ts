/**
 * etcd's TLA+ specification of Raft, as far as it decides whether a trace is one of its behaviours: the guards and effects of its
 * actions, one after the other, each on the line that names it. TLC does the same with `Traceetcdraft.tla`.
 */
export type Line = {
  readonly name: string
  readonly nid: string
  readonly state: { readonly term: number; readonly vote: string; readonly commit: number }
  readonly role: string
  readonly log: number
  readonly conf: readonly [readonly string[], readonly string[]]
  readonly msg?: Msg
  readonly prop?: { readonly cc: { readonly newconf?: readonly string[]; readonly changes?: readonly { nid: string; action: string }[] } }
}
type Msg = {
  readonly type: string
  readonly term: number
  readonly from: string
  readonly to: string
  readonly entries: number
  readonly logTerm: number
  readonly index: number
  readonly commit: number
  readonly reject: boolean
}

type Config = { readonly voters: readonly string[]; readonly learners: readonly string[] }
type Entry = { readonly term: number; readonly config?: Config }
type Durable = { term: number; vote: string; commit: number; length: number; config: Config }
/** What the specification sends: the entries themselves, where the line only counts them. */
type Packet = { readonly msg: Msg; readonly entries: readonly Entry[] }

class Server {
  term = 0
  vote = '0'
  commit = 0
  role = 'StateFollower'
  log: Entry[] = []
  config: Config = { voters: [], learners: [] }
  responded = new Set<string>()
  granted = new Set<string>()
  match = new Map<string, number>()
  pendingChange = 0
  durable: Durable = { term: 0, vote: '0', commit: 0, length: 0, config: this.config }
  pending: Packet[] = []
  last: Line | undefined

  get lastTerm(): number {
    return this.log.at(-1)?.term ?? 0
  }
  get members(): readonly string[] {
    return [...this.config.voters, ...this.config.learners]
  }
}

export class Specification {
  readonly servers = new Map<string, Server>()
  #messages: Packet[] = []

  /** Throws when no action of the specification explains this line. */
  step(line: Line): void {
    const known = this.servers.get(line.nid)
    const server = known ?? new Server()
    this.servers.set(line.nid, server)
    if (known === undefined) this.#bootstrap(server, line)
    else if (line.name.startsWith('Receive')) this.#receive(server, line)
    else this.#act(server, line)
    server.last = line
  }

  #bootstrap(server: Server, line: Line): void {
    need(line.name === 'InitState', 'a server begins with InitState')
    server.config = { voters: line.conf[0], learners: [] }
    server.log = Array.from({ length: line.log }, () => ({ term: 1, config: server.config }))
    Object.assign(server, { ...line.state, role: line.role })
    this.#persist(server)
  }

  #act(server: Server, line: Line): void {
    const { msg } = line
    const self = msg !== undefined && msg.from === msg.to
    switch (line.name) {
      case 'InitState':
        this.#restart(server)
        return same(server, line)
      case 'BecomeCandidate':
        need(server.role !== 'StateLeader' && server.config.voters.includes(line.nid), 'Timeout is enabled')
        Object.assign(server, { role: 'StateCandidate', term: server.term + 1, vote: line.nid, responded: new Set(), granted: new Set() })
        return same(server, line)
      case 'SendRequestVoteRequest':
        return this.#requestVote(server, line, msg!)
      case 'SendRequestVoteResponse':
        return self ? this.#requestVote(server, line, msg!) : undefined
      case 'BecomeLeader':
        need(server.role === 'StateCandidate' && isQuorum(server.config, id => server.granted.has(id)), 'BecomeLeader is enabled')
        Object.assign(server, { role: 'StateLeader', match: new Map([[line.nid, server.log.length]]) })
        return same(server, line)
      case 'Replicate':
        need(server.role === 'StateLeader', 'ClientRequest is enabled')
        server.log.push({ term: server.term })
        return
      case 'SendAppendEntriesResponse':
        return self ? this.#appendToSelf(server, line, msg!) : undefined
      case 'SendAppendEntriesRequest':
        return this.#appendTo(server, line, msg!)
      case 'Commit':
        return this.#commit(server, line)
      case 'ChangeConf':
        return this.#changeConf(server, line)
      case 'ApplyConfChange':
        return this.#applyConfChange(server, line)
      case 'Ready':
        this.#messages.push(...server.pending.splice(0))
        return this.#persist(server)
      case 'BecomeFollower':
        return this.#becomeFollower(server, line)
      default:
        throw new Error(`no such action: ${line.name}`)
    }
  }

  #persist(server: Server): void {
    const { term, vote, commit, config } = server
    server.durable = { term, vote, commit, length: server.log.length, config }
  }

  #restart(server: Server): void {
    const { term, vote, commit, length, config } = server.durable
    const log = server.log.slice(0, length)
    Object.assign(server, { term, vote, commit, config, log, role: 'StateFollower', pending: [], pendingChange: 0 })
    Object.assign(server, { responded: new Set(), granted: new Set(), match: new Map() })
  }

  #requestVote(server: Server, line: Line, msg: Msg): void {
    need(server.role === 'StateCandidate' && server.members.includes(msg.to) && !server.responded.has(msg.to), 'RequestVote is enabled')
    need(msg.term === server.term, 'a vote is asked for in the own term')
    if (msg.from !== msg.to)
      need(msg.index === server.log.length && msg.logTerm === server.lastTerm, 'a vote request names the end of the log')
    else need(!msg.reject, 'a candidate votes for itself')
    server.pending.push({ msg, entries: [] })
    same(server, line)
  }

  #appendToSelf(server: Server, line: Line, msg: Msg): void {
    need(server.role === 'StateLeader' && msg.index === server.log.length && !msg.reject, 'a leader acknowledges its whole log')
    server.pending.push({ msg, entries: [] })
    same(server, line)
  }

  #appendTo(server: Server, line: Line, msg: Msg): void {
    need(server.role === 'StateLeader' && server.members.includes(msg.to) && msg.from !== msg.to, 'AppendEntries is enabled')
    const matched = server.match.get(msg.to) ?? 0
    if (msg.type === 'MsgHeartbeat') need(msg.commit === Math.min(server.commit, matched), 'a heartbeat commits what is known to match')
    if (msg.type === 'MsgSnap') need(msg.entries > 0 && msg.entries <= server.commit, 'a snapshot is of what is committed')
    const entries = msg.type === 'MsgHeartbeat' ? [] : server.log.slice(msg.index, msg.index + msg.entries)
    if (msg.type === 'MsgApp') {
      need(msg.index >= matched && entries.length === msg.entries, 'entries are sent from beyond the match on')
      need(msg.logTerm === (server.log[msg.index - 1]?.term ?? 0), 'they follow an entry of the own log')
      need(msg.commit === Math.min(server.commit, msg.index + msg.entries), 'they commit no more than they bring')
    }
    server.pending.push({ msg, entries })
    same(server, line)
  }

  #commit(server: Server, line: Line): void {
    need(server.role === 'StateLeader', 'AdvanceCommitIndex is enabled')
    for (let index = server.log.length; index > server.commit; index--) {
      if (!isQuorum(server.config, id => (server.match.get(id) ?? 0) >= index)) continue
      if (server.log[index - 1]!.term === server.term) server.commit = index
      break
    }
    same(server, line)
  }

  #changeConf(server: Server, line: Line): void {
    const [change, ...more] = line.prop!.cc.changes!
    need(server.role === 'StateLeader' && change !== undefined && more.length === 0, 'one member is changed, by a leader')
    const others = (ids: readonly string[]) => ids.filter(id => id !== change!.nid)
    const { voters, learners } = server.config
    const { nid, action } = change!
    if (action === 'AddNewServer') need(!voters.includes(nid), 'AddNewServer is enabled')
    if (action === 'AddLearner') need(!server.members.includes(nid), 'AddLearner is enabled')
    if (action === 'RemoveServer') need(server.members.includes(nid), 'DeleteServer is enabled')
    const config: Config =
      action === 'AddNewServer'
        ? { voters: [...voters, nid], learners }
        : { voters: others(voters), learners: action === 'AddLearner' ? [...learners, nid] : others(learners) }
    if (server.pendingChange > 0) return void server.log.push({ term: server.term })
    server.log.push({ term: server.term, config })
    server.pendingChange = server.log.length
  }

  #applyConfChange(server: Server, line: Line): void {
    const at = server.log.slice(0, server.commit).findLastIndex(({ config }) => config !== undefined)
    need(at >= 0, 'ApplySimpleConfChange is enabled')
    server.config = server.log[at]!.config!
    if (server.role === 'StateLeader' && server.pendingChange >= at + 1) server.pendingChange = 0
    expectSet(server.config.voters, line.prop!.cc.newconf!, 'the new membership')
  }

  #becomeFollower(server: Server, line: Line): void {
    const before = server.last!
    const term = before.msg?.term ?? -1
    const ofTerm = before.name.startsWith('Receive') && before.state.term < term && term === line.state.term
    const yields = before.name === 'ReceiveAppendEntriesRequest' && before.state.term === term && before.role === 'StateCandidate'
    // The message just received has done it.
    if (ofTerm || yields) return
    need(server.role !== 'StateFollower', 'StepDownToFollower is enabled')
    server.role = 'StateFollower'
    same(server, line)
  }

  // ── messages ──

  #receive(server: Server, line: Line): void {
    same(server, line)
    const msg = line.msg!
    const at = this.#messages.findIndex(packet => JSON.stringify(packet.msg) === JSON.stringify(msg))
    need(at >= 0, 'a message is received that was sent and saved for')
    const [packet] = this.#messages.splice(at, 1)
    if (msg.term > server.term) Object.assign(server, { term: msg.term, vote: '0', role: 'StateFollower' })
    if (line.name === 'ReceiveRequestVoteRequest') this.#voteFor(server, msg)
    else if (line.name === 'ReceiveAppendEntriesRequest') this.#append(server, msg, packet!.entries)
    else if (msg.term === server.term) this.#count(server, line.name, msg)
  }

  #voteFor(server: Server, msg: Msg): void {
    const upToDate = msg.logTerm > server.lastTerm || (msg.logTerm === server.lastTerm && msg.index >= server.log.length)
    const granted = msg.term === server.term && upToDate && (server.vote === '0' || server.vote === msg.from)
    if (granted) server.vote = msg.from
    const { term } = server
    const fields = {
      term,
      from: msg.to,
      to: msg.from,
      entries: 0,
      logTerm: 0,
      index: 0,
      commit: 0,
      vote: '0',
      reject: !granted,
      rejectHint: 0,
    }
    server.pending.push({ msg: { type: 'MsgVoteResp', ...fields } as Msg, entries: [] })
  }

  #append(server: Server, msg: Msg, entries: readonly Entry[]): void {
    if (msg.term < server.term) return
    if (server.role === 'StateCandidate') server.role = 'StateFollower'
    const beat = msg.type === 'MsgHeartbeat'
    const agrees = msg.index === 0 || server.log[msg.index - 1]?.term === msg.logTerm
    if (!agrees) return this.#reply(server, msg, true, msg.index)
    if (msg.index + 1 <= server.commit) {
      if (beat) server.commit = Math.max(server.commit, msg.commit)
      return this.#reply(server, msg, false, beat ? 0 : server.commit)
    }
    const conflict = entries.findIndex((entry, i) => server.log[msg.index + i]?.term !== entry.term)
    if (conflict >= 0) server.log = [...server.log.slice(0, msg.index + conflict), ...entries.slice(conflict)]
    const commit = msg.type === 'MsgSnap' ? msg.entries : Math.min(msg.commit, msg.index + entries.length)
    server.commit = Math.max(server.commit, commit)
    this.#reply(server, msg, false, beat ? 0 : msg.index + entries.length)
  }

  /** Hints are the implementation's own: a rejection is recognized by what was rejected. */
  #reply(server: Server, msg: Msg, reject: boolean, index: number): void {
    const type = msg.type === 'MsgHeartbeat' ? 'MsgHeartbeatResp' : 'MsgAppResp'
    const hint = reject ? hintOf(server, msg) : { logTerm: 0, rejectHint: 0 }
    const { term } = server
    const fields = { term, from: msg.to, to: msg.from, entries: 0, logTerm: hint.logTerm, index, commit: 0, vote: '0', reject }
    server.pending.push({ msg: { type, ...fields, rejectHint: hint.rejectHint } as Msg, entries: [] })
  }

  #count(server: Server, name: string, msg: Msg): void {
    if (name === 'ReceiveRequestVoteResponse') {
      server.responded.add(msg.from)
      if (!msg.reject) server.granted.add(msg.from)
    } else if (!msg.reject) server.match.set(msg.from, Math.max(server.match.get(msg.from) ?? 0, msg.index))
  }
}

/** §5.3: the last place where the two logs may agree. */
function hintOf(server: Server, msg: Msg): { logTerm: number; rejectHint: number } {
  let at = Math.min(msg.index, server.log.length)
  while (at > 0 && server.log[at - 1]!.term > msg.logTerm) at--
  return { logTerm: server.log[at - 1]?.term ?? 0, rejectHint: at }
}

function isQuorum({ voters }: Config, has: (id: string) => boolean): boolean {
  return voters.filter(has).length * 2 > voters.length
}

function same(server: Server, { state, role, log, conf }: Line): void {
  const { term, vote, commit } = server
  const expected = JSON.stringify({ term, vote, commit, role: server.role, log: server.log.length })
  const actual = JSON.stringify({ ...state, role, log })
  if (expected !== actual) throw new Error(`the specification has ${expected}`)
  expectSet(server.config.voters, conf[0], 'the membership')
}

function expectSet(expected: readonly string[], actual: readonly string[], what: string): void {
  need([...expected].sort().join() === [...actual].sort().join(), `${what} is ${expected.join()}`)
}

function need(holds: boolean, what: string): void {
  if (!holds) throw new Error(`not so: ${what}`)
}
