/** The server needs no further byte to answer it, and gets none: garbage behind a request closes the connection, maybe before it is answered. */
export function isWholeRequest(request: Buffer): boolean {
  const text = request.toString('latin1')
  const end = text.indexOf('\r\n\r\n')
  if (end < 0) return false
  const head = text.slice(0, end)
  // Chunks among which the body's end is sought are random bytes.
  if (/\r\ntransfer-encoding:/i.test(head)) return false
  const lengths = [...head.matchAll(/\r\ncontent-length: (\d+)/gi)].map(([, length]) => Number(length))
  return new Set(lengths).size <= 1 && request.length === end + 4 + (lengths[0] ?? 0)
}

/** Nothing belongs to the answer that has not come yet. `text`: its beginning, with all headers; `bytes`: how many of it came. */
export function isWholeAnswer(text: string, bytes: number, isForHead: boolean): boolean {
  const start = startOfAnswer(text)
  const end = text.indexOf('\r\n\r\n', start)
  if (end < 0) return false
  const length = /\r\ncontent-length: (\d+)/i.exec(text.slice(start, end))?.[1]
  return isForHead || bytes >= end + 4 + Number(length ?? 0)
}

/** Nothing came, or no more than the leave to send the body. */
export function isNoAnswer(text: string): boolean {
  return text.length === startOfAnswer(text)
}

export function statusIn(answer: string): string | undefined {
  return /^HTTP\/1\.1 (\d{3})/.exec(answer.slice(startOfAnswer(answer)))?.[1]
}

/** It may come after a 100 Continue. */
function startOfAnswer(text: string): number {
  return text.startsWith('HTTP/1.1 100 ') ? text.indexOf('\r\n\r\n') + 4 : 0
}
