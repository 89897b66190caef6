import type { Message, Raft, RaftOptions, ReadState, Ready } from 'raft-core'
import { createRaft } from 'raft-core'

type CreateCore = (options: RaftOptions) => Raft

/** A core some of whose methods are replaced. A proxy, since the core's private fields stay with the core itself. */
export function altered(core: Raft, changes: Partial<Raft>): Raft {
  return new Proxy(core, {
    get(target, name) {
      const changed = changes[name as keyof Raft]
      if (changed !== undefined) return changed
      const value = Reflect.get(target, name, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

/** Known mistakes, each made by a wrapper around the real core: what the simulation must be able to find. */
export const acknowledgesBeforeSave: CreateCore = options => {
  const core = createRaft(options)
  return altered(core, {
    ready(): Ready {
      const ready = core.ready()
      return { ...ready, send: [...ready.send, ...ready.sendAfterSave], sendAfterSave: [] }
    },
  })
}

export const forgetsVoteAtRestart: CreateCore = ({ restored, ...options }) => {
  const { hardState } = restored ?? {}
  return createRaft({ ...options, restored: { ...restored, hardState: hardState && { ...hardState, vote: undefined } } })
}

/** The commit index is taken for something that the next leader will tell again. */
export const forgetsCommitAtRestart: CreateCore = ({ restored, ...options }) => {
  const { hardState } = restored ?? {}
  return createRaft({ ...options, restored: { ...restored, hardState: hardState && { ...hardState, commit: 0 } } })
}

/** A leader answers reads from what it has, without asking whether it still leads. */
export const readsWithoutQuorum: CreateCore = options => {
  const core = createRaft(options)
  const answers: ReadState[] = []
  return altered(core, {
    read(context) {
      if (core.role !== 'leader') return core.read(context)
      answers.push({ context, index: core.commit })
      return { accepted: true }
    },
    hasReady: () => answers.length > 0 || core.hasReady(),
    ready(): Ready {
      const ready = core.ready()
      return { ...ready, reads: [...ready.reads, ...answers.splice(0)] }
    },
  })
}

/** What a learner acknowledges counts for a voter that lags behind. */
export const countsLearners: CreateCore = options => {
  const core = createRaft(options)
  const sessions = new Map<string, number>()
  return altered(core, {
    ready(): Ready {
      const ready = core.ready()
      for (const message of ready.send) if (message.type === 'appendEntries') sessions.set(message.to, message.session)
      return ready
    },
    step(message: Message) {
      const result = core.step(message)
      if (core.role !== 'leader' || message.type !== 'appendReply' || !message.accepted) return result
      const { voters, learners } = core.status().membership
      if (!learners.includes(message.from)) return result
      for (const from of voters) if (from !== core.id) core.step({ ...message, from, session: sessions.get(from) ?? 0 })
      return result
    },
  })
}

/** A vote that arrives is counted for everybody who was asked. */
export const countsVotesTwice: CreateCore = options => {
  const core = createRaft(options)
  return altered(core, {
    step(message: Message) {
      const result = core.step(message)
      if (message.type !== 'voteReply' || !message.granted) return result
      for (const from of core.status().membership.voters) if (from !== core.id) core.step({ ...message, from })
      return result
    },
  })
}
