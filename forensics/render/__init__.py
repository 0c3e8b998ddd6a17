"""What a reader sees: figures, sentences, the report."""
