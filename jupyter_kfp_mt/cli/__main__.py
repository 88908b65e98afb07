"""`python -m jupyter_kfp_mt.cli`: the command line where `jupyter-kfp` is not on the path."""

from __future__ import annotations

import sys

from . import main

sys.exit(main())
