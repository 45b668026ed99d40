"""GH Archive's hourly files: read here line by line, judged, and kept as what was seen of threads at that hour.

Files are found in `files`, unpacked and cut into lines in `lines`, sifted in `sifting`, their events read in `events`,
judged in `reading`; `importing` keeps what is left. What is kept of it is written in `archiver.store`.
"""
