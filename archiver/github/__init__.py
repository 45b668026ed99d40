"""GitHub's API: `client` asks, `limits` decides what an answer means for the next request, `parse` reads its objects.

It stores nothing and judges nothing.
"""
