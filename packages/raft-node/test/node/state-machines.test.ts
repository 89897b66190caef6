import { describe, expect, test } from 'vitest'
import { stateMachineContract } from '../../src/contracts/state-machine.ts'
import { MapState } from '../../src/map-state.ts'
import { BatchRegister, PersistentRegister, Register, type RegisterStore } from './register.ts'

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

describe.each([1, 3])('one with a store of its own, written after every %i commands', every => {
  const stores = new WeakMap<object, RegisterStore>()
  const open = (store: RegisterStore) => {
    const machine = new PersistentRegister(store, every)
    stores.set(machine, store)
    return machine
  }
  stateMachineContract<string>(tools, () => ({
    create: () => open(PersistentRegister.store()),
    reopen: machine => open(stores.get(machine)!),
    commands: ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map(text => Register.command(text)),
    show: machine => (machine as Register).applied.filter(text => /^[a-z]$/.test(text)).join(),
  }))
})
