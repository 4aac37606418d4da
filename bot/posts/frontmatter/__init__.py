"""Front matter → typed values: YAML, TOML, and the keys that mean something."""
