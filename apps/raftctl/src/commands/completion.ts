import { Args } from '@oclif/core'
import { RaftCommand } from '../command/base.ts'
import { prose } from '../command/prose.ts'
import { bash } from '../completion/bash.ts'
import { fish } from '../completion/fish.ts'
import { grammarOf } from '../completion/grammar.ts'
import { zsh } from '../completion/zsh.ts'

const shells = { bash, fish, zsh } as const

export default class Completion extends RaftCommand {
  static override summary = 'Print what makes the Tab key complete commands and flags'

  static override description =
    prose(`For bash, zsh or fish. The script knows all commands, flags and their words, and asks nobody while you type.
After an upgrade of <%= config.bin %>, write it anew.`)

  static override examples = [
    { description: 'bash, for this session', command: 'source <(<%= config.bin %> completion bash)' },
    {
      description: 'bash, for all',
      command: '<%= config.bin %> completion bash > ~/.local/share/bash-completion/completions/<%= config.bin %>',
    },
    { description: 'zsh, in a folder of $fpath', command: '<%= config.bin %> completion zsh > ~/.zfunc/_<%= config.bin %>' },
    { description: 'fish', command: '<%= config.bin %> completion fish > ~/.config/fish/completions/<%= config.bin %>.fish' },
  ]

  static override args = {
    shell: Args.string({ description: 'the shell', options: Object.keys(shells), required: true, ignoreStdin: true }),
  }

  async run(): Promise<void> {
    const { args } = await this.parse(Completion)
    const write = shells[args.shell as keyof typeof shells]
    process.stdout.write(write(grammarOf(this.config)))
  }
}
