-- A schema as a hosted platform lays it out: roles of its gateway, a schema for sign-in, one for files, one for extensions.
create role anon nologin noinherit;
create role authenticated nologin noinherit;
create role service_role nologin noinherit bypassrls;
create role authenticator noinherit login;
create role supabase_admin superuser login;
create role supabase_auth_admin nologin createrole;
create role dashboard_user nologin createdb replication;
grant anon, authenticated, service_role to authenticator;
grant supabase_auth_admin to postgres;
alter role anon set statement_timeout = '3s';
alter role authenticator set session_preload_libraries = 'safeupdate';

create schema extensions;
create schema auth authorization supabase_auth_admin;
create schema storage;
create schema private;
grant usage on schema public, extensions, storage to postgres, anon, authenticated, service_role;
create extension if not exists pgcrypto with schema extensions;
create extension if not exists "uuid-ossp" with schema extensions;
create extension if not exists pg_stat_statements with schema extensions;
create extension if not exists pg_graphql with schema extensions;
comment on extension pgcrypto is 'cryptographic functions';
alter default privileges in schema public grant all on tables to postgres, anon, authenticated, service_role;
alter default privileges for role supabase_admin in schema public grant all on sequences to service_role;
alter database postgres set "app.settings.jwt_exp" to '3600';

create function auth.uid() returns uuid language sql stable as $$ select nullif(current_setting('request.jwt.claim.sub', true), '')::uuid $$;
create function auth.role() returns text language sql stable as $$ select nullif(current_setting('request.jwt.claim.role', true), '')::text $$;
create function auth.jwt() returns jsonb language sql stable as $$ select coalesce(nullif(current_setting('request.jwt.claims', true), ''), '{}')::jsonb $$;
alter function auth.uid() owner to supabase_auth_admin;
grant execute on function auth.uid() to anon, authenticated;

create type auth.factor_type as enum ('totp', 'webauthn', 'phone');
create table auth.users (
  instance_id uuid, id uuid not null primary key, aud varchar(255), role varchar(255), email varchar(255), encrypted_password varchar(255),
  raw_app_meta_data jsonb, raw_user_meta_data jsonb, is_super_admin boolean, created_at timestamptz, updated_at timestamptz, phone text unique default null,
  confirmed_at timestamptz generated always as (least(created_at, updated_at)) stored, is_anonymous boolean not null default false
);
create unique index users_email_partial_key on auth.users (email) where aud <> 'sso';
create index users_instance_id_email_idx on auth.users (instance_id, lower(email::text));
create table auth.identities (
  provider_id text not null, user_id uuid not null references auth.users on delete cascade, identity_data jsonb not null, provider text not null,
  email text generated always as (lower(identity_data ->> 'email')) stored, id uuid not null default gen_random_uuid() primary key,
  unique (provider_id, provider)
);
create table auth.schema_migrations (version varchar(14) not null primary key);
alter table auth.users owner to supabase_auth_admin;
alter table auth.users enable row level security;
comment on table auth.users is 'Auth: Stores user login data within a secure schema.';

create table storage.buckets (id text not null primary key, name text not null, owner uuid, public boolean default false, created_at timestamptz default now());
create table storage.objects (
  id uuid not null default extensions.uuid_generate_v4() primary key, bucket_id text references storage.buckets, name text, owner uuid,
  metadata jsonb, path_tokens text[] generated always as (string_to_array(name, '/')) stored, created_at timestamptz default now()
);
create unique index bucketid_objname on storage.objects (bucket_id, name);
create index name_prefix_search on storage.objects (name text_pattern_ops);
alter table storage.objects enable row level security;
create function storage.foldername(name text) returns text[] language plpgsql as $$
declare parts text[]; begin select string_to_array(name, '/') into parts; return parts[1:array_length(parts, 1) - 1]; end $$;
create policy "avatars are public" on storage.objects for select using (bucket_id = 'avatars');
create policy "own folder" on storage.objects for insert to authenticated
  with check (bucket_id = 'files' and (storage.foldername(name))[1] = auth.uid()::text);

create table public.profiles (
  id uuid not null primary key references auth.users on delete cascade, username text unique, website text, token text default encode(extensions.gen_random_bytes(16), 'hex'),
  constraint username_length check (char_length(username) >= 3)
);
alter table public.profiles enable row level security, force row level security;
create policy "profiles are seen by everyone" on public.profiles for select using (true);
create policy "own profile" on public.profiles for update to authenticated using ((select auth.uid()) = id) with check (auth.uid() = id);
create function public.handle_new_user() returns trigger language plpgsql security definer set search_path = '' as $$
begin insert into public.profiles (id, username) values (new.id, new.raw_user_meta_data ->> 'username'); return new; end $$;
create trigger on_auth_user_created after insert on auth.users for each row execute function public.handle_new_user();
create table public.messages (id bigint generated by default as identity primary key, author uuid not null references public.profiles, body text, sent_at timestamptz default now());
alter table public.messages enable row level security;
create policy "own messages" on public.messages for all using (auth.uid() = author and (auth.jwt() ->> 'aal') = 'aal2');
create view public.recent with (security_invoker = true) as select * from public.messages where sent_at > now() - interval '1 day';
create function private.is_admin() returns boolean language sql security definer set search_path = '' as
  $$ select exists (select from auth.users where id = auth.uid() and is_super_admin) $$;
revoke all on function private.is_admin() from public;
grant select on public.recent to anon;

create publication supabase_realtime;
alter publication supabase_realtime add table public.messages;
create function extensions.pgrst_ddl_watch() returns event_trigger language plpgsql as $$ begin notify pgrst, 'reload schema'; end $$;
create event trigger pgrst_ddl_watch on ddl_command_end execute function extensions.pgrst_ddl_watch();
