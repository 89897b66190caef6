/**
 * An ordered map that never changes: every write makes a new map that shares all but one path with the old one. Whoever holds a map
 * holds a snapshot of it, at no cost, whatever is written later.
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

  get(key: string): Item | undefined {
    let tree = this.#root
    while (tree.height > 0) tree = (tree as Branch<Item>).items[childFor(tree, key)] as Tree<Item>
    const place = lastNotAbove(tree.items, key)
    const item = (tree as Leaf<Item>).items[place]
    return item?.key === key ? item : undefined
  }

  /** A map that also holds `item`, in place of the one with the same key if there was one. */
  set(item: Item): OrderedMap<Item> {
    const [left, right] = insert(this.#root, item)
    const root = right === undefined ? left : branch([left, right])
    return new OrderedMap(root, this.get(item.key) === undefined ? this.size + 1 : this.size)
  }

  /** A map without `key`; this map itself if it does not hold it. */
  delete(key: string): OrderedMap<Item> {
    if (this.get(key) === undefined) return this
    return new OrderedMap(withoutIdleRoot(remove(this.#root, key)), this.size - 1)
  }

  /** Items in ascending order of keys, beginning with the first whose key is not below `from`. */
  *values(from = ''): Generator<Item, void, undefined> {
    for (const { items } of leavesFrom(this.#root, from)) {
      for (const item of items) if (item.key >= from) yield item
    }
  }
}

export type Keyed = { readonly key: string }

type Leaf<Item> = { readonly key: string; readonly height: 0; readonly items: readonly Item[] }
type Branch<Item> = { readonly key: string; readonly height: number; readonly items: readonly Tree<Item>[] }
type Tree<Item> = Leaf<Item> | Branch<Item>

// Wide enough for three levels at 30,000 keys and four at a million, narrow enough that copying a path costs a few microseconds at most.
const widthMax = 32
const widthMin = widthMax / 4

function leaf<Item extends Keyed>(items: readonly Item[]): Leaf<Item> {
  return { key: items[0]?.key ?? '', height: 0, items }
}

function branch<Item>(items: readonly Tree<Item>[]): Branch<Item> {
  const first = items[0] as Tree<Item>
  return { key: first.key, height: first.height + 1, items }
}

function isLeaf<Item>(tree: Tree<Item>): tree is Leaf<Item> {
  return tree.height === 0
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

function insert<Item extends Keyed>(tree: Tree<Item>, item: Item): OneOrTwo<Item> {
  if (isLeaf(tree)) {
    const place = lastNotAbove(tree.items, item.key)
    const replaces = tree.items[place]?.key === item.key
    return split(leaf(replaces ? tree.items.with(place, item) : tree.items.toSpliced(place + 1, 0, item)))
  }
  const place = childFor(tree, item.key)
  const [left, right] = insert(tree.items[place] as Tree<Item>, item)
  return split(branch(right === undefined ? tree.items.with(place, left) : tree.items.toSpliced(place, 1, left, right)))
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

function split<Item extends Keyed>(tree: Tree<Item>): OneOrTwo<Item> {
  if (tree.items.length <= widthMax) return [tree, undefined]
  const middle = tree.items.length >>> 1
  if (isLeaf(tree)) return [leaf(tree.items.slice(0, middle)), leaf(tree.items.slice(middle))]
  return [branch(tree.items.slice(0, middle)), branch(tree.items.slice(middle))]
}

function withoutIdleRoot<Item>(root: Tree<Item>): Tree<Item> {
  return !isLeaf(root) && root.items.length === 1 ? (root.items[0] as Tree<Item>) : root
}

function* leavesFrom<Item extends Keyed>(tree: Tree<Item>, from: string): Generator<Leaf<Item>, void, undefined> {
  if (isLeaf(tree)) yield tree
  else for (let place = childFor(tree, from); place < tree.items.length; place++) yield* leavesFrom(tree.items[place] as Tree<Item>, from)
}
