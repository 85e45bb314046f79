"""Sail, and Apache Spark where it is installed, as sessions that know stores."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pyspark

# The client alone, which is enough for Sail, has none. `npm run test:spark` needs it.
HAS_SPARK = (Path(pyspark.__file__).parent / "jars").is_dir()
assert HAS_SPARK or "STOA_SPARK" not in os.environ, "Apache Spark is not installed"


def sail() -> Any:
    from pysail.spark import SparkConnectServer
    from pyspark.sql.connect.session import SparkSession

    server = SparkConnectServer()
    server.start()
    _, port = server.listening_address
    return server, SparkSession.builder.remote(f"sc://localhost:{port}").create()


def spark() -> Any:
    # Workers import the package as it is here.
    os.environ["PYSPARK_PYTHON"] = sys.executable
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    from pyspark.sql.session import SparkSession

    builder = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")
    builder = builder.config("spark.sql.python.filterPushdown.enabled", "true")
    return None, builder.config("spark.sql.shuffle.partitions", "2").getOrCreate()
