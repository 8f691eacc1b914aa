"""A real Spark cluster on loopback: one master and two workers, each a process of its own."""

from __future__ import annotations

import os
import queue
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PATIENCE_SECONDS = 120

# Tiny data and short lives: what Spark compiles and adapts for big data would cost far more than it saves.
QUICK_JAVA = "-XX:+UseSerialGC -XX:TieredStopAtLevel=1"
SMALL = {
    "spark.driver.memory": "1g",
    "spark.driver.extraJavaOptions": QUICK_JAVA,
    "spark.executor.memory": "600m",
    "spark.executor.cores": "1",
    "spark.executor.extraJavaOptions": QUICK_JAVA,
    "spark.sql.shuffle.partitions": "2",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
}


class _Process:
    """A daemon of Spark whose log is read line by line, so that waiting for a word needs no polling."""

    def __init__(self, arguments: list[str], home: Path, environment: dict[str, str]) -> None:
        self._lines: queue.Queue[str] = queue.Queue()
        self._seen: list[str] = []
        self._process = subprocess.Popen(
            arguments, cwd=home, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        for line in self._process.stdout:
            self._lines.put(line)
        self._lines.put("")

    def wait_for(self, word: str) -> str:
        """Return the next line with a word; a daemon that ends or stays silent is an error with its log."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                line = self._lines.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                line = ""
            if not line:
                raise RuntimeError(f"No “{word}” from Spark:\n" + "".join(self._seen[-40:]))
            self._seen.append(line)
            if word in line:
                return line

    def stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


@contextmanager
def cluster(home: Path, *, workers: int = 2) -> Iterator[str]:
    """Yield the address of a master with its workers registered; all have ended on leaving."""
    import pyspark

    spark_home = Path(pyspark.__file__).parent
    quiet = home / "log4j2.properties"
    quiet.write_text(
        "rootLogger.level = info\nrootLogger.appenderRef.out.ref = out\nappender.out.type = Console\n"
        "appender.out.name = out\nappender.out.layout.type = PatternLayout\nappender.out.layout.pattern = %m%n\n"
    )
    options = [QUICK_JAVA, "-Dspark.master.rest.enabled=false", f"-Dlog4j2.configurationFile={quiet}"]
    environment = {
        **os.environ,
        "SPARK_HOME": str(spark_home),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_DAEMON_MEMORY": "256m",
        "SPARK_DAEMON_JAVA_OPTS": " ".join(options),
    }

    def start(role: str, *arguments: str) -> _Process:
        command = [f"{spark_home}/bin/spark-class", f"org.apache.spark.deploy.{role}"]
        binding = ["--host", "127.0.0.1", "--port", "0", "--webui-port", "0"]
        return _Process([*command, *binding, *arguments], home, environment)

    started = [start("master.Master")]
    try:
        address = started[0].wait_for("Starting Spark master at ").split(" at ")[1].strip()
        for number in range(workers):
            folder = home / f"worker-{number}"
            worker = start("worker.Worker", "--cores", "1", "--memory", "1g", "--work-dir", str(folder), address)
            started.append(worker)
        for worker in started[1:]:
            worker.wait_for("Successfully registered with master")
        yield address
    finally:
        for process in reversed(started):
            process.stop()
