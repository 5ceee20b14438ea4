"""What Dataverse tells by its webhooks, and how its values are written."""
