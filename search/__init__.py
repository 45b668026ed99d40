"""Finds archived threads: documents, the query language, the index engines and their synchronisation with the store.

It fetches nothing and shows nothing; it imports `archiver`, and `web` imports it.
"""
