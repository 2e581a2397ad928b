export type { CliConfig as Config } from '@esa/operations/plugin'
