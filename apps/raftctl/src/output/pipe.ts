/**
 * Aborted once nobody reads the output any more, as after `| head`: what goes on for long then stops instead of working for nobody.
 * oclif keeps the error itself from ending the process.
 */
const closed = new AbortController()

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') closed.abort()
})

export const untilClosed: AbortSignal = closed.signal
