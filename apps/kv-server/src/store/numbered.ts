/** A number as the key of an ordered map: in the order of the numbers. Sixteen digits hold every safe integer. */
export function numberKey(value: number): string {
  return String(value).padStart(16, '0')
}
