"""The case on disk: declared tables in Parquet, and read-only queries over them."""
