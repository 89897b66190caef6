import { type Bytes, byteField } from '../output/bytes.ts'

/** One key with its value. JSON would leave U+2028 and U+2029 as they are, at which many programs end a line. */
export function lineOf(key: Bytes, value: Bytes): string {
  const json = JSON.stringify({ ...byteField('key', key), ...byteField('value', value) })
  return `${json.replace(/[\u2028\u2029]/g, character => (character === '\u2028' ? '\\u2028' : '\\u2029'))}\n`
}
