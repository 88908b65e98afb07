"""`python -m jupyter_kfp_mt.cli`: the command line, without `jupyter-kfp` on the path."""

from __future__ import annotations

import sys

from . import main

sys.exit(main())
