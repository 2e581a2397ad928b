import type { Finding, Queryable } from '@esa/database-catalog/sql'
import type { Sandbox, SchemaExtension } from '../ground/sandbox.ts'

/** How a database compares text. */
export interface DatabaseLocale {
  /** `bytes`: by their numbers, which is what the locale C means, and C.UTF-8 nearly. */
  provider: 'bytes' | 'builtin' | 'icu' | 'libc'
  /** ICU's name of it, or libc's. */
  locale: string
}

/** ICU is a choice for databases from this version on. */
const ICU_VERSION_MIN = 15

/** The columns are named otherwise before version 17, and missing before 15. */
const LOCALE = `select coalesce(to_jsonb(d) ->> 'datlocprovider', 'c') as provider,
    coalesce(to_jsonb(d) ->> 'datlocale', to_jsonb(d) ->> 'daticulocale', d.datcollate) as locale
  from pg_database d where d.datname = $1`

/** The locale of a database of the session's server. */
export async function readLocale(session: Queryable, database: string): Promise<DatabaseLocale> {
  const { provider, locale } = (await session.query(LOCALE, [database])).rows[0] as {
    provider: string
    locale: string
  }
  if (provider === 'i') return { provider: 'icu', locale }
  if (/^(C|POSIX|C\.UTF-?8|PG_C_UTF8)$/i.test(locale)) return { provider: 'bytes', locale }
  return { provider: provider === 'b' ? 'builtin' : 'libc', locale }
}

/**
 * Makes a database that compares text as the original does, or as nearly as its server can; a finding says what differs.
 * A libc locale may not exist on that machine, but ICU knows its language, and above all that it is not C.
 */
export async function createAlike(
  sandbox: Sandbox,
  original: DatabaseLocale,
  extensions: readonly SchemaExtension[],
): Promise<Finding[]> {
  const { admin } = sandbox
  // The one from which it is made.
  const template = await readLocale(admin, 'template0')
  if (isSame(template, original)) {
    await sandbox.create(undefined, extensions)
    return []
  }
  const { rows } = await admin.query(`select current_setting('server_version_num')::int / 10000 as version`)
  const icu = original.provider === 'icu' ? original.locale : languageOf(original.locale)
  const able = Number(rows[0]?.['version']) >= ICU_VERSION_MIN && original.provider !== 'bytes'
  await sandbox.create(able ? icu : undefined, extensions)
  if (able && original.provider === 'icu') return []
  const here = able ? `ICU's ${icu}` : `the server's ${template.locale}`
  return [
    {
      kind: 'locale-differs',
      severity: 'info',
      message: `text is compared by ${here} here and by ${original.locale} of the target: orders and LIKE on indexes may differ`,
      evidence: { rehearsal: able ? icu : template.locale, target: original.locale },
    },
  ]
}

function isSame(one: DatabaseLocale, other: DatabaseLocale): boolean {
  if (one.provider === 'bytes') return other.provider === 'bytes'
  return one.provider === other.provider && one.locale === other.locale
}

/** `en-US` of `en_US.UTF-8`. */
function languageOf(locale: string): string {
  return locale.replace(/[.@].*$/, '').replace('_', '-')
}
