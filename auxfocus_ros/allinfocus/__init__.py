"""All in focus: which frames to capture so that everything is sharp in one of them, and one picture or film made of them."""
