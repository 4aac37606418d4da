"""Publishers: the contract, the registry of networks by `type`, and one package for each network."""
