/** Where an attempt would leave a mark, and what it would read. */
export interface Prey {
  /** A folder that the server's account may write. */
  folder: string
  /** A file that the server's account may read and the tester may not. */
  secret: string
  /** Another tester's database. */
  other: string
}

/** One way out of a rehearsal: all of its statements are sent one after another, whatever becomes of them. */
export interface Escape {
  name: string
  sql: string[]
  /** Succeeding is not a gain: only that the state stays the same counts. */
  mayRun?: true
}

const one = (name: string, ...sql: string[]): Escape => ({ name, sql })
const harmless = (name: string, ...sql: string[]): Escape => ({ name, sql, mayRun: true })
const block = (body: string): string => `do $esa$ begin ${body} end $esa$`

/** Ways to programs. */
function programs({ folder }: Prey): Escape[] {
  const mark = `${folder}/pwned`
  return [
    one('a program by COPY TO', `copy (select 1) to program 'touch ${mark}'`),
    one('a program by COPY FROM', 'create table t (a text)', `copy t from program 'id'`),
    one('a program in a DO block', block(`copy (select 1) to program 'touch ${mark}';`)),
    one('a program by EXECUTE', block(`execute 'copy (select 1) to program ''touch ${mark}''';`)),
    one(
      'a program that catches its refusal',
      block(
        `begin copy (select 1) to program 'touch ${mark}'; exception when division_by_zero then null; end;`,
      ),
    ),
    one(
      'a program in a function',
      `create function f() returns int language plpgsql as $$ begin copy (select 1) to program 'touch ${mark}'; return 1; end $$`,
      'select f()',
    ),
    one(
      'a program as the definer',
      `create function f() returns int language plpgsql security definer as $$ begin copy (select 1) to program 'touch ${mark}'; return 1; end $$`,
      'select f()',
    ),
    one(
      'a program in a trigger',
      'create table t (a int)',
      `create function f() returns trigger language plpgsql as $$ begin copy (select 1) to program 'touch ${mark}'; return new; end $$`,
      'create trigger t before insert on t for each row execute function f()',
      'insert into t values (1)',
    ),
    one(
      'a program in a procedure',
      `create procedure f() language plpgsql as $$ begin copy (select 1) to program 'touch ${mark}'; end $$`,
      'call f()',
    ),
    one(
      'a program in a rule',
      'create table t (a int)',
      `create function f() returns int language plpgsql as $$ begin copy (select 1) to program 'touch ${mark}'; return 1; end $$`,
      'create rule r as on insert to t do also select f()',
      'insert into t values (1)',
    ),
  ]
}

/** Ways to programs in what runs by itself. */
function programsOfObjects({ folder }: Prey): Escape[] {
  const mark = `${folder}/pwned`
  return [
    one(
      'a program in a default',
      `create function f() returns int language plpgsql as $$ begin copy (select 1) to program 'touch ${mark}'; return 1; end $$`,
      'create table t (a int default f())',
      'insert into t default values',
    ),
    one(
      'a program in a CHECK',
      `create function f(int) returns bool language plpgsql as $$ begin copy (select 1) to program 'touch ${mark}'; return true; end $$`,
      'create table t (a int check (f(a)))',
      'insert into t values (1)',
    ),
    one(
      'a program in a view',
      `create function f() returns int language plpgsql as $$ begin copy (select 1) to program 'touch ${mark}'; return 1; end $$`,
      'create view v as select f()',
      'select * from v',
    ),
    one(
      'a program in a materialized view',
      `create function f() returns int language plpgsql as $$ begin copy (select 1) to program 'touch ${mark}'; return 1; end $$`,
      'create materialized view v as select f()',
    ),
    one(
      'a program in a policy',
      'create table t (a int)',
      `create function f() returns bool language plpgsql as $$ begin copy (select 1) to program 'touch ${mark}'; return true; end $$`,
      'alter table t enable row level security',
      'alter table t force row level security',
      'create policy p on t using (f())',
      'insert into t values (1)',
      'select * from t',
    ),
  ]
}

/** Ways to files. */
function files({ folder, secret }: Prey): Escape[] {
  const mark = `${folder}/pwned`
  return [
    one('a file by COPY TO', `copy (select 1) to '${mark}'`),
    one('a file by COPY FROM', 'create table t (a text)', `copy t from '${secret}'`),
    one('pg_read_file', `select pg_read_file('${secret}')`),
    one('pg_read_binary_file', `select pg_read_binary_file('${secret}')`),
    one('pg_stat_file', `select pg_stat_file('${secret}')`),
    one('pg_ls_dir', `select pg_ls_dir('/')`),
    one('pg_ls_logdir', 'select pg_ls_logdir()'),
    one('pg_ls_waldir', 'select pg_ls_waldir()'),
    one('pg_hba_file_rules', 'select * from pg_hba_file_rules'),
    one('pg_file_settings', 'select * from pg_file_settings'),
    one('pg_current_logfile', 'select pg_current_logfile()'),
    one('lo_import', `select lo_import('${secret}')`),
    one('lo_export', block(`perform lo_export(lo_from_bytea(0, 'x'), '${mark}');`)),
    one('a tablespace', `create tablespace away location '${folder}'`),
    one('LOAD', `load '${folder}/lib.so'`),
    one('pg_rotate_logfile', 'select pg_rotate_logfile()'),
    one('pg_export of the server’s base', `select pg_backup_start('x')`, `select pg_start_backup('x')`),
  ]
}

