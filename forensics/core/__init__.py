"""What every stage may know: the model, the schemas, the clock, words, ids and errors."""
