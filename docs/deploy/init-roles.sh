#!/bin/sh
# Runs once, when the database is made: the owner migrates, the runtime's role owns nothing and cannot rewrite the log.
set -eu
psql --no-psqlrc --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres \
  --set owner="$ESA_OWNER_PASSWORD" --set runtime="$ESA_RUNTIME_PASSWORD" <<'SQL'
create role esa_owner login password :'owner';
create role esa_runtime login password :'runtime';
create database esa owner esa_owner;
revoke all on database esa from public;
grant connect on database esa to esa_runtime;
SQL
