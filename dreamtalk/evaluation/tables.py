"""Rows of measures as text for people, JSON lines and CSV for programs."""

import csv
import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dreamtalk.evaluation.motion_report import MotionRow
from rig.safe_file import written_beside

if TYPE_CHECKING:
    from dreamtalk.evaluation.emotion_report import EmotionReport
    from dreamtalk.evaluation.style_report import StyleReport


@dataclass(frozen=True)
class Column:
    """One column of a table: which value, its heading, and how many decimals."""

    field: str
    heading: str
    decimals: int = 2


MOTION_TABLES: dict[str, tuple[Column, ...]] = {
    "Lips against the truth": (
        Column("jaw_r", "jaw r"), Column("jaw_lag_ms", "lag ms", 0), Column("aperture_r", "aperture r"),
        Column("aperture_lag_ms", "lag ms", 0), Column("width_r", "width r"), Column("lip_vertex_error_mm", "LVE"),
        Column("lip_vertex_error_gain_mm", "LVE g"), Column("lip_vertex_error_dyn_mm", "LVE dyn"),
        Column("gain", "gain"), Column("amplitude", "amplitude"),
    ),
    "Closures, liveliness of the mouth, silence": (
        Column("bilabials_closed", "p b m closed"), Column("vowels_falsely_closed", "vowels shut"),
        Column("closures_met", "like"), Column("jitter", "jitter"), Column("jitter_per_frame", "per frame", 4),
        Column("silence_mm", "silence mm"),
    ),
    "Upper face, blinks, head": (
        Column("upper_face_deviation", "FDD", 3), Column("blinks_per_minute", "blinks/min", 1),
        Column("blink_length_s", "length s"), Column("head_pitch_deg", "pitch std"), Column("head_yaw_deg", "yaw std"),
        Column("head_roll_deg", "roll std"), Column("head_slow", ".3-1 Hz"), Column("head_1_2_hz", "1-2 Hz"),
        Column("head_2_4_hz", "2-4 Hz"), Column("head_4_8_hz", "4-8 Hz"),
    ),
}  # fmt: skip
"""The motion measures as they are shown; a column that no system has is left out."""

EMOTION_TABLE = (
    Column("aperture_r", "aperture r"), Column("amplitude", "amplitude"), Column("closures_kept", "closures kept"),
    Column("bilabials_closed", "p b m closed"), Column("vowels_falsely_closed", "vowels shut"),
    Column("upper_face_shift", "upper face", 3), Column("mouth_shift_mm", "mouth mm", 1),
    Column("blinks_per_minute", "blinks/min", 1), Column("blink_length_s", "length s"),
    Column("head_pitch_deg", "pitch std"), Column("head_yaw_deg", "yaw std"), Column("head_roll_deg", "roll std"),
)  # fmt: skip

STYLE_TABLE = (
    Column("clip_mean", "clip mean", 3), Column("own_mean", "own", 3), Column("clip_std", "clip std", 3),
    Column("own_std", "own", 3), Column("clip_range", "clip range", 3), Column("own_range", "own", 3),
    Column("shape_r", "shapes r"),
)  # fmt: skip


def motion_record(row: MotionRow) -> dict[str, Any]:
    """A row as plain names and numbers, None where there was nothing to measure."""
    return {"corpus": row.group, "system": row.system, **row.score.rounded()}


def motion_text(rows: Sequence[MotionRow]) -> str:
    """The tables of one corpus, one line per system."""
    clips = rows[0].score.clips
    records = [asdict(row.score) for row in rows]
    parts = [f"{rows[0].group}, {clips} clip{'s' if clips > 1 else ''}"]
    for title, columns in MOTION_TABLES.items():
        table = text_table(title, columns, [(row.system, found) for row, found in zip(rows, records, strict=True)])
        parts += [table] if table else []
    return "\n\n".join(parts)


def motion_markdown(rows: Sequence[MotionRow]) -> str:
    """The same tables for a document."""
    records = [(row.system, asdict(row.score)) for row in rows]
    parts = [f"**{rows[0].group}**, {rows[0].score.clips} clips"]
    for title, columns in MOTION_TABLES.items():
        head, *lines = cells_of(columns, records)
        if len(head) > 1:
            table = [[title, *head[1:]], ["---"] * len(head), *lines]
            parts.append("\n".join(f"| {' | '.join(line)} |" for line in table))
    return "\n\n".join(parts)


