/** Text written in lines of the source, as paragraphs that the terminal's width breaks. Blank lines part them. */
export function prose(text: string): string {
  return text
    .trim()
    .split(/\n{2,}/)
    .map(paragraph => paragraph.replace(/\s+/g, ' '))
    .join('\n\n')
}
