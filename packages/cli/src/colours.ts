import pc from 'picocolors'

/** Colours of what goes to stdout. */
export const colours = pc.createColors(wantsColour(process.stdout, process.env))

/** Colours of what goes to stderr: the two may lead to different places. */
export const errorColours = pc.createColors(wantsColour(process.stderr, process.env))

/**
 * True when a stream takes colours: a terminal that is not dumb. NO_COLOR wins over FORCE_COLOR, which wins over what
 * the stream is. Source: no-color.org, force-color.org.
 */
export function wantsColour({ isTTY }: { isTTY?: boolean }, environment: NodeJS.ProcessEnv): boolean {
  const { NO_COLOR = '', FORCE_COLOR = '', TERM } = environment
  if (NO_COLOR !== '') return false
  if (FORCE_COLOR !== '') return FORCE_COLOR !== '0'
  return isTTY === true && TERM !== 'dumb'
}
