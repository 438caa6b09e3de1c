"""Runs lessons without a person: side by side, each in processes and a folder of its own.

`pool.Pool` is the one runner: `dialtone run` and `dialtone class run` both use it, and so does each
worker of a Dask cluster (dask_pool.py).
"""
