// A discount that is valid until midnight, in a state machine. Every node applies the same commands; do they get the same result?
import { type Application, foldText, type ObservedMachine, prove } from 'raft-sim'

type Order = { readonly price: number; readonly at: number }

function shop(isBeforeMidnight: (order: Order) => boolean): ObservedMachine<number> {
  let revenue = 0
  return {
    machine: {
      apply(command) {
        const order: Order = JSON.parse(new TextDecoder().decode(command))
        revenue += isBeforeMidnight(order) ? order.price / 2 : order.price
        return revenue
      },
      async *snapshot() {
        yield new TextEncoder().encode(String(revenue))
      },
      async restore(data) {
        let text = ''
        for await (const chunk of data) text += new TextDecoder().decode(chunk)
        revenue = Number(text)
      },
    },
    digest: () => foldText(0, String(revenue)), // compared between all nodes, at every index
    answer: () => String(revenue),
  }
}

function application(isBeforeMidnight: (order: Order) => boolean): Application<number> {
  return {
    create: () => shop(isBeforeMidnight),
    resultCodec: {
      encode: revenue => new TextEncoder().encode(String(revenue)),
      decode: bytes => Number(new TextDecoder().decode(bytes)),
    },
    command(random, number) {
      const order: Order = { price: 10 * number, at: random.below(48) }
      return { bytes: new TextEncoder().encode(JSON.stringify(order)), text: `order ${number}` }
    },
    question: () => 'revenue',
  }
}

/** Stands for whatever differs from machine to machine: the clock, a locale, a file, the order of a Map filled by the network. */
let asked = 0
const byMachine = await prove({ application: application(() => asked++ % 2 === 0), seeds: 3, events: 1_000 })
console.log('decided on each machine:', byMachine.failure?.message.split('\n')[0] ?? 'no violation')

// Whoever takes the order decides what time it is, once, and says so in the command.
const byCommand = await prove({ application: application(({ at }) => at < 24), seeds: 3, events: 1_000 })
console.log('decided in the command:', byCommand.failure?.message.split('\n')[0] ?? 'no violation')
