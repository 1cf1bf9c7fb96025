"""Recordings in, answers out: what a recording's focus did, frame by frame, and what autofocus would have done.

A recording is cut into parts of a fixed length, each analysed for itself, on this machine's cores or on a cluster, and kept on
disk as soon as it is done; then the parts are joined to one table, and the table is summed up, drawn and compared. What is done
with a frame is what the live graph does with it.
"""
