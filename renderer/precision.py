"""Which number format a CPU should compute in, by its instruction set (never by timing: results must repeat)."""

import torch


def cpu_prefers_bfloat16() -> bool:
    """True where the CPU multiplies bfloat16 natively (AVX512-BF16 or AMX); others are several times slower in it."""
    checks = (getattr(torch.cpu, name, None) for name in ("_is_avx512_bf16_supported", "_is_amx_tile_supported"))
    return any(check() for check in checks if check is not None)
