#!/bin/sh
# Run by the postgres image when its data directory is new: a database and a role for each owner, which can connect to
# no other. <OWNER>_DB_PASSWORD is the role's password.
set -eu

for owner in platform users data analytics notifications lambdas bus; do
  variable="$(echo "$owner" | tr '[:lower:]' '[:upper:]')_DB_PASSWORD"
  password="$(printenv "$variable")" || { echo "$variable is not set" >&2; exit 1; }
  psql --quiet --no-psqlrc --username "$POSTGRES_USER" --dbname postgres \
    -v ON_ERROR_STOP=1 -v owner="$owner" -v password="$password" <<'SQL'
CREATE ROLE :"owner" LOGIN PASSWORD :'password';
CREATE DATABASE :"owner" OWNER :"owner";
REVOKE CONNECT ON DATABASE :"owner" FROM PUBLIC;
SQL
done
