"""Incidents that did not happen, in the formats of those that do, each with its sealed truth.

People, hosts, a scheduler and a git server act in simulated time; what they do is written as the real
programs write it. One seed makes one incident, byte for byte. Nothing here reads evidence or concludes
anything: `plan` says what is to happen, `incident` makes it happen, `judging` and `measures` compare
the answers of the analysis with the truth.
"""
