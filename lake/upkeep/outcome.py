"""What a run of upkeep did, and what it left for the next one."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field


@dataclass
class Maintained:
    """Counts of one run; `left` names the steps that did not fit into its budget."""

    seen: int = 0  # old versions of silver looked at
    left_out: int = 0  # of these, no longer there
    raw_removed: int = 0  # changes that bronze let go, each in its table's digest
    merged_bytes: int = 0  # of small files that were put together
    settled_bytes: int = 0  # of old files that were rewritten without what nobody needs
    files_removed: int = 0
    log_removed: int = 0  # entries of Delta logs
    reports_removed: int = 0  # quality reports and refused rows past their days
    warehouse_removed: int = 0  # tombstones
    too_large: int = 0  # tables whose old part has outgrown a bounded run: `left` names `lake compact` with them
    left: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def summary(self) -> dict[str, int | float | str]:
        """For the command's one line of JSON."""
        counts = asdict(self)
        left = counts.pop("left")
        seconds = round(counts.pop("seconds"), 3)
        return {
            "in": counts.pop("seen"), "out": self.seen - self.left_out, "refused": 0, "seconds": seconds,
            **counts, "left": len(left), "next": left[0] if left else "",
        }  # fmt: skip
