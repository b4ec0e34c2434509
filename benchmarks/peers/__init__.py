"""One file a tool, each run in that tool's own environment: `python -m benchmarks.peers.NAME`, see server.py."""
