"""The packages of modules that tasks often lack. Only these are named in an advice that people may copy.

A module of one's own may have the name of a package that somebody else has put on an index, so no other name
is taken from a module.
"""

from __future__ import annotations

_OTHER_NAMES = {
    "attr": "attrs",
    "bs4": "beautifulsoup4",
    "Crypto": "pycryptodome",
    "cv2": "opencv-python-headless",
    "dateutil": "python-dateutil",
    "docx": "python-docx",
    "dotenv": "python-dotenv",
    "fitz": "PyMuPDF",
    "git": "GitPython",
    "jwt": "PyJWT",
    "MySQLdb": "mysqlclient",
    "OpenSSL": "pyOpenSSL",
    "PIL": "pillow",
    "pptx": "python-pptx",
    "psycopg2": "psycopg2-binary",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "yaml": "PyYAML",
}
_SAME_NAMES = frozenset(
    [
        "aiohttp",
        "boto3",
        "catboost",
        "dask",
        "datasets",
        "fastparquet",
        "fsspec",
        "gcsfs",
        "gensim",
        "h5py",
        "httpx",
        "jax",
        "joblib",
        "keras",
        "kubernetes",
        "lightgbm",
        "lxml",
        "matplotlib",
        "minio",
        "mlflow",
        "networkx",
        "nltk",
        "numba",
        "numpy",
        "onnx",
        "onnxruntime",
        "openpyxl",
        "optuna",
        "pandas",
        "plotly",
        "polars",
        "psutil",
        "pyarrow",
        "pydantic",
        "pymongo",
        "pyspark",
        "ray",
        "redis",
        "requests",
        "rich",
        "s3fs",
        "scipy",
        "seaborn",
        "shap",
        "spacy",
        "sqlalchemy",
        "statsmodels",
        "sympy",
        "tensorflow",
        "torch",
        "torchaudio",
        "torchvision",
        "tqdm",
        "transformers",
        "wandb",
        "xgboost",
    ]
)
_FAMILIES = ("google.cloud.", "azure.")  # whose packages are named like their modules


def find_package(module: str) -> str:
    """Return the package that has `module`; empty if only its owner can know."""
    top = module.partition(".")[0]
    if top in _OTHER_NAMES:
        return _OTHER_NAMES[top]
    if module.startswith(_FAMILIES):
        return module.replace(".", "-").replace("_", "-")
    return top if top in _SAME_NAMES else ""
