"""One file a node, thin: parameters in, messages converted, an algorithm called, messages out. No arithmetic lives here."""
