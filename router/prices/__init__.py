"""The price catalogue: data with sources and validity dates, and its reader."""
