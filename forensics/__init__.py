"""Forensics for insider incidents on shared machine-learning and HPC clusters."""

__version__ = "0.1.0"
