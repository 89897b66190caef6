import { play } from '../harness/document.ts'
import type { Scenario } from '../harness/scenario.ts'

export const documents: readonly Scenario[] = ['docs/tour.md', 'docs/workshop.md', 'docs/operations.md'].map(document => ({
  name: `${document}: every command prints what it says`,
  msMax: 240_000,
  run: folder => play(document, folder),
}))
