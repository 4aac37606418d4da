"""Front matter → typed values: YAML and TOML (source), the keys that mean something, and a reader for each subject."""
