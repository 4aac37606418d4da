"""Other people's servers besides the accounts': the site, hubs, picture hosts, alert channels."""
