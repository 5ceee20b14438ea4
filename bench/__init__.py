"""Figures of Monikanava beside a peer or a bare baseline, measured in turns in one run."""
