"""Mutants: the kit with one check taken out. A test that holds a row must notice."""
