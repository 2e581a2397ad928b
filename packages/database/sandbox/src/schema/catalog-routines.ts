import { inScope, isInternal, isOwn } from '@esa/database-catalog'
import type { CatalogQuery } from './catalog-shape.ts'

/** The constructors of a range come with it. */
const functions = `select format('function %s', p.oid::regprocedure) as what, pg_get_functiondef(p.oid) as sql
  from pg_proc p join pg_namespace n on n.oid = p.pronamespace
  where p.prokind <> 'a' and ${inScope('n')} and ${isOwn('pg_proc', 'p.oid')} and not ${isInternal('pg_proc', 'p.oid')} order by p.oid`

/** PostgreSQL writes the definition of any function but an aggregate. Source: CREATE AGGREGATE. */
const aggregates = `select format('aggregate %s', p.oid::regprocedure) as what,
    format('create aggregate %I.%I (%s) (%s)', n.nspname, p.proname, case when p.pronargs = 0 then '*' else pg_get_function_identity_arguments(p.oid) end,
      concat_ws(', ', 'sfunc = ' || a.aggtransfn::regproc, 'stype = ' || format_type(a.aggtranstype, null),
        'sspace = ' || nullif(a.aggtransspace, 0), 'finalfunc = ' || nullif(a.aggfinalfn, 0)::regproc, case when a.aggfinalextra then 'finalfunc_extra' end,
        'combinefunc = ' || nullif(a.aggcombinefn, 0)::regproc, 'serialfunc = ' || nullif(a.aggserialfn, 0)::regproc, 'deserialfunc = ' || nullif(a.aggdeserialfn, 0)::regproc,
        'initcond = ' || quote_literal(a.agginitval), 'msfunc = ' || nullif(a.aggmtransfn, 0)::regproc, 'minvfunc = ' || nullif(a.aggminvtransfn, 0)::regproc,
        'mstype = ' || format_type(nullif(a.aggmtranstype, 0), null), 'mfinalfunc = ' || nullif(a.aggmfinalfn, 0)::regproc, 'minitcond = ' || quote_literal(a.aggminitval),
        'sortop = operator(' || nullif(a.aggsortop, 0)::regoper || ')', case when a.aggkind = 'h' then 'hypothetical' end,
        'parallel = ' || case p.proparallel when 's' then 'safe' when 'r' then 'restricted' else 'unsafe' end)) as sql
  from pg_aggregate a join pg_proc p on p.oid = a.aggfnoid join pg_namespace n on n.oid = p.pronamespace
  where ${inScope('n')} and ${isOwn('pg_proc', 'p.oid')} order by p.oid`

const dictionaries = `select format('text search dictionary %s', d.oid::regdictionary) as what,
    format('create text search dictionary %s (template = %I.%I%s)', d.oid::regdictionary, tn.nspname, t.tmplname, ', ' || d.dictinitoption) as sql
  from pg_ts_dict d join pg_namespace n on n.oid = d.dictnamespace join pg_ts_template t on t.oid = d.dicttemplate join pg_namespace tn on tn.oid = t.tmplnamespace
  where ${inScope('n')} and ${isOwn('pg_ts_dict', 'd.oid')} order by d.oid`

const configurations = `select format('text search configuration %s', c.oid::regconfig) as what,
    format('create text search configuration %s (parser = %I.%I)', c.oid::regconfig, pn.nspname, p.prsname) as sql
  from pg_ts_config c join pg_namespace n on n.oid = c.cfgnamespace join pg_ts_parser p on p.oid = c.cfgparser join pg_namespace pn on pn.oid = p.prsnamespace
  where ${inScope('n')} and ${isOwn('pg_ts_config', 'c.oid')} order by c.oid`

const mappings = `select format('text search configuration %s', c.oid::regconfig) as what,
    format('alter text search configuration %s add mapping for %I with %s', c.oid::regconfig, k.alias, string_agg(m.mapdict::regdictionary::text, ', ' order by m.mapseqno)) as sql
  from pg_ts_config c join pg_namespace n on n.oid = c.cfgnamespace join pg_ts_config_map m on m.mapcfg = c.oid
  join lateral ts_token_type(c.cfgparser) k on k.tokid = m.maptokentype
  where ${inScope('n')} and ${isOwn('pg_ts_config', 'c.oid')} group by c.oid, k.alias, k.tokid order by c.oid, k.tokid`

/** Functions, procedures and aggregates, and how text is searched. Bodies are not checked when they are made. */
export const ROUTINES: readonly CatalogQuery[] = [
  { about: 'text search dictionaries', query: dictionaries },
  { about: 'text search configurations', query: configurations },
  { about: 'text search mappings', query: mappings },
  { about: 'functions', query: functions },
  { about: 'aggregates', query: aggregates },
]
