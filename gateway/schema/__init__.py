"""The types of the GraphQL schema, by noun."""
