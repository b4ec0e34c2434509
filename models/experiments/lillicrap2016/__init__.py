"""Experiments of Lillicrap, Cownden, Tweed and Akerman 2016."""
