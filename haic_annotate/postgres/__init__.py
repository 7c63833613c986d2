"""Django's backend for Postgres, which does not wait for ever for a server that hangs."""
