"""How fast a push is, beside the tools that people use for it.

Run it as ``python -m benchmarks.push``; ``--help`` lists the cases and options. Ours is measured
end to end: the real ``pigeon_push --forever`` runs in processes of its own and finds rows in the
database; the clock runs from its look at them until the last result is recorded, logging in
included. The peers move the same files, which lie ready, to the same server; their clock runs from
start to end of the command. All publish by a temporary name and a rename where they can, and take
turns within one run. Both sides' files are in memory if ``/dev/shm`` is there.
"""
