/** What one directive prints. */
export class Output {
  private readonly lines: string[] = []
  private readonly errors: string[] = []
  private margin = ''
  /** `log-level none`: nothing shows but errors. */
  silent: boolean

  constructor(silent: boolean) {
    this.silent = silent
  }

  line(...texts: readonly string[]): void {
    if (this.silent) return
    for (const text of texts) this.lines.push(this.margin + text)
  }

  /** The directive itself was refused. Shows even in silence. */
  error(text: string): void {
    this.errors.push(text)
  }

  /** Prints a header, and under it, by two blanks, what the body prints. */
  under(header: string, body: () => void): void {
    this.line(header)
    const before = this.margin
    this.margin += '  '
    body()
    this.margin = before
  }

  finish(): readonly string[] {
    const all = [...this.lines, ...this.errors]
    return all.length === 0 ? ['ok'] : all
  }
}
