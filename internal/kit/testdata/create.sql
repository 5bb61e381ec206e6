-- parcel_orders in staging, owned by the team shipping.
-- Run it as an administrator, connected to the database postgres.

CREATE ROLE parcel_orders_owner NOLOGIN;
CREATE ROLE parcel_orders_app LOGIN CONNECTION LIMIT 100;
CREATE ROLE parcel_orders_read NOLOGIN;

CREATE DATABASE parcel_orders OWNER parcel_orders_owner ENCODING 'UTF8' TEMPLATE template0;
COMMENT ON DATABASE parcel_orders IS 'owner: shipping; environment: staging';

REVOKE ALL ON DATABASE parcel_orders FROM PUBLIC;
GRANT CONNECT, TEMPORARY ON DATABASE parcel_orders TO parcel_orders_app;
GRANT CONNECT ON DATABASE parcel_orders TO parcel_orders_read;

ALTER ROLE parcel_orders_app IN DATABASE parcel_orders SET statement_timeout = '60s';
ALTER ROLE parcel_orders_app IN DATABASE parcel_orders SET idle_in_transaction_session_timeout = '5min';
ALTER ROLE parcel_orders_app IN DATABASE parcel_orders SET lock_timeout = '10s';

\connect parcel_orders

REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE, CREATE ON SCHEMA public TO parcel_orders_app;
GRANT USAGE ON SCHEMA public TO parcel_orders_read;
ALTER DEFAULT PRIVILEGES FOR ROLE parcel_orders_app IN SCHEMA public GRANT SELECT ON TABLES TO parcel_orders_read;
