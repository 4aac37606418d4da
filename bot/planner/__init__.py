"""The pure decision: posts + ledger + now → Plan. One file for each question."""
