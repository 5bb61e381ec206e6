-- Takes parcel_orders away for good, with its roles.

ALTER DATABASE parcel_orders ALLOW_CONNECTIONS false;
DROP DATABASE parcel_orders;
DROP ROLE parcel_orders_read;
DROP ROLE parcel_orders_app;
DROP ROLE parcel_orders_owner;
