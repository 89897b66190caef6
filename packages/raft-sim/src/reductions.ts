/**
 * Removes what is not needed: yields a shorter list, is told whether that still does, and returns the last one that did. First large
 * parts, then smaller ones, at last one by one (Zeller's delta debugging, without its complements).
 */
export function* reductions<T>(items: readonly T[]): Generator<readonly T[], readonly T[], boolean> {
  let kept = items
  let size = Math.max(1, items.length >> 1)
  for (;;) {
    const before = kept.length
    for (let from = 0; from < kept.length; ) {
      const without = [...kept.slice(0, from), ...kept.slice(from + size)]
      if (yield without) kept = without
      else from += size
    }
    if (size === 1 && kept.length === before) return kept
    size = Math.max(1, size >> 1)
  }
}

export function reduce<T>(items: readonly T[], stillDoes: (items: readonly T[]) => boolean): readonly T[] {
  const steps = reductions(items)
  let step = steps.next()
  while (step.done !== true) step = steps.next(stillDoes(step.value))
  return step.value
}
