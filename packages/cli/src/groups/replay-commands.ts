import type { Commands } from '../program.ts'

/** Commands of this group. */
export function addReplayCommands(_: Commands): void {}
