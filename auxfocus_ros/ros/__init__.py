"""How ROS spells things, and nowhere else: messages into arrays and back, pairing by stamp, QoS by name, parameters declared
once, the base of the nodes, and the DDS profile. Nodes are built from it; the rooms to its left know nothing of ROS.
"""
