"""Ready neurons, transfer functions and output circuits."""
