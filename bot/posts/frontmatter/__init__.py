"""Front matter → typed values: YAML and TOML (source), the known keys, and one reader for each subject."""
