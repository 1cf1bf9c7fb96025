"""One file a node, thin: parameters in, messages converted, an algorithm called, messages out. No arithmetic lives here."""

import os

# Products of matrices are small here: a second thread of the BLAS waits for them spinning, on the core that others need. It is
# read when NumPy is imported; whoever sets it otherwise is right.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
