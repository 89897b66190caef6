import { expect, test } from 'vitest'
import { Connection, type Frame } from '../../src/node/connection.ts'
import { Bench } from './support/bench.ts'

const frame = (id: number): Frame => ({ type: 'answer', id, body: new Uint8Array(0) })

test('a process that has computed in its turn has said nothing before it was done with that', async () => {
  const bench = new Bench()
  const [near, far] = [bench.process('n1'), bench.process('n2')]
  const connection = new Connection(bench.network, near, far)
  const arrivals: number[] = []
  connection.far.receive({ frame: () => arrivals.push(bench.schedule.now), closed: () => {} })

  near.enter(() => {
    connection.near.send(frame(1))
    near.work(100)
    connection.near.send(frame(2))
  })
  await bench.pass(200)
  expect(arrivals.map(Math.floor)).toEqual([1, 101])
})
