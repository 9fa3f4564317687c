-- The roles of a new installation, run once in its database by a superuser, before migrating:
--   APP_PASSWORD=… psql --dbname=homeward --file=deploy/roles.sql
-- Web and worker sign in as homeward_app, which owns nothing and may do nothing until it becomes
-- homeward_web or homeward_worker (DATABASE_ROLE); row-level security binds both.
\getenv password APP_PASSWORD
\set ON_ERROR_STOP on
CREATE ROLE homeward_web NOLOGIN NOINHERIT;
CREATE ROLE homeward_worker NOLOGIN NOINHERIT;
CREATE ROLE homeward_app LOGIN NOINHERIT PASSWORD :'password';
GRANT homeward_web, homeward_worker TO homeward_app;
-- `manage.py rotatekeys` works as the worker, who alone may seal anew what was handed in.
SELECT pg_get_userbyid(datdba) AS owner FROM pg_database WHERE datname = current_database() \gset
GRANT homeward_worker TO :"owner";
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
-- A failed statement, its parameters and the row it met hold names and addresses: the server's log
-- names the rule that was broken, and no more.
SELECT current_database() AS here \gset
ALTER DATABASE :"here" SET log_min_error_statement = panic;
ALTER DATABASE :"here" SET log_error_verbosity = terse;
ALTER DATABASE :"here" SET log_parameter_max_length = 0;
ALTER DATABASE :"here" SET log_parameter_max_length_on_error = 0;
