import { strict as assert } from 'node:assert'
import { execFile } from 'node:child_process'
import { stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Commands } from '../harness/commands.ts'
import { freePorts } from '../harness/ports.ts'
import type { Scenario } from '../harness/scenario.ts'
import { eventually } from '../harness/wait.ts'

const run = promisify(execFile)

export const withoutCluster: readonly Scenario[] = [
  {
    name: 'raftctl help fits a screen, mistakes get a suggestion, stack traces only with --debug',
    run: async () => {
      const ctl = new Commands({})
      const help = await ctl.prints('--help', /EXAMPLES\n +\$ raftctl dev/)
      assert(help.split('\n').length <= 41, help)
      assert.equal(await ctl.prints('help', /EXAMPLES/), help)
      await ctl.prints('--version', /^raftctl\/\d+\.\d+\.\d+ /)
      await ctl.prints('help kv cas', /EXAMPLES\n +# From one value to another\n +\$ raftctl kv cas/)
      await ctl.fails('kv gte foo', 2, /there is no command "kv gte.*did you mean "raftctl kv get"/)
      await ctl.fails('clutser', 2, /did you mean "raftctl cluster"/)
      await ctl.fails('zzzzzzzzzzzz', 2, /^raftctl: there is no command "zzzzzzzzzzzz"; "raftctl --help" shows/)
      await ctl.fails('kv get foo --endpoints nonsense', 2, /"nonsense" is not an address; write HOST:PORT/)
      await ctl.fails('kv get foo --cert x', 2, /key/)
      const debug = await ctl.run('kv get foo -e 127.0.0.1:1 --debug')
      assert.match(debug.stderr, /^\s+at .*\n[\s\S]*^raftctl: /m)
    },
  },
  {
    name: 'raftctl context keeps whom to ask, hides tokens, and counts for less than flags and variables',
    run: async folder => {
      const file = join(folder, 'deep', 'contexts.json')
      const ctl = new Commands({ RAFTCTL_CONFIG: file })
      await ctl.prints('context list', /no contexts yet; make one with/)
      await ctl.fails('context show', 4, /no context is in use/)
      await ctl.prints(
        'context set prod --endpoints 127.0.0.1:1,127.0.0.1:2 --token -',
        /^prod is kept in .*, and in use\n$/,
        'secret-token-secret\n',
      )
      await ctl.prints('context set test --endpoints 127.0.0.1:3', /use it with: context use test/)
      assert.equal((await stat(file)).mode & 0o777, 0o600)
      const list = await ctl.prints('context list --output json', /"token": "set"/)
      assert.doesNotMatch(list, /secret/)
      await ctl.prints('context list', /^ +NAME +ENDPOINTS +TOKEN[^\n]*\n\* +prod +127\.0\.0\.1:1,127\.0\.0\.1:2 +set/)
      await ctl.prints('context show --field endpoints.0', '127.0.0.1:1\n')
      await ctl.fails('kv get a', 3, /127\.0\.0\.1:2/)
      await ctl.fails('kv get a --context test', 3, /127\.0\.0\.1:3/)
      await ctl.fails('kv get a --endpoints 127.0.0.1:4', 3, /127\.0\.0\.1:4/)
      await new Commands({ RAFTCTL_CONFIG: file, RAFTCTL_CONTEXT: 'test' }).fails('kv get a', 3, /127\.0\.0\.1:3/)
      await ctl.prints('context use test', /^test is in use: 127\.0\.0\.1:3\n$/)
      await ctl.prints('context remove test', /^test is forgotten; none is in use now\n$/)
      for (const words of ['context use none', 'context show none', 'context remove none', 'kv get a --context none']) {
        await ctl.fails(words, 2, /there is no context "none": there are prod; make one with/)
      }
      await ctl.fails(['context', 'set', 'a b'], 2, /cannot be the name of a context/)
      await writeFile(file, 'nonsense')
      await ctl.fails('kv get a', 1, /does not hold contexts as raftctl writes them/)
      await new Commands({ RAFTCTL_CONFIG: '/sys/x/contexts.json' }).fails(
        'context set a --endpoints 127.0.0.1:1',
        1,
        /cannot be written \(E\w+\); make/,
      )
      await new Commands({ RAFTCTL_CONFIG: '/dev/null/x' }).fails('context list', 1, /\/dev\/null\/x cannot be read \(ENOTDIR\)/)
    },
  },
  {
    name: 'raftctl completion: bash completes commands, flags and values; zsh and fish where they are installed',
    run: async folder => {
      const ctl = new Commands({})
      const script = join(folder, 'completion')
      await writeFile(script, await ctl.prints('completion bash', /complete -o default/))
      const complete = async (...words: string[]): Promise<string[]> => {
        const line = `source ${script}; COMP_WORDS=(raftctl ${words.map(word => `'${word}'`).join(' ')}); COMP_CWORD=${words.length}; _raftctl; echo "\${COMPREPLY[@]}"`
        return (await run('bash', ['--norc', '-c', line])).stdout.trim().split(' ')
      }
      assert.deepEqual(await complete('clu'), ['cluster'])
      assert.deepEqual(await complete('kv', 'g'), ['get'])
      assert.deepEqual(await complete('kv', 'get', '--consist'), ['--consistency'])
      assert.deepEqual(await complete('kv', 'get', '--consistency', 'l'), ['linearizable', 'lease'])
      assert.deepEqual(await complete('kv', 'get', 'foo', '-o', 'j'), ['json'])
      assert.deepEqual(await complete('completion', ''), ['bash', 'fish', 'zsh'])
      for (const shell of ['zsh', 'fish']) {
        await writeFile(`${script}.${shell}`, await ctl.prints(`completion ${shell}`, /raftctl completion for/))
        await run(shell, ['-n', `${script}.${shell}`]).catch(error => assert.equal(error.code, 'ENOENT', `${shell}: ${error.stderr}`))
      }
      await ctl.fails('completion tcsh', 2, /bash.*fish.*zsh|one of/)
    },
  },
  {
    name: 'raftctl dev: a cluster in one command; a node that is killed is named with the line that starts it again',
    run: async folder => {
      const port = await freePorts(207)
      const ctl = new Commands({})
      const words = ['dev', '--port', String(port), '--data', join(folder, 'data'), '--log-level', 'warn']
      const dev = ctl.start(words)
      await dev.says(/3 nodes, ready:\n {2}n1 [\s\S]*leads[\s\S]*raftctl kv set greeting hello --endpoint 127/)
      await ctl.fails(words, 1, /127\.0\.0\.1:\d+ is in use; stop what listens there, or choose other ports, for example --port/)
      await ctl.prints(['node', 'stop-gracefully', join(folder, 'data', 'n3')], /^n3 has stopped/)
      await dev.says(/raftctl: n3 has ended \(exit code 0\); the others go on\. Start it again with: raftctl node start --id n3/)
      await eventually('two go on', () => ctl.prints(`kv set a 1 -e 127.0.0.1:${port}`, /set/))
      assert.equal((await dev.interrupt()).code, 0)
      const other = ['dev', '--port', String(port + 1), '--data', join(folder, 'data')]
      await ctl.fails(other, 1, /holds a cluster of port \d+; add --port/)
      await ctl.fails('dev --nodes 10', 2, /10/)
    },
  },
]
