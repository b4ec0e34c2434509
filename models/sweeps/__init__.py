"""Many runs, over seeds and variants: the jobs, the workers that do them, the tables of their results."""
