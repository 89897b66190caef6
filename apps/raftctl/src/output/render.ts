import { csv } from './csv.ts'
import { pick } from './field.ts'
import { stringify as yaml } from './yaml.ts'

export const formats = ['table', 'json', 'yaml', 'csv'] as const
export type Format = (typeof formats)[number]

/** How a value is shown: `table` for people; `rows` where csv shows other lines than the value itself. */
export type View<Value> = {
  readonly table: (value: Value) => string
  readonly rows?: (value: Value) => readonly object[]
}

/** Text without a newline at its end. Every command knows every format, so that nobody has to find out which. */
export function render<Value extends object>(
  value: Value,
  view: View<Value>,
  choice: { readonly output: Format; readonly field: string | undefined },
): string {
  if (choice.field !== undefined) return plain(pick(value, choice.field), choice.output)
  switch (choice.output) {
    case 'table':
      return view.table(value)
    case 'json':
      return JSON.stringify(value, undefined, 2)
    case 'yaml':
      return yaml(value)
    case 'csv':
      return csv(view.rows?.(value) ?? [value])
  }
}

/** One field alone is printed raw, ready for a shell variable. */
function plain(value: unknown, output: Format): string {
  if (output === 'json') return JSON.stringify(value, undefined, 2)
  if (value === null || typeof value !== 'object') return String(value ?? '')
  return output === 'yaml' ? yaml(value) : JSON.stringify(value)
}
