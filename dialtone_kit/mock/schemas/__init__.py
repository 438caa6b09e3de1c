"""The models that parse requests and describe them."""
