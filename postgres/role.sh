#!/bin/sh
# Runs once, when the database is made. The product's role is no superuser: row level security
# would not bind one.
set -eu
psql --set ON_ERROR_STOP=1 --set password="$AGENTLOCATOR_PASSWORD" <<'SQL'
create role agentlocator login createrole password :'password';
create database agentlocator owner agentlocator;
SQL
