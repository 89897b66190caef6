/** By a file system, a quota on it, or LevelDB, which passes on only the text; whoever hands such an error on keeps it as the cause. */
export function isDiskFull(error: unknown): boolean {
  const { code, message, cause } = error as { readonly code?: unknown; readonly message?: unknown; readonly cause?: unknown }
  if (code === 'ENOSPC' || code === 'EDQUOT' || /no space left on device|disk quota exceeded/i.test(String(message))) return true
  return cause instanceof Error && isDiskFull(cause)
}
