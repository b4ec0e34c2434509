"""What a run needs beside the program: the data of this run, closed loops, and measurements that change nothing."""
