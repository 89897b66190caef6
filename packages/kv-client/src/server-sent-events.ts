/** One server-sent event. */
export type ServerSentEvent = { readonly event: string; readonly data: string }

/** The events of a stream, as the HTML standard (§9.2.6) reads them. A comment is an event without a name: a sign of life. */
export async function* eventsIn(stream: ReadableStream<Uint8Array>): AsyncGenerator<ServerSentEvent, void, undefined> {
  let event = ''
  let data: string[] = []
  for await (const line of linesIn(stream)) {
    if (line === '') {
      if (data.length > 0) yield { event, data: data.join('\n') }
      event = ''
      data = []
    } else if (line.startsWith(':')) yield { event: '', data: '' }
    else if (line.startsWith('event:')) event = valueIn(line)
    else if (line.startsWith('data:')) data.push(valueIn(line))
  }
}

async function* linesIn(stream: ReadableStream<Uint8Array>): AsyncGenerator<string, void, undefined> {
  const reader = stream.getReader()
  const decoder = new TextDecoder()
  // A long line comes in many pieces: they are joined once, when it ends.
  let pieces: string[] = []
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      const [first = '', ...rest] = decoder.decode(value, { stream: true }).split('\n')
      pieces.push(first)
      for (const next of rest) {
        yield pieces.join('')
        pieces = [next]
      }
    }
  } finally {
    await reader.cancel().catch(() => {}) // the connection is gone already
  }
}

function valueIn(line: string): string {
  const value = line.slice(line.indexOf(':') + 1)
  return value.startsWith(' ') ? value.slice(1) : value
}
