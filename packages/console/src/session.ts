import { useQuery } from '@tanstack/react-query'
import { body } from './api.ts'

/** Who the server takes this browser for. */
export interface Session {
  /** `machine`: bound to this machine alone, where no login is needed. */
  by: 'token' | 'machine'
  as: string
  person: string
  scopes: readonly string[]
  expiresAt: string | null
  /** Who approves alone, in the mode for one operator. */
  oneOperator: string | null
}

/** Who the server takes this browser for; undefined until it is known. */
export function useSession(): Session | undefined {
  return useQuery({
    queryKey: ['session'],
    queryFn: () => body<Session>(fetch('/api/v1/session')),
    staleTime: 60_000,
  }).data
}
