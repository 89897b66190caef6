import { itemJson, keyField } from '../http/json-bytes.ts'
import type { Change } from '../store/keyspace.ts'

/** Both are of one generation, and two are kept. A change alone larger than the second is not kept at all. */
const countMax = 1_000
const bytesMax = 8 * 1024 * 1024

/** Changes as JSON, made once for all who watch at about the same place: what is older is made again for who comes later. */
export class ChangeTexts {
  #texts = new Map<Change, string>()
  #olderTexts = this.#texts
  #bytes = 0

  of(change: Change): string {
    const known = this.#texts.get(change)
    if (known !== undefined) return known
    const text = this.#olderTexts.get(change) ?? JSON.stringify(jsonOf(change))
    this.#keep(change, text)
    return text
  }

  #keep(change: Change, text: string): void {
    // What is kept is the change, too, which the history may have forgotten meanwhile.
    const bytes = text.length + change.key.length + (change.value?.length ?? 0)
    if (bytes > bytesMax) return
    if (this.#texts.size >= countMax || this.#bytes + bytes > bytesMax) {
      this.#olderTexts = this.#texts
      this.#texts = new Map()
      this.#bytes = 0
    }
    this.#texts.set(change, text)
    this.#bytes += bytes
  }
}

function jsonOf(change: Change) {
  return change.value === undefined ? { type: 'delete', ...keyField(change.key) } : { type: 'put', ...itemJson(change) }
}
