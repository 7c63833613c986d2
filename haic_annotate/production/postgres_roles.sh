#!/bin/sh
# Runs once, when Postgres makes its data folder: one role that migrates, one that serves and cannot rewrite history.
set -eu
psql -v ON_ERROR_STOP=1 -U "$POSTGRES_USER" -d postgres \
    -v owner_password="$POSTGRES_OWNER_PASSWORD" -v app_password="$POSTGRES_APP_PASSWORD" <<'SQL'
CREATE ROLE haic_owner LOGIN PASSWORD :'owner_password';
CREATE ROLE haic_app LOGIN PASSWORD :'app_password';
CREATE DATABASE haic OWNER haic_owner;
SQL
