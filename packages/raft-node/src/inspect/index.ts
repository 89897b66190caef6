/** Reads a data folder offline, and changes nothing in it. */
export { type InspectedEntry, type InspectedMark, type InspectedSnapshot, type Inspection, inspect } from './inspect.ts'
