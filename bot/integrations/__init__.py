"""Requests to servers other than the accounts': the site, WebSub hubs, picture hosts, alert channels."""
