"""How the service comes to Azure: Bicep, what checks it offline, what it costs, and what is deployed."""
