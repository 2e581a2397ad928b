import { randomBytes } from 'node:crypto'
import pc from 'picocolors'

/** A placeholder of our color escapes until they are printed: drawn by each process for itself, so that no data can hold it. */
const MARK = `\uE000${randomBytes(8).toString('hex')}`

const MARKED = new RegExp(`${MARK}(\\[[0-9;]*m)`, 'g')

type Paint = (text: string | number) => string

/** Colors of what goes to stdout. */
export const colours = markedColours(wantsColour(process.stdout, process.env))

/** Colors of what goes to stderr: the two may lead to different places. */
export const errorColours = markedColours(wantsColour(process.stderr, process.env))

/** Text as a terminal gets it: our colors are escapes now. Everything else must have lost its own before. */
export function withColours(text: string): string {
  return text.replace(MARKED, '\u001B$1')
}

/** Text without our colors: what is left is what takes room. */
export function withoutColours(text: string): string {
  return text.replace(MARKED, '')
}

/**
 * True when a stream takes colors: a terminal that is not dumb. NO_COLOR wins over FORCE_COLOR, which wins over what
 * the stream is. Source: no-color.org, force-color.org.
 */
export function wantsColour({ isTTY }: { isTTY?: boolean }, environment: NodeJS.ProcessEnv): boolean {
  const { NO_COLOR = '', FORCE_COLOR = '', TERM } = environment
  if (NO_COLOR !== '') return false
  if (FORCE_COLOR !== '') return FORCE_COLOR !== '0'
  return isTTY === true && TERM !== 'dumb'
}

/** The colors that we use, as marks that `withColours` makes escapes of. */
export function markedColours(enabled: boolean) {
  const { bold, dim, red, green, yellow, cyan } = pc.createColors(enabled)
  return {
    bold: marked(bold),
    dim: marked(dim),
    red: marked(red),
    green: marked(green),
    yellow: marked(yellow),
    cyan: marked(cyan),
  }
}

function marked(style: Paint): Paint {
  const [open = '', close = ''] = style('|').replaceAll('\u001B', MARK).split('|')
  if (open === '') return String
  // A color within one ends it: it begins again after that.
  return (text) => `${open}${String(text).replaceAll(close, close + open)}${close}`
}
