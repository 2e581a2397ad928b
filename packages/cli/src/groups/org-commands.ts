import type { Commands } from '../program.ts'

/** Commands of this group. */
export function addOrgCommands(_: Commands): void {}
