"""Measurements that first prove the answers right, then time all engines side by side in one run."""
