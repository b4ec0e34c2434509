"""Experiments of Lansdell, Prakash and Kording 2020."""
