import type { Random } from '../random.ts'

const sectorBytes = 512

/** The bytes of one file: as programs see them, and as they are on the disk. */
export class FileBytes {
  #bytes = new Uint8Array(0)
  #size = 0
  #durable = new Uint8Array(0)
  /** Sectors that were written since the last sync. */
  readonly #dirty = new Set<number>()
  /** A sync has failed: the disk does not have all that is not dirty. */
  #isLost = false
  /** Up to here it takes place on the disk: a longer file ends with a hole. */
  #written = 0

  get size(): number {
    return this.#size
  }
  /** What survives a power cut for certain. */
  get durable(): Uint8Array {
    return this.#durable
  }
  get isDurable(): boolean {
    return !this.#isLost && this.#dirty.size === 0 && this.#size === this.#durable.length
  }

  /** Bytes of the disk that it takes. */
  get taken(): number {
    return this.#written
  }

  readAt(offset: number, length: number): Uint8Array {
    return this.#bytes.slice(offset, Math.min(this.#size, offset + length))
  }
  writeAt(offset: number, bytes: Uint8Array): void {
    if (bytes.length === 0) return
    const end = offset + bytes.length
    if (end > this.#bytes.length) this.#grow(end)
    this.#bytes.set(bytes, offset)
    this.#size = Math.max(this.#size, end)
    this.#written = Math.max(this.#written, end)
    for (let sector = Math.floor(offset / sectorBytes); sector * sectorBytes < end; sector++) this.#dirty.add(sector)
  }
  truncate(size: number): void {
    if (size > this.#bytes.length) this.#grow(size)
    this.#bytes.fill(0, Math.min(size, this.#size))
    this.#size = size
    this.#written = Math.min(this.#written, size)
  }
  fillFrom(other: FileBytes): void {
    this.#bytes = new Uint8Array(other.readAt(0, other.size))
    this.#size = other.size
    this.#written = other.taken
    this.#durable = this.#bytes.slice()
  }
  sync(): void {
    if (this.isDurable) return
    if (this.#isLost) this.#keep([...this.#dirty])
    else this.#durable = this.#bytes.slice(0, this.#size)
    this.#dirty.clear()
  }
  /** The disk refuses some of it, and the kernel takes all of it for written: it can be read, and later syncs leave it out. */
  failSync(random: Random): void {
    this.#keep([...this.#dirty].filter(() => random.chance(0.5)))
    this.#dirty.clear()
    this.#isLost = true
  }
  #keep(sectors: readonly number[]): void {
    const durable = new Uint8Array(this.#size)
    durable.set(this.#durable.subarray(0, this.#size))
    for (const sector of sectors) {
      const start = sector * sectorBytes
      durable.set(this.#bytes.subarray(start, Math.min(start + sectorBytes, this.#size)), Math.min(start, this.#size))
    }
    this.#durable = durable
  }

  /** A bit on the platter turns. */
  flip(random: Random): boolean {
    if (this.#size === 0) return false
    const at = random.below(this.#size)
    this.#bytes[at] = this.#bytes[at]! ^ (1 << random.below(8))
    this.#dirty.clear()
    this.#durable = this.#bytes.slice(0, this.#size)
    return true
  }

  /** Each sector that was not synced is kept, dropped or torn, whatever became of the others; the length is the old one or the new. */
  powerCut(random: Random): void {
    if (this.isDurable) return
    const after = this.#bytes.slice(0, this.#size)
    const bytes = new Uint8Array(Math.max(this.#durable.length, after.length))
    bytes.set(this.#durable)
    for (const sector of this.#dirty) {
      const start = sector * sectorBytes
      const end = Math.min(start + sectorBytes, after.length)
      const fate = random.next()
      const kept = fate < 0.45 ? start : fate < 0.85 ? end : start + random.below(Math.max(1, end - start))
      if (kept > start) bytes.set(after.subarray(start, kept), start)
    }
    this.#bytes = bytes.slice(0, random.chance(0.5) ? this.#durable.length : after.length)
    this.#size = this.#bytes.length
    this.#written = Math.min(this.#written, this.#size)
    this.#isLost = false
    this.#dirty.clear()
    this.#durable = this.#bytes.slice()
  }

  #grow(size: number): void {
    const grown = new Uint8Array(Math.max(size, 2 * this.#bytes.length))
    grown.set(this.#bytes.subarray(0, this.#size))
    this.#bytes = grown
  }
}

/** A name that came, went or moved, and is not durable yet. */
type Change = { readonly from?: string; readonly to?: string; readonly file?: FileBytes }

class Folder {
  readonly names = new Map<string, FileBytes | 'folder'>()
  readonly #durable = new Map<string, FileBytes | 'folder'>()
  #changes: Change[] = []
  /** Counts whatever happens to its names. */
  version = 0

  change(change: Change): void {
    this.version++
    apply(this.names, change)
    this.#changes.push(change)
  }
  add(name: string): void {
    this.names.set(name, 'folder')
    this.#durable.set(name, 'folder')
  }
  sync(): void {
    this.version++
    for (const change of this.#changes) apply(this.#durable, change)
    this.#changes = []
  }
  /** Mostly the first changes are kept and the later ones not, as in a journal; a disk is free to choose others. */
  powerCut(random: Random): void {
    const count = random.below(this.#changes.length + 1)
    const isJournal = random.chance(0.7)
    const kept = isJournal ? this.#changes.slice(0, count) : this.#changes.filter(() => random.chance(0.5))
    this.#changes = kept
    this.sync()
    this.names.clear()
    for (const [name, file] of this.#durable) this.names.set(name, file)
    for (const file of this.names.values()) if (file !== 'folder') file.powerCut(random)
  }
  /** Whether this name and all bytes under it survive whatever happens. */
  isDurable(name: string): boolean {
    const file = this.#durable.get(name)
    if (file === undefined || this.#changes.some(({ from, to }) => from === name || to === name)) return false
    return file === 'folder' || file.isDurable
  }
}

function apply(names: Map<string, FileBytes | 'folder'>, { from, to, file }: Change): void {
  if (from !== undefined) names.delete(from)
  if (to !== undefined && file !== undefined) names.set(to, file)
}

/** The folders and files of one disk. */
export class FileTree {
  readonly #folders = new Map<string, Folder>()

  file(path: string): FileBytes | undefined {
    const { folder, name } = this.#locate(path)
    const file = folder?.names.get(name)
    return file === 'folder' ? undefined : file
  }
  create(path: string): FileBytes {
    const { folder, name } = this.#locate(path)
    if (folder === undefined) throw new Error(`ENOENT: no such folder for ${path}`)
    const found = folder.names.get(name)
    if (found === 'folder') throw new Error(`EISDIR: ${path} is a folder`)
    if (found !== undefined) return found
    const file = new FileBytes()
    folder.change({ to: name, file })
    return file
  }
  rename(from: string, to: string): void {
    const source = this.#locate(from)
    const target = this.#locate(to)
    const file = source.folder?.names.get(source.name)
    if (file === undefined || file === 'folder' || target.folder === undefined) throw new Error(`ENOENT: cannot rename ${from}`)
    if (source.folder !== target.folder) throw new Error(`EXDEV: ${from} and ${to} lie in different folders`)
    source.folder.change({ from: source.name, to: target.name, file })
  }
  remove(path: string): void {
    const { folder, name } = this.#locate(path)
    if (folder?.names.has(name)) folder.change({ from: name })
  }
  list(path: string): string[] {
    return [...(this.#folders.get(path)?.names.keys() ?? [])].sort()
  }
  makeFolder(path: string): void {
    if (this.#folders.has(path)) return
    const end = path.lastIndexOf('/')
    if (end > 0) {
      this.makeFolder(path.slice(0, end))
      this.#folders.get(path.slice(0, end))?.add(path.slice(end + 1))
    }
    this.#folders.set(path, new Folder())
  }
  syncFolder(path: string): void {
    this.#folders.get(path)?.sync()
  }

  /** The same names and bytes, as programs see them, all of it durable. */
  copy(): FileTree {
    const copy = new FileTree()
    for (const path of [...this.#folders.keys()].sort()) {
      copy.makeFolder(path)
      for (const name of this.list(path)) {
        const file = this.file(`${path}/${name}`)
        if (file !== undefined) copy.create(`${path}/${name}`).fillFrom(file)
      }
      copy.syncFolder(path)
    }
    return copy
  }

  powerCut(random: Random): void {
    for (const folder of this.#folders.values()) folder.powerCut(random)
  }
  /** Bytes that its files take of the disk. */
  get taken(): number {
    const files = [...this.#folders.values()].flatMap(({ names }) => [...names.values()])
    return files.reduce((sum, file) => sum + (file === 'folder' ? 0 : file.taken), 0)
  }
  /** Goes up with every change to the names in a folder. */
  versionOf(path: string): number {
    return this.#folders.get(path)?.version ?? 0
  }
  /** Names in a folder that survive whatever happens. */
  durableNames(path: string): string[] {
    const folder = this.#folders.get(path)
    return folder === undefined ? [] : [...folder.names.keys()].filter(name => folder.isDurable(name))
  }

  #locate(path: string): { readonly folder: Folder | undefined; readonly name: string } {
    const end = path.lastIndexOf('/')
    return { folder: this.#folders.get(path.slice(0, end)), name: path.slice(end + 1) }
  }
}
