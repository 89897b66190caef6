/** Aborted at the first Ctrl-C or SIGTERM, which then is how to end what goes on until then: exit code 0. A second one ends the process. */
export function untilInterrupted(): AbortSignal {
  const controller = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => controller.abort())
  return controller.signal
}
