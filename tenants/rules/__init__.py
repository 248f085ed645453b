"""The rules of the product, by their letters."""
