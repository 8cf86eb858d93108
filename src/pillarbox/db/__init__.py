"""The database: drivers and numbered migrations. Blocking; the one room that meets a driver."""
