"""The edge of the system: HTTP, GraphQL and the command line."""
