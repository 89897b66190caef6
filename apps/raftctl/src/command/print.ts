import { type Format, render, type View } from '../output/render.ts'

export type OutputChoice = { readonly output: Format; readonly field?: string | undefined }

/** Prints one answer, as the flags ask for it. */
export function printer({ output, field }: OutputChoice): { print<Value extends object>(value: Value, view: View<Value>): void } {
  return {
    print(value, view) {
      // A value is data: nothing may read % signs in it as a format, as oclif's log would.
      process.stdout.write(`${render(value, view, { output, field })}\n`)
    },
  }
}
