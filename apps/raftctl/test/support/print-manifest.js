// Prints what commands there are, as JSON: oclif loads them by itself, which works in a process of its own alone.
import { sourcePlugin } from '../../bin/sources.js'

console.log(JSON.stringify((await sourcePlugin()).manifest))
