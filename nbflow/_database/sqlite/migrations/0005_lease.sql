-- An owner that is not heard of any more loses its thread.
ALTER TABLE thread ADD COLUMN lease_until REAL;
