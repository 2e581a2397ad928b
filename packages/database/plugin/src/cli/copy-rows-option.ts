import { Option } from 'commander'

/** Rows leave a machine only when someone says so. */
export function copyRowsOption(): Option {
  return new Option(
    '--copy-rows [mode]',
    'copy rows too: a sample that keeps references whole, or all',
  ).choices(['sample', 'full'])
}
