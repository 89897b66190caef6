import { isUtf8 } from 'node:buffer'
import { exitCodes } from './exit-codes.ts'
import { Failure } from './failure.ts'

/** All of the standard input, as it is: a newline at its end belongs to it. */
export async function readStdin(): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of process.stdin) chunks.push(chunk)
  return Buffer.concat(chunks)
}

export async function readStdinText(): Promise<string> {
  const bytes = await readStdin()
  if (!isUtf8(bytes)) throw new Failure('the standard input is not UTF-8 text', exitCodes.usage)
  return bytes.toString('utf8')
}
