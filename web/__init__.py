"""Shows the archive: pages, permanent links, APIs, and the command line that puts the three packages together.

It holds no SQL, asks GitHub for nothing and knows no index engine by name.
"""
