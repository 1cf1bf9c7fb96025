"""Stand-ins for the few calls of cv_bridge, message_filters and sensor_msgs_py that we use, with the same names and errors.

Only `auxfocus_ros.ros.upstream` imports from here. Where upstream has a trap (a lock that stays held after an exception, padded
rows that are read wrong, big-endian data changed in the message) the stand-in has none, and our code does not step into
upstream's either.
"""
