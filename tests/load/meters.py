"""What the machine and the broker say about a run."""

import os
import re
import time
import urllib.error
import urllib.request

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

TICKS = os.sysconf("SC_CLK_TCK")
SAMPLE = re.compile(r"^(\w+)(?:\{([^}]*)\})? (\S+)")
LEDGER = ("locum_ledger_records_total", "locum_ledger_commits_total", "locum_ledger_fsync_seconds_bucket")


def cpu_seconds(pid: int) -> float:
    """User and system time of the whole process so far."""
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def rss_mb(pid: int) -> float:
    with open(f"/proc/{pid}/status") as status:
        for line in status:
            if line.startswith("VmRSS:"):
                return round(int(line.split()[1]) / 1024, 1)
    return 0.0


def ledger_metrics(operations: str) -> dict[str, float]:
    """The ledger's counters; empty when the broker publishes none."""
    try:
        with urllib.request.urlopen(operations + "/metrics", timeout=5) as answer:
            text = answer.read().decode()
    except (urllib.error.URLError, OSError):
        return {}
    values: dict[str, float] = {}
    for line in text.splitlines():
        sample = SAMPLE.match(line)
        if sample and sample[1] in LEDGER:
            bound = re.search(r'le="([^"]+)"', sample[2] or "")
            name = f"{sample[1]}:{bound[1]}" if bound else sample[1]
            values[name] = values.get(name, 0.0) + float(sample[3])
    return values


def ledger_summary(before: dict, after: dict) -> dict:
    """Records per commit and the 99th percentile of fdatasync between two readings."""
    grown = {name: value - before.get(name, 0.0) for name, value in after.items()}
    commits = grown.get("locum_ledger_commits_total", 0)
    records = grown.get("locum_ledger_records_total", 0)
    return {
        "records_per_fsync": round(records / commits, 1) if commits else None,
        "fdatasync_p99_ms": histogram_quantile(grown, 0.99),
    }


def histogram_quantile(grown: dict, share: float) -> float | None:
    """Linear inside the bucket that holds the quantile, in milliseconds."""
    buckets = sorted((float(name.rpartition(":")[2].replace("+Inf", "inf")), count)
                     for name, count in grown.items() if "_bucket:" in name)
    if not buckets or buckets[-1][1] == 0:
        return None
    wanted, low, below = buckets[-1][1] * share, 0.0, 0.0
    for bound, count in buckets:
        if count >= wanted:
            if bound == float("inf"):
                return round(low * 1000, 3)
            return round((low + (bound - low) * (wanted - below) / max(count - below, 1)) * 1000, 3)
        low, below = bound, count
    return None


def crypto_floor() -> dict[str, float]:
    """What one ES256 signature and check cost on this machine now, in microseconds:
    the best of five rounds, through the OpenSSL that Python's `cryptography` carries."""
    key = ec.generate_private_key(ec.SECP256R1())
    message, algorithm = b"x" * 600, ec.ECDSA(hashes.SHA256())
    signature, public = key.sign(message, algorithm), key.public_key()
    return {
        "es256_verify_us": _best(lambda: public.verify(signature, message, algorithm)),
        "es256_sign_us": _best(lambda: key.sign(message, algorithm)),
    }


def _best(action, rounds: int = 5, repeats: int = 400) -> float:
    best = float("inf")
    for _ in range(rounds):
        started = time.perf_counter()
        for _ in range(repeats):
            action()
        best = min(best, (time.perf_counter() - started) / repeats)
    return round(best * 1e6, 1)


def percentile_ms(latencies: list[float], share: float) -> float | None:
    if not latencies:
        return None
    ordered = sorted(latencies)
    return round(ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000, 2)
