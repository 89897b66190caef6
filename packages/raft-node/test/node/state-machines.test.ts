import { describe, expect, test } from 'vitest'
import { stateMachineContract } from '../../src/contracts/state-machine.ts'
import { MapState } from '../../src/map-state.ts'
import { BatchRegister, Register } from './register.ts'

const tools = { describe, test, expect }

describe('the ready-made map', () => {
  const { setCommand, deleteCommand } = MapState
  const commands = [setCommand('a', 1), setCommand('b', { c: [2] }), setCommand('a', 'x'), deleteCommand('b'), deleteCommand('none')]
  const show = (machine: unknown) => JSON.stringify(['a', 'b', 'none'].map(key => (machine as MapState<unknown>).get(key) ?? null))
  stateMachineContract(tools, () => ({ create: () => new MapState<unknown>(), commands, show }))
})

describe('one that takes batches', () => {
  const commands = ['a', 'b', '!no', 'a'].map(text => Register.command(text))
  stateMachineContract<string>(tools, () => ({
    create: () => new BatchRegister(),
    commands: commands.filter((_, at) => at !== 2),
    show: machine => (machine as BatchRegister).applied.filter(text => /^[a-z]$/.test(text)).join(),
  }))
})
