/** The middle of several measurements, and how far they lie apart. */
export type Spread = { readonly median: number; readonly min: number; readonly max: number }

export function spreadOf(samples: readonly number[]): Spread {
  if (samples.length === 0) throw new RangeError('no samples')
  const sorted = [...samples].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const median = sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
  return { median, min: sorted[0]!, max: sorted[sorted.length - 1]! }
}

/** Of values in order: the one that so large a part of them lies below. */
export function quantile(sorted: readonly number[], part: number): number {
  const value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))]
  if (value === undefined) throw new RangeError('no samples')
  return value
}

/** Pair by pair, since what disturbs a machine disturbs both halves of a pair, and not the pair after it. */
export function ratiosOf(ours: readonly number[], theirs: readonly number[]): number[] {
  if (ours.length !== theirs.length) throw new RangeError(`${ours.length} samples against ${theirs.length}`)
  return ours.map((value, i) => value / theirs[i]!)
}
