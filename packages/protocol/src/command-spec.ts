import type * as z from 'zod'
import type { Scope } from './scopes.ts'

/**
 * One command of an actor, as every edge offers it: HTTP, the command line, MCP, simulations and the console derive theirs
 * from it. In which state it is taken, only the actor's machine knows.
 */
export interface CommandSpec<Context = never, Env = never, Fields extends z.ZodRawShape = z.ZodRawShape> {
  /** Its place in the URL, and in the name of its MCP tool. */
  http: string
  /** Its verb on the command line. */
  cli: string
  scope: Scope
  /** What it always means, in a sentence. */
  help: string
  /** The rest of a command line that gives it. */
  example: string
  /** What it takes besides its type and who acts. */
  fields: Fields
  /** By which word edges ask for a field that its messages name otherwise; either word is taken. */
  words?: { [Field in keyof Fields]?: string }
  /** Longest duration, for a dialog, ms: the actor refuses a longer one and records it. */
  max?: number
  /** It closes or hands away what cannot be taken back. */
  ends?: true
  /** On the command line an operator gives it without saying so. */
  asOptional?: true
  /** Fields with which it is taken if it is taken at all: by them it is tried. */
  least(context: Context, env: Env): z.input<z.ZodObject<Fields>>
}
