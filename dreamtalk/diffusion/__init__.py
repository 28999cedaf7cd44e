"""EmoDiff: conditions, denoiser, noise schedule, sampler, guidance, windows."""
