/**
 * An ordered map that never changes: every write makes a new map that shares all but one path with the old one. Whoever holds a map
 * holds a snapshot of it, at no cost, whatever is written later. Who writes much uses a `Draft` of it.
 *
 * It is a B+ tree with path copying. Every node, like every item, carries the lowest key beneath it, so one search serves both.
 * Keys are ordered by UTF-16 code units, which is what `<` does; the same on every machine, unlike a locale's order.
 */
export class OrderedMap<Item extends Keyed> {
  readonly size: number
  readonly #root: Tree<Item>

  private constructor(root: Tree<Item>, size: number) {
    this.#root = root
    this.size = size
  }

  static empty<Item extends Keyed>(): OrderedMap<Item> {
    return new OrderedMap<Item>(leaf([]), 0)
  }

  /** Of items in ascending order, each key once: from the leaves up, without a search for any of them. */
  static ofAscending<Item extends Keyed>(items: readonly Item[]): OrderedMap<Item> {
    let level: Tree<Item>[] = parts(items).map(part => leaf(part))
    while (level.length > 1) level = parts(level).map(part => branch(part))
    return new OrderedMap(level[0] ?? leaf([]), items.length)
  }

  get(key: string): Item | undefined {
    return find(this.#root, key)
  }

  /** A map that also holds `item`, in place of the one with the same key if there was one. */
  set(item: Item): OrderedMap<Item> {
    const [left, right, isNew] = insert(this.#root, item, undefined)
    return new OrderedMap(right === undefined ? left : branch([left, right]), isNew ? this.size + 1 : this.size)
  }

  /** A map without `key`; this map itself if it does not hold it. */
  delete(key: string): OrderedMap<Item> {
    if (this.get(key) === undefined) return this
    return new OrderedMap(withoutIdleRoot(remove(this.#root, key)), this.size - 1)
  }

  /** This map, to be written to. */
  draft(): Draft<Item> {
    return new Draft(this.#root, this.size, (root, size) => new OrderedMap(root, size))
  }

  /** Items in ascending order of keys, beginning with the first whose key is not below `from`. */
  *values(from = ''): Generator<Item, void, undefined> {
    for (const { items } of leavesFrom(this.#root, from)) {
      for (const item of items) if (item.key >= from) yield item
    }
  }
}

/**
 * A map for one who writes much and looks at it in between: what was made since it was last frozen belongs to nobody else and is changed
 * in place. A path is copied once for each time that somebody takes a frozen map, not for every write.
 */
class Draft<Item extends Keyed> {
  #root: Tree<Item>
  #size: number
  /** The mark of the nodes that may be changed. */
  #edition: Edition = {}
  readonly #frozen: (root: Tree<Item>, size: number) => OrderedMap<Item>
  /** Where `get` found something, until the tree changes: who looks at an item mostly replaces it next. */
  #foundIn: Leaf<Item> | undefined
  #foundAt = 0

  constructor(root: Tree<Item>, size: number, frozen: (root: Tree<Item>, size: number) => OrderedMap<Item>) {
    this.#root = root
    this.#size = size
    this.#frozen = frozen
  }

  get size(): number {
    return this.#size
  }

  get(key: string): Item | undefined {
    const leaf = leafFor(this.#root, key)
    const place = lastNotAbove(leaf.items, key)
    const item = leaf.items[place]
    if (item?.key !== key) return undefined
    this.#foundIn = leaf
    this.#foundAt = place
    return item
  }

  /** In place of the one with the same key, if there is one. */
  set(item: Item): void {
    const found = this.#foundIn
    // A node of this edition is in no frozen map; and whatever takes one out of the tree forgets this place.
    if (found?.edition === this.#edition && found.items[this.#foundAt]?.key === item.key) {
      found.items[this.#foundAt] = item
      return
    }
    this.#foundIn = undefined
    const [left, right, isNew] = insert(this.#root, item, this.#edition)
    this.#root = right === undefined ? left : branch([left, right], this.#edition)
    if (isNew) this.#size++
  }

  /** Returns whether it was there. */
  delete(key: string): boolean {
    if (this.get(key) === undefined) return false
    this.#foundIn = undefined
    this.#root = withoutIdleRoot(remove(this.#root, key))
    this.#size--
    return true
  }

  /** As it is now, and will be whatever is written later. */
  freeze(): OrderedMap<Item> {
    this.#edition = {}
    return this.#frozen(this.#root, this.#size)
  }
}

export type Keyed = { readonly key: string }

/** Whose draft a node belongs to. Undefined, or out of date: it is shared and never changes. */
type Edition = object
type Leaf<Item> = { key: string; readonly height: 0; readonly items: Item[]; readonly edition: Edition | undefined }
type Branch<Item> = { key: string; readonly height: number; readonly items: Tree<Item>[]; readonly edition: Edition | undefined }
type Tree<Item> = Leaf<Item> | Branch<Item>

// Wide enough for three levels at 30,000 keys and four at a million, narrow enough that copying a path costs a few microseconds at most.
const widthMax = 32
const widthMin = widthMax / 4

/** As even as they can be, and with room in each. */
function parts<T>(list: readonly T[]): T[][] {
  const count = Math.ceil(list.length / (widthMax - widthMin))
  return Array.from({ length: count }, (_, i) => {
    return list.slice(Math.floor((i * list.length) / count), Math.floor(((i + 1) * list.length) / count))
  })
}

function leaf<Item extends Keyed>(items: Item[], edition?: Edition): Leaf<Item> {
  return { key: items[0]?.key ?? '', height: 0, items, edition }
}

function branch<Item>(items: Tree<Item>[], edition?: Edition): Branch<Item> {
  const first = items[0] as Tree<Item>
  return { key: first.key, height: first.height + 1, items, edition }
}

function isLeaf<Item>(tree: Tree<Item>): tree is Leaf<Item> {
  return tree.height === 0
}

function find<Item extends Keyed>(root: Tree<Item>, key: string): Item | undefined {
  const { items } = leafFor(root, key)
  const item = items[lastNotAbove(items, key)]
  return item?.key === key ? item : undefined
}

/** Where the key is, or would be. */
function leafFor<Item extends Keyed>(root: Tree<Item>, key: string): Leaf<Item> {
  let tree = root
  while (!isLeaf(tree)) tree = tree.items[childFor(tree, key)] as Tree<Item>
  return tree
}

/** The place of the last item whose key is not above `key`; -1 if all are above. */
function lastNotAbove(items: readonly Keyed[], key: string): number {
  let low = 0
  let high = items.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((items[middle] as Keyed).key <= key) low = middle + 1
    else high = middle
  }
  return low - 1
}

/** Keys below all that the tree holds belong into its first child. */
function childFor<Item extends Keyed>(tree: Tree<Item>, key: string): number {
  return Math.max(0, lastNotAbove(tree.items, key))
}

/** One tree, or two of the same height if it became too wide. */
type OneOrTwo<Item> = readonly [Tree<Item>, Tree<Item> | undefined]

/** Changes the nodes of this edition, and copies the others: all of them where there is none. Also tells whether the key is new. */
function insert<Item extends Keyed>(
  tree: Tree<Item>,
  item: Item,
  edition: Edition | undefined,
): readonly [...OneOrTwo<Item>, isNew: boolean] {
  if (isLeaf(tree)) {
    const own = edition !== undefined && tree.edition === edition ? tree : leaf(tree.items.slice(), edition)
    const place = lastNotAbove(own.items, item.key)
    const isNew = own.items[place]?.key !== item.key
    if (isNew) own.items.splice(place + 1, 0, item)
    else own.items[place] = item
    return parted(own, edition, isNew)
  }
  const own = edition !== undefined && tree.edition === edition ? tree : branch(tree.items.slice(), edition)
  const place = childFor(own, item.key)
  const [left, right, isNew] = insert(own.items[place] as Tree<Item>, item, edition)
  own.items[place] = left
  if (right !== undefined) own.items.splice(place + 1, 0, right)
  return parted(own, edition, isNew)
}

function parted<Item extends Keyed>(
  own: Tree<Item>,
  edition: Edition | undefined,
  isNew: boolean,
): readonly [...OneOrTwo<Item>, isNew: boolean] {
  own.key = (own.items[0] as Keyed).key
  const [left, right] = split(own, edition)
  return [left, right, isNew]
}

/** The key must be there. May leave the tree too narrow: whoever holds it mends that with a neighbour. */
function remove<Item extends Keyed>(tree: Tree<Item>, key: string): Tree<Item> {
  if (isLeaf(tree)) return leaf(tree.items.toSpliced(lastNotAbove(tree.items, key), 1))
  const place = childFor(tree, key)
  const child = remove(tree.items[place] as Tree<Item>, key)
  if (child.items.length >= widthMin) return branch(tree.items.with(place, child))

  const first = Math.max(0, place - 1)
  const [left, right] = place === 0 ? [child, tree.items[1]] : [tree.items[first], child]
  const [one, two] = join(left as Tree<Item>, right as Tree<Item>)
  return branch(two === undefined ? tree.items.toSpliced(first, 2, one) : tree.items.toSpliced(first, 2, one, two))
}

/** Two neighbours of the same height as one, or evenly as two. */
function join<Item extends Keyed>(left: Tree<Item>, right: Tree<Item>): OneOrTwo<Item> {
  if (isLeaf(left) && isLeaf(right)) return split(leaf([...left.items, ...right.items]))
  return split(branch([...(left as Branch<Item>).items, ...(right as Branch<Item>).items]))
}

function split<Item extends Keyed>(tree: Tree<Item>, edition?: Edition): OneOrTwo<Item> {
  if (tree.items.length <= widthMax) return [tree, undefined]
  const middle = tree.items.length >>> 1
  if (isLeaf(tree)) return [leaf(tree.items.slice(0, middle), edition), leaf(tree.items.slice(middle), edition)]
  return [branch(tree.items.slice(0, middle), edition), branch(tree.items.slice(middle), edition)]
}

function withoutIdleRoot<Item>(root: Tree<Item>): Tree<Item> {
  return !isLeaf(root) && root.items.length === 1 ? (root.items[0] as Tree<Item>) : root
}

function* leavesFrom<Item extends Keyed>(tree: Tree<Item>, from: string): Generator<Leaf<Item>, void, undefined> {
  if (isLeaf(tree)) yield tree
  else for (let place = childFor(tree, from); place < tree.items.length; place++) yield* leavesFrom(tree.items[place] as Tree<Item>, from)
}
