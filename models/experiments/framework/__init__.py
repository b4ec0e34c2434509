"""What all experiments share: settings, checks, saved runs, training of methods, figures."""
