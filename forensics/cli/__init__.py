"""The command line: words in, one pipeline call, words out."""
