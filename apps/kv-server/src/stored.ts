/** A key with its value, and the revisions (log indices) that made the key and last wrote it. */
export type Stored = { readonly key: string; readonly value: string; readonly created: number; readonly modified: number }
