import { Flags } from '@oclif/core'

const group = { helpGroup: 'GLOBAL' }

/** Whom to ask, as whom, and for how long. Without a flag or its variable the context counts, and then what stands in brackets. */
export const clientFlags = {
  endpoints: Flags.string({
    ...group,
    aliases: ['endpoint'],
    char: 'e',
    env: 'RAFTCTL_ENDPOINTS',
    helpValue: 'HOST:PORT',
    description: 'whom to ask; several, repeated or with commas: the next is tried when one does not answer [127.0.0.1:8180]',
    multiple: true,
    multipleNonGreedy: true,
    delimiter: ',',
  }),
  context: Flags.string({
    ...group,
    char: 'c',
    env: 'RAFTCTL_CONTEXT',
    helpValue: 'NAME',
    description: 'a named set of the flags here, as "raftctl context set" keeps it [the one in use]',
  }),
  timeout: Flags.integer({
    ...group,
    env: 'RAFTCTL_TIMEOUT',
    helpValue: 'MS',
    description: 'milliseconds to wait for an answer [5000]',
    min: 1,
  }),
  token: Flags.string({
    ...group,
    env: 'RAFTCTL_TOKEN',
    helpValue: 'TOKEN',
    description: 'where the servers ask for tokens; better given in the environment or a context',
  }),
  cacert: Flags.string({
    ...group,
    env: 'RAFTCTL_CACERT',
    helpValue: 'FILE',
    description: 'speak HTTPS, and trust servers that this certificate (PEM) has signed',
  }),
  cert: Flags.string({
    ...group,
    env: 'RAFTCTL_CERT',
    helpValue: 'FILE',
    description: 'the certificate to show, where the servers ask for one',
    dependsOn: ['key'],
  }),
  key: Flags.string({ ...group, env: 'RAFTCTL_KEY', helpValue: 'FILE', description: 'and its private key', dependsOn: ['cert'] }),
}
