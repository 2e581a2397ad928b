import type { Node } from '@pgsql/types'
import { sqlState } from './postgres-error.ts'

/** Why a statement was not tried that only a superuser may run. */
export const NEEDS_SUPERUSER = 'needs a superuser'

/** Kinds that PostgreSQL keeps for superusers, whatever they say. Source: the reference pages of the PostgreSQL 18 manual. */
const ALWAYS = new Set([
  'CreateEventTrigStmt',
  'AlterEventTrigStmt',
  'CreateOpClassStmt',
  'CreateOpFamilyStmt',
  'AlterOpFamilyStmt',
  'CreateAmStmt',
  'CreateFdwStmt',
  'AlterFdwStmt',
  'CreatePLangStmt',
])

/** What CREATE makes of code that the server itself would run. */
const DEFINED = new Set(['OBJECT_TYPE', 'OBJECT_TSPARSER', 'OBJECT_TSTEMPLATE'])

/** Functions in these are called by the server without any check. */
const UNTRUSTED = new Set(['c', 'internal'])

/** True for a statement that no role but a superuser may run, by its kind alone. */
export function needsSuperuser(node: Node): boolean {
  if (ALWAYS.has(Object.keys(node)[0] ?? '')) return true
  if ('DefineStmt' in node) return DEFINED.has(node.DefineStmt.kind ?? '')
  if ('CreateCastStmt' in node)
    return node.CreateCastStmt.func === undefined && node.CreateCastStmt.inout !== true
  if ('CreatePublicationStmt' in node) {
    const { for_all_tables: all, pubobjects = [] } = node.CreatePublicationStmt
    return (
      all === true ||
      pubobjects.some(
        (one) => 'PublicationObjSpec' in one && /SCHEMA/.test(one.PublicationObjSpec.pubobjtype ?? ''),
      )
    )
  }
  if ('CreateFunctionStmt' in node) return isUntrusted(node.CreateFunctionStmt.options ?? [])
  return aboutOf(node) === 'OBJECT_EVENT_TRIGGER'
}

/** The kind of object that a statement changes and that was there before. */
function aboutOf(node: Node): string | undefined {
  if ('DropStmt' in node) return node.DropStmt.removeType
  if ('AlterOwnerStmt' in node) return node.AlterOwnerStmt.objectType
  if ('CommentStmt' in node) return node.CommentStmt.objtype
  return 'RenameStmt' in node ? node.RenameStmt.renameType : undefined
}

function isUntrusted(options: readonly Node[]): boolean {
  return options.some((option) => {
    const { defname, arg } = 'DefElem' in option ? option.DefElem : {}
    if (defname === 'leakproof') return arg !== undefined && 'Boolean' in arg && arg.Boolean.boolval === true
    if (defname === 'support') return true
    return (
      defname === 'language' &&
      arg !== undefined &&
      'String' in arg &&
      UNTRUSTED.has((arg.String.sval ?? '').toLowerCase())
    )
  })
}

/** The extension that a statement makes; null for any other statement. */
export function madeExtension(node: Node): { name: string; schema: string | null } | null {
  if (!('CreateExtensionStmt' in node)) return null
  const { extname = '', options = [] } = node.CreateExtensionStmt
  for (const option of options) {
    const { defname, arg } = 'DefElem' in option ? option.DefElem : {}
    if (defname === 'schema' && arg !== undefined && 'String' in arg)
      return { name: extname, schema: arg.String.sval ?? null }
  }
  return { name: extname, schema: null }
}

/**
 * What keeps a plain role from running a statement that failed: null when it failed for another reason. What a statement's own
 * code says of superusers proves nothing, so only its kind decides who may run it.
 */
export function lacksRight(node: Node, error: { message: string; sqlState: string | null }): string | null {
  if (error.sqlState !== '42501') return null
  if (needsSuperuser(node) || isForSuperusers(node, error.message)) return NEEDS_SUPERUSER
  return `lacks a right: ${error.message}`
}

/** Kinds that need a superuser only for some objects or settings: here the server's own words decide. */
function isForSuperusers(node: Node, message: string): boolean {
  if ('VariableSetStmt' in node) return message.startsWith('permission denied to set parameter')
  if ('CreateExtensionStmt' in node) return message.startsWith('permission denied to create extension')
  if ('AlterTableStmt' in node) return message.endsWith('is a system trigger')
  if ('AlterExtensionStmt' in node || 'CommentStmt' in node || 'DropStmt' in node)
    return message.startsWith('must be owner of extension')
  return false
}

/** The same of what the driver threw. */
export function lacksRightOf(node: Node, thrown: unknown): string | null {
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  return lacksRight(node, { message, sqlState: sqlState(thrown) ?? null })
}

/** What a failure says of an extension that the server does not have; null for any other failure. */
export function missingExtension({ message }: { message: string }): string | null {
  const extension = /^extension "(.+)" is not available/.exec(message)?.[1]
  return extension === undefined
    ? null
    : `the extension ${extension} is not installed on the server where this was rehearsed: what needs it fails here as well`
}

/** SQLSTATEs of a statement that names what is not there. */
const NOT_THERE = /^(?:42P01|42703|42704|42883|3F000)$/

/** Statements after which others name what they made. */
const MAKES = /^(?:Create|Define|AlterTable|View)/

/** What a server or a copy lacks on which statements are tried; `objects` like `table public.orders`. */
export interface Lacking {
  extensions: readonly string[]
  objects: readonly string[]
}

/** SQLSTATEs of a type or a function that is not there: an extension that is missing may have it. */
const OF_EXTENSION = /^(?:42704|42883)$/

/** What was not tried of a script, and what it may have made; and what was lacking from the start. */
export class Untried {
  readonly #lacking: Lacking
  /** The line of the first of them that others may rely on. */
  #line: number | undefined

  constructor(lacking: Lacking = { extensions: [], objects: [] }) {
    this.#lacking = lacking
  }

  add({ line, node }: { line: number; node: Node }): void {
    const kind = Object.keys(node)[0] ?? ''
    if (MAKES.test(kind) && !/EventTrig|Publication|Role/.test(kind)) this.#line ??= line
  }

  /** Why a failure proves nothing: it may be for want of what was not tried. Null where it cannot be. */
  blamedFor(error: { message: string; sqlState: string | null }): string | null {
    const { message, sqlState } = error
    if (!NOT_THERE.test(sqlState ?? '')) return null
    const name = /^\w+ "(?:[^"]+\.)?([^".]+)" does not exist/.exec(message)?.[1]
    const object = this.#lacking.objects.find((what) => name !== undefined && isCalled(what, name))
    if (object !== undefined)
      return `${RELIES}${object}, which could not be made where this was tried: ${message}`
    const [extension] = this.#lacking.extensions
    if (extension !== undefined && OF_EXTENSION.test(sqlState ?? ''))
      return `${RELIES}the extension ${extension}, which the server where this was tried does not have: ${message}`
    if (this.#line === undefined) return null
    return `${RELIES}line ${this.#line}, which was not tried: ${message}`
  }
}

/** True where `table public.orders` is what has this name. */
function isCalled(what: string, name: string): boolean {
  const [, written = ''] = /^\w+ (\S+)/.exec(what) ?? []
  return written.split('.').at(-1)?.replaceAll('"', '') === name
}

const RELIES = 'may rely on '

/** True when it was a right that was missing, and not a thing. */
export function isOfRights(untried: string): boolean {
  return untried === NEEDS_SUPERUSER || untried.startsWith('lacks a right: ') || untried.startsWith(RELIES)
}