/** Ways to code that the server would run itself. */
function serverCode({ folder }: Prey): Escape[] {
  return [
    one('a function in C', `create function f() returns int language c as '${folder}/lib.so', 'f'`),
    one('system() in C', `create function f(cstring) returns int language c strict as 'libc.so.6', 'system'`),
    one('an internal function', `create function f(oid) returns bool language internal as 'pg_reload_conf'`),
    ...[
      'dblink',
      'postgres_fdw',
      'file_fdw',
      'plpython3u',
      'plperlu',
      'pltclu',
      'adminpack',
      'pageinspect',
      'pg_surgery',
      'pg_buffercache',
    ].map((name) => one(`the extension ${name}`, `create extension ${name}`)),
    one(
      'an event trigger',
      'create function f() returns event_trigger language plpgsql as $$ begin end $$',
      'create event trigger e on ddl_command_start execute function f()',
    ),
    one('a language', 'create language plperlu'),
    one('a wrapper of foreign data', 'create foreign data wrapper w'),
    one('a subscription', `create subscription s connection 'host=127.0.0.1 dbname=postgres' publication p`),
    one('a slot of replication', `select pg_create_logical_replication_slot('s', 'pgoutput')`),
    one('a physical slot', `select pg_create_physical_replication_slot('s')`),
    one('an operator class', 'create operator class c for type int using btree as storage int'),
    one('an access method', 'create access method m type index handler bthandler'),
    one('a base type', 'create type b'),
    one('a transform', `create transform for int language plpgsql (from sql with function int4in(cstring))`),
    one('a cast of bytes', 'create cast (int as bool) without function'),
  ]
}

/** Ways to other rights. */
function rights({ other }: Prey): Escape[] {
  return [
    one('ALTER SYSTEM', `alter system set work_mem = '1GB'`),
    one('reloading', 'select pg_reload_conf()'),
    one('SET ROLE to the admin', 'set role esa_sbx_admin'),
    one('SET ROLE to a superuser', 'set role postgres'),
    one('SET SESSION AUTHORIZATION', 'set session authorization esa_sbx_admin'),
    one('SET SESSION AUTHORIZATION to a superuser', 'set session authorization postgres'),
    one('a role that reads files', 'set role pg_read_server_files'),
    one('a role that runs programs', 'grant pg_execute_server_program to current_user'),
    one('the rights of the admin', 'grant esa_sbx_admin to current_user'),
    one('to be a superuser', block(`execute format('alter role %I superuser', current_user);`)),
    one('to make roles', 'create role own superuser login'),
    one(
      'to lift its own limits',
      block(`execute format('alter role %I connection limit -1', current_user);`),
    ),
    one('to lift its own limit of files', `set temp_file_limit = -1`),
    one(
      'to lift it for later',
      block(`execute format('alter role %I set temp_file_limit = -1', current_user);`),
    ),
    one('another database', 'create database own'),
    one('another tester’s database', `drop database ${other}`),
    one('its settings', `alter database ${other} set work_mem = '1GB'`),
    one('the settings of postgres', `alter database postgres set session_preload_libraries = 'x'`),
    one('libraries for later sessions', `set session_preload_libraries = 'x'`),
    one(
      'libraries for its own later sessions',
      block(`execute format('alter role %I set session_preload_libraries = %L', current_user, 'x');`),
    ),
    one('the log', `set log_min_messages = debug5`),
    one('an update of the catalog', 'update pg_authid set rolsuper = true'),
    one('an update of the catalog of functions', `update pg_proc set prolang = 13 where proname = 'lower'`),
    one('the catalog of passwords', 'select rolpassword from pg_authid'),
    one('system tables', 'set allow_system_table_mods = on', 'create table pg_catalog.mine (a int)'),
    one('triggers of replicas', 'set session_replication_role = replica'),
    one(
      'ending the admin',
      `select pg_terminate_backend(pid) from pg_stat_activity where usename <> current_user and usename is not null`,
    ),
    one(
      'what others ask',
      `select 1 / count(*)::int from pg_stat_activity where usename <> current_user and query not in ('', '<insufficient privilege>')`,
    ),
    harmless('a library of the server', `set local_preload_libraries = 'x'`),
    harmless(
      'an index that knows who it is',
      'create table t (a int)',
      `create function f(a int) returns int immutable language plpgsql as $$ begin if current_user like 'esa_sbx%' or current_user = 'postgres' then copy (select 1) to program 'touch /tmp/esa-index-pwned'; end if; return a; end $$`,
      'create index on t (f(a))',
      'insert into t values (1)',
      'analyze t',
    ),
    harmless('time without an end', 'set statement_timeout = 0'),
  ]
}

/** All attempts; each is made in a rehearsal of its own rights. */
export function escapes(prey: Prey): Escape[] {
  return [...programs(prey), ...programsOfObjects(prey), ...files(prey), ...serverCode(prey), ...rights(prey)]
}
