import type { Commands } from '../program.ts'

/** Commands of this group. */
export function addDatabaseCommands(_: Commands): void {}
