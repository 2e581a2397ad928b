/** A table `t` in a schema of its own with its indexes, and what is true of them. */
export interface IndexCase {
  about: string
  sql: string
  /** `kind index`, for every finding that is right; none for most. */
  truth: string[]
}

const TABLE = 'create table t (id int, a int, b int, c text, j jsonb, r tsrange);'

/** Pairs that look alike, with the truth about each. */
export const INDEX_CASES: IndexCase[] = [
  ['the same twice', 'create index i1 on t (a); create index i2 on t (a)', 'duplicate i2'],
  [
    'the same with another fillfactor',
    'create index i1 on t (a); create index i2 on t (a) with (fillfactor = 70)',
    'duplicate i2',
  ],
  ['plain beside unique', 'create unique index i1 on t (a); create index i2 on t (a)', 'overlapping i2'],
  ['unique twice', 'create unique index i1 on t (a); create unique index i2 on t (a)', 'duplicate i2'],
  [
    'unique beside the primary key',
    'alter table t add primary key (id); create unique index a1 on t (id)',
    'duplicate a1',
  ],
  [
    'unique constraint beside the primary key',
    'alter table t add constraint z primary key (id), add constraint a1 unique (id)',
    'duplicate a1',
  ],
  [
    'plain beside the primary key',
    'alter table t add primary key (id); create index i1 on t (id)',
    'overlapping i1',
  ],
  ['a prefix', 'create index i1 on t (a); create index i2 on t (a, b)', 'overlapping i1'],
  [
    'two prefixes',
    'create index i1 on t (a); create index i2 on t (a, b); create index i3 on t (a, b, id)',
    'overlapping i1',
    'overlapping i2',
  ],
  ['no prefix', 'create index i1 on t (a); create index i2 on t (b, a)'],
  ['the same columns in another order', 'create index i1 on t (a, b); create index i2 on t (b, a)'],
  ['a unique prefix', 'create unique index i1 on t (a); create index i2 on t (a, b)'],
  [
    'a prefix of a unique one',
    'create index i1 on t (a); create unique index i2 on t (a, b)',
    'overlapping i1',
  ],
  ['partial beside whole', 'create index i1 on t (a) where b > 1; create index i2 on t (a)'],
  [
    'partial with the same condition',
    'create index i1 on t (a) where b > 1; create index i2 on t (a) where b > 1',
    'duplicate i2',
  ],
  [
    'partial with other conditions',
    'create index i1 on t (a) where b > 1; create index i2 on t (a) where b > 2',
  ],
  ['partial prefix of a whole one', 'create index i1 on t (a) where b > 1; create index i2 on t (a, b)'],
  ['partial unique beside whole', 'create unique index i1 on t (a) where b > 1; create index i2 on t (a)'],
  ['an expression beside its column', 'create index i1 on t (lower(c)); create index i2 on t (c)'],
  ['an expression twice', 'create index i1 on t (lower(c)); create index i2 on t (lower(c))', 'duplicate i2'],
  ['two expressions', 'create index i1 on t (lower(c)); create index i2 on t (upper(c))'],
  [
    'an expression as prefix',
    'create index i1 on t (lower(c)); create index i2 on t (lower(c), a)',
    'overlapping i1',
  ],
  ['another collation', 'create index i1 on t (c); create index i2 on t (c collate "C")'],
  ['another operator class', 'create index i1 on t (c); create index i2 on t (c text_pattern_ops)'],
  [
    'another operator class in a prefix',
    'create index i1 on t (c text_pattern_ops); create index i2 on t (c, a)',
  ],
  ['descending', 'create index i1 on t (a); create index i2 on t (a desc)'],
  ['nulls first', 'create index i1 on t (a); create index i2 on t (a nulls first)'],
  [
    'mixed order with its prefix',
    'create index i1 on t (a); create index i2 on t (a, b desc)',
    'overlapping i1',
  ],
  ['mixed order beside plain order', 'create index i1 on t (a, b); create index i2 on t (a, b desc)'],
  ['more is included', 'create index i1 on t (a); create index i2 on t (a) include (b)', 'overlapping i1'],
  [
    'other columns are included',
    'create index i1 on t (a) include (b); create index i2 on t (a) include (id)',
  ],
  [
    'included is a key elsewhere',
    'create index i1 on t (a) include (b); create index i2 on t (a, b)',
    'overlapping i1',
  ],
  ['unique that includes', 'create unique index i1 on t (a) include (b); create unique index i2 on t (a)'],
  ['hash beside btree', 'create index i1 on t using hash (a); create index i2 on t (a)'],
  ['brin beside btree', 'create index i1 on t using brin (a); create index i2 on t (a)'],
  [
    'brin with other ranges',
    'create index i1 on t using brin (a); create index i2 on t using brin (a) with (pages_per_range = 8)',
  ],
  [
    'gin of two operator classes',
    'create index i1 on t using gin (j); create index i2 on t using gin (j jsonb_path_ops)',
  ],
  ['gin twice', 'create index i1 on t using gin (j); create index i2 on t using gin (j)', 'duplicate i2'],
  [
    'gist with other options',
    'create index i1 on t using gist (c public.gist_trgm_ops(siglen = 32)); create index i2 on t using gist (c public.gist_trgm_ops(siglen = 64))',
  ],
  [
    'gist beside an exclusion',
    'alter table t add constraint x exclude using gist (r with &&); create index i1 on t using gist (r)',
  ],
  [
    'nulls not distinct',
    'create unique index i1 on t (a); create unique index i2 on t (a) nulls not distinct',
  ],
  [
    'a deferrable constraint',
    'alter table t add constraint d unique (a) deferrable; create index i1 on t (a)',
  ],
  [
    'a clustered prefix',
    'create index i1 on t (a); create index i2 on t (a, b); alter table t cluster on i1',
  ],
  [
    'what a foreign key refers to',
    'alter table t add constraint z unique (a); create unique index a1 on t (a); create table u (a int references t (a))',
    'duplicate a1',
  ],
  [
    'what replication relies on',
    'alter table t alter a set not null; create unique index z on t (a); create unique index a1 on t (a); alter table t replica identity using index z',
    'duplicate a1',
  ],
  [
    'a name that has to be quoted',
    'create index "I 1" on t (a); create index "I 2" on t (a)',
    'duplicate I 2',
  ],
  [
    'twice on a partitioned table',
    'create table p (a int, b int) partition by list (a); create table p1 partition of p for values in (1); create index i1 on p (b); create index i2 on p (b)',
    'duplicate i2',
  ],
  [
    'a partition’s own beside its part',
    'create table p (a int, b int) partition by list (a); create table p1 partition of p for values in (1); create index i1 on p (b); create index own on p1 (b)',
    'duplicate own',
  ],
  [
    'a parent that waits for its parts',
    'create table p (a int, b int) partition by list (a); create table p1 partition of p for values in (1); create index i1 on only p (b)',
  ],
  [
    'a parent that waits, and another',
    'create table p (a int, b int) partition by list (a); create table p1 partition of p for values in (1); create index i1 on only p (b); create index i2 on p (b)',
  ],
].map(([about, sql, ...truth]): IndexCase => ({ about: about!, sql: `${TABLE} ${sql!}`, truth }))
