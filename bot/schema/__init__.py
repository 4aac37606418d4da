"""JSON Schema (2020-12) of settings and front matter, made of what reads them: for editors."""
