import { dirname } from 'node:path'
import { factsOf, type SourceFile } from './source-files.ts'

/** Longest file: past this it holds more than one thing. Source: CONTRIBUTING.md, "Sizes and names". */
const FILE_LINES_MAX = 400
/** Longest function: what fits one screen can be read in one look. */
const FUNCTION_LINES_MAX = 70
/** Longest component: half of it is markup, one attribute a line. */
const COMPONENT_LINES_MAX = 90
/** Longest index.ts: a package that needs more exports is two packages. */
const INDEX_LINES_MAX = 40

/** Most source files in one folder: past this it holds more than one subject. */
const FOLDER_FILES_MAX = 25

// Names that say where code was put instead of what it does.
const EMPTY_NAMES = new Set(
  'common core helper helpers manager managers service services shared util utils'.split(' '),
)

const KEBAB_CASE = /^[a-z0-9]+(?:-[a-z0-9]+)*(?:\.[a-z0-9]+(?:-[a-z0-9]+)*)*$/

// A home directory, or a drive of Windows: a path that exists on one machine only.
const MACHINE_PATH = /(?<![\w.])(?:\/(?:home|Users|root|mnt|work)\/\w|[A-Z]:\\\w)/

/** What is untidy about a TypeScript file's size and exports, as `file[:line]  why`. */
export function untidySource(file: SourceFile): string[] {
  const { path, text } = file
  const lines = text.replace(/\n$/, '').split('\n').length
  const facts = factsOf(file)
  // A test's describe block is a list, not a function to hold in one look.
  const functionMax = path.endsWith('.tsx') ? COMPONENT_LINES_MAX : FUNCTION_LINES_MAX
  const functions = path.endsWith('.test.ts') ? [] : facts.functions
  return [
    ...(lines > FILE_LINES_MAX ? [`${path}  ${lines} lines, at most ${FILE_LINES_MAX}`] : []),
    ...(/(?:^|\/)index\.ts$/.test(path) && lines > INDEX_LINES_MAX
      ? [`${path}  ${lines} lines, an index at most ${INDEX_LINES_MAX}`]
      : []),
    ...functions
      .filter((fn) => fn.lines > functionMax)
      .map((fn) => `${path}:${fn.line}  a function of ${fn.lines} lines, at most ${functionMax}`),
    ...facts.exportAll.map((line) => `${path}:${line}  export * hides what is promised: name the exports`),
  ]
}

/** Each folder with more source files than can be read as one list; tests are not counted. */
export function crowdedFolders(paths: readonly string[]): string[] {
  const counts = new Map<string, number>()
  for (const path of paths.filter((one) => !/\.test\.tsx?$/.test(one))) {
    const folder = dirname(path)
    counts.set(folder, (counts.get(folder) ?? 0) + 1)
  }
  return [...counts]
    .filter(([, files]) => files > FOLDER_FILES_MAX)
    .map(([folder, files]) => `${folder}  ${files} source files, at most ${FOLDER_FILES_MAX}`)
}

/** What is wrong with the names on a path: empty words, or anything but kebab-case. */
export function untidyName(path: string): string[] {
  const names = path.split('/').filter((name) => !/^[A-Z]+\.md$/.test(name))
  return [
    ...names
      .filter((name) => EMPTY_NAMES.has(name.split('.')[0]!))
      .map((name) => `${path}  "${name}" says nothing about what is inside`),
    ...names.filter((name) => !KEBAB_CASE.test(name)).map((name) => `${path}  "${name}" is not kebab-case`),
  ]
}

/** Each line that names a path of a person's machine. */
export function machinePaths({ path, text }: SourceFile): string[] {
  return text
    .split('\n')
    .flatMap((line, n) => (MACHINE_PATH.test(line) ? [`${path}:${n + 1}  a path of one machine`] : []))
}