def emotion_text(report: "EmotionReport") -> str:
    """The table of emotions and intensities, and how well they are recognised."""
    rows = [(f"{row.emotion} {row.intensity:g}", asdict(row)) for row in report.rows]
    parts = [text_table("Emotions against the neutral face", EMOTION_TABLE, rows)]
    parts.append(f"Steps in intensity that move the upper face further from neutral: {report.monotone:.0%}")
    for name, found in report.matrices.items():
        columns = [Column(label, label, 0) for label in found.labels]
        counts = [dict(zip(found.labels, row.tolist(), strict=True)) for row in found.counts]
        title = f"Recognised by {name}: {found.accuracy:.0%} (chance {1 / len(found.labels):.0%}); rows are the truth"
        parts.append(text_table(title, columns, list(zip(found.labels, counts, strict=True))))
    return "\n\n".join(parts)


def emotion_records(report: "EmotionReport") -> list[dict[str, Any]]:
    """The rows of the table, then one record for each of the other figures."""
    records = [{"measure": "emotion", **asdict(row)} for row in report.rows]
    records.append({"measure": "monotone in intensity", "share": report.monotone})
    for name, found in report.matrices.items():
        records.append({
            "measure": "recognition", "by": name, "accuracy": found.accuracy, "confusion": found.as_dict(),
        })  # fmt: skip
    return records


def style_text(report: "StyleReport") -> str:
    """The table of regions, and blinks, head and mouth in words."""
    table = text_table(f"{report.style}: regions", STYLE_TABLE, [(row.region, asdict(row)) for row in report.regions])
    return (
        f"{table}\nblinks a minute: clip {report.clip_blinks_per_minute:.1f}, own {report.own_blinks_per_minute:.1f}; "
        f"head std: clip {report.clip_head_deg:.2f}, own {report.own_head_deg:.2f} degrees\n"
        f"aperture r with the clip's own mouth {report.mouth_r:.2f} (by chance {report.chance_r:.2f}), with the same "
        f"speech in a neutral manner {report.neutral_r:.2f}"
    )


def style_records(report: "StyleReport") -> list[dict[str, Any]]:
    """One record a region, then one for the whole."""
    whole = {name: value for name, value in asdict(report).items() if name != "regions"}
    return [{"style": report.style, **asdict(row)} for row in report.regions] + [whole]


def text_table(title: str, columns: Iterable[Column], rows: Sequence[tuple[str, dict[str, Any]]]) -> str:
    """Aligned columns under their headings; empty columns and a table without any are left out."""
    cells = cells_of(columns, rows)
    if len(cells[0]) == 1:
        return ""
    widths = [max(len(line[place]) for line in cells) for place in range(len(cells[0]))]
    return "\n".join([title, *(_aligned(line, widths) for line in cells)])


def cells_of(columns: Iterable[Column], rows: Sequence[tuple[str, dict[str, Any]]]) -> list[list[str]]:
    """Headings, then one line per row, its name first; columns without a number are left out."""
    shown = [each for each in columns if any(_is_number(found.get(each.field)) for _, found in rows)]
    cells = [[name, *(_formatted(found.get(each.field), each.decimals) for each in shown)] for name, found in rows]
    return [["", *(each.heading for each in shown)], *cells]


def _aligned(line: Sequence[str], widths: Sequence[int]) -> str:
    """The first cell to the left, the others to the right."""
    others = (cell.rjust(width) for cell, width in zip(line[1:], widths[1:], strict=True))
    return "  ".join([line[0].ljust(widths[0]), *others])


def json_line(record: dict[str, Any]) -> str:
    """One record as a line of JSON."""
    return json.dumps({name: plain(value) for name, value in record.items()}, ensure_ascii=False)


def write_csv(path: Path, records: Sequence[dict[str, Any]]) -> None:
    """Records with the same names as a CSV file with a heading; the file appears whole or not at all."""
    with written_beside(path) as beside, beside.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(records[0]))
        writer.writeheader()
        writer.writerows({name: plain(value) for name, value in record.items()} for record in records)


def write_json_lines(path: Path, records: Sequence[dict[str, Any]]) -> None:
    """Records as a file of JSON lines, whole or not at all."""
    with written_beside(path) as beside:
        beside.write_text("".join(f"{json_line(record)}\n" for record in records), encoding="utf-8")


def plain(value: Any) -> Any:
    """Numbers to four decimals, None for NaN, everything else as it is."""
    if isinstance(value, float):
        return round(value, 4) if math.isfinite(value) else None
    return value


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and math.isfinite(value)


def _formatted(value: Any, decimals: int) -> str:
    return f"{value:.{decimals}f}" if _is_number(value) else "-"
