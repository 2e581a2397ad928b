import { spawnSync } from 'node:child_process'

/** Prometheus's own checker; without it its tests are skipped, loudly. */
export const HAS_PROMTOOL = spawnSync('promtool', ['--version']).status === 0
if (!HAS_PROMTOOL) {
  process.stderr.write('\n!! no promtool here: its checks are SKIPPED (apt-get install prometheus)\n\n')
}

/** What promtool says of what it is given: nothing when all is well. */
export function promtool(args: string[], input = ''): string {
  const { status, stdout, stderr } = spawnSync('promtool', args, { input, encoding: 'utf8' })
  return status === 0 ? '' : `${stdout}${stderr}`
}
