// Reads the project's own files, and what each TypeScript source imports and uses.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

const root = fileURLToPath(new URL('..', import.meta.url))

export interface File {
  /** From the root, with forward slashes: `packages/raft-core/src/index.ts`. */
  readonly path: string
  readonly text: string
}

export interface Import {
  readonly specifier: string
  readonly line: number
  /** `import type` and `export type` leave nothing behind; everything else loads the module when the program runs. */
  readonly kind: 'static' | 'type' | 'dynamic'
}

/** Every file with this ending under a folder; none when there is no such folder. */
export function filesUnder(folder: string, ending: string): File[] {
  const from = join(root, folder)
  if (!existsSync(from)) return []
  return readdirSync(from, { recursive: true, encoding: 'utf8' })
    .map(path => posix.join(folder, path.replaceAll('\\', '/')))
    .filter(path => path.endsWith(ending) && !/(^|\/)(node_modules|dist|coverage)\//.test(path))
    .sort()
    .map(path => ({ path, text: readFileSync(join(root, path), 'utf8') }))
}

export function importsOf(file: File): Import[] {
  const found: Import[] = []
  visit(file, (node, line) => {
    if (ts.isImportDeclaration(node)) {
      add(node.moduleSpecifier, line, node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword ? 'type' : 'static')
    } else if (ts.isExportDeclaration(node) && node.moduleSpecifier !== undefined) {
      add(node.moduleSpecifier, line, node.isTypeOnly ? 'type' : 'static')
    } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      add(node.argument.literal, line, 'type')
    } else if (ts.isCallExpression(node) && isImportOrRequire(node.expression) && node.arguments[0] !== undefined) {
      add(node.arguments[0], line, 'dynamic')
    }
  })
  return found

  function add(specifier: ts.Node, line: number, kind: Import['kind']): void {
    if (ts.isStringLiteralLike(specifier)) found.push({ specifier: specifier.text, line, kind })
  }
}

/** The lines that name one of these globals or one of their members (`Date`, `Math.random`). */
export function usesOf(file: File, names: readonly string[]): { readonly name: string; readonly line: number }[] {
  const found: { name: string; line: number }[] = []
  visit(file, (node, line) => {
    if (ts.isPropertyAccessExpression(node)) {
      const name = `${node.expression.getText()}.${node.name.text}`
      if (names.includes(name)) found.push({ name, line })
    } else if (ts.isIdentifier(node) && names.includes(node.text) && !isPropertyName(node)) {
      found.push({ name: node.text, line })
    }
  })
  return found
}

/** Every function and method that has a body, with where it starts and how many lines it takes. */
export function functionsOf(file: File): { readonly line: number; readonly lines: number }[] {
  const found: { line: number; lines: number }[] = []
  visit(file, (node, line) => {
    if (!ts.isFunctionLike(node) || !('body' in node) || node.body === undefined) return
    found.push({ line, lines: node.getText().split('\n').length })
  })
  return found
}

function visit(file: File, look: (node: ts.Node, line: number) => void): void {
  const source = ts.createSourceFile(file.path, file.text, ts.ScriptTarget.ES2023, true)
  const enter = (node: ts.Node): void => {
    look(node, source.getLineAndCharacterOfPosition(node.getStart()).line + 1)
    ts.forEachChild(node, enter)
  }
  enter(source)
}

function isImportOrRequire(callee: ts.Node): boolean {
  return callee.kind === ts.SyntaxKind.ImportKeyword || (ts.isIdentifier(callee) && callee.text === 'require')
}

function isPropertyName(node: ts.Identifier): boolean {
  const { parent } = node
  const names = ts.isPropertyAccessExpression(parent) || ts.isPropertyAssignment(parent) || ts.isPropertySignature(parent)
  return names && parent.name === node
}
