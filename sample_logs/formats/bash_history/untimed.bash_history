ls -la ~

scancel 11
  indented
# a comment
