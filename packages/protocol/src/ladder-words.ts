import * as z from 'zod'

/** What an incident is about; the category decides its ladder. Source: docs/escalation.md, "Paths". */
export const CATEGORIES = [
  'integration',
  'performance',
  'architecture',
  'data-loss',
  'blocker',
  'coordination',
  'production',
  'conflict',
  'security',
  'overload',
] as const
export const categorySchema = z.enum(CATEGORIES)
export type Category = z.infer<typeof categorySchema>

/** The rungs of the ladder. Their order differs by category, so a level's rank is its index on the pinned path. */
export const LEVELS = ['peer', 'domain', 'chief', 'ceo'] as const
export const levelSchema = z.enum(LEVELS)
export type Level = z.infer<typeof levelSchema>
