"""nbflow's tests. Packages, so that helpers are imported by one name from everywhere."""
