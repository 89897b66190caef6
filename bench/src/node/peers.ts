import type { Contestant } from '../compare/contestant.ts'
import { readGoResult } from '../compare/go-result.ts'
import type { CallersLoad, Contender } from './contender.ts'

/** The leaders of these programs have callers inside, too; a request starts them and its answer is what they measured. */
export function inProcess(peer: Contestant, call: string): Contender {
  return {
    name: `${peer.name}, ${call}`,
    series: peer.name,
    async start(folder) {
      const { url, watched, stop } = await peer.start(folder)
      const run = async ({ callers, seconds, keys }: CallersLoad) => {
        const response = await fetch(`${url}/bench?c=${callers}&sec=${seconds}&keys=${keys}`)
        return readGoResult(await response.text())
      }
      return { run, watched: async () => watched, stop }
    },
  }
}
